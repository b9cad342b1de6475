using Proxyless.Measurement;
using Xunit;

namespace Proxyless.Tests.Measurement;

public sealed class SampleStatisticsTests
{
    [Theory]
    [InlineData(new double[] { 4 }, 4)]
    [InlineData(new double[] { 9, 1 }, 5)]
    [InlineData(new double[] { 7, 1, 3 }, 3)]
    public void The_median_is_the_middle_whatever_the_order(double[] samples, double median) =>
        Assert.Equal(median, SampleStatistics.Median(samples));

    [Fact]
    public void Quantiles_are_interpolated_between_neighbors()
    {
        double[] sorted = [0, 10, 20, 30, 40];
        Assert.Equal(0, SampleStatistics.Quantile(sorted, 0));
        Assert.Equal(8, SampleStatistics.Quantile(sorted, 0.2), 1e-12);
        Assert.Equal(40, SampleStatistics.Quantile(sorted, 1));
    }

    [Theory]
    [InlineData(new double[] { 4 }, 4)]
    [InlineData(new double[] { 9, 1 }, 5)]
    [InlineData(new double[] { 500, 1, 3 }, 3)]
    [InlineData(new double[] { 1, 2, 2, 3, 3, 3, 900, -900 }, 2.5)]
    public void The_interquartile_mean_is_deaf_to_outliers_and_finer_than_rounded_samples(
        double[] samples,
        double mean
    ) => Assert.Equal(mean, SampleStatistics.InterquartileMean(samples), 1e-12);

    [Fact]
    public void No_samples_have_no_interquartile_mean() =>
        Assert.Throws<ArgumentException>(() => SampleStatistics.InterquartileMean([]));

    [Fact]
    public void No_samples_have_no_median() => Assert.Throws<ArgumentException>(() => SampleStatistics.Median([]));

    [Fact]
    public void The_interval_of_the_median_holds_the_true_median_in_19_of_20_cases()
    {
        // Exponential times are as skewed as a busy machine's; their median is ln 2.
        var random = new Random(1);
        int held = 0;
        const int Cases = 2000;
        for (int i = 0; i < Cases; i++)
        {
            double[] sorted = [.. Enumerable.Range(0, 101).Select(_ => -Math.Log(1 - random.NextDouble())).Order()];
            double median = SampleStatistics.Median(sorted);
            double reach = SampleStatistics.MedianUncertainty(sorted) * median;
            held += Math.Abs(median - Math.Log(2)) <= reach ? 1 : 0;
        }

        Assert.InRange(held / (double)Cases, 0.92, 0.99);
    }

    [Fact]
    public void Interrupted_runs_do_not_move_the_quiet_time()
    {
        Timing timing = Timing.Of([10, 10, 10, 10, 35, 40, 38, 41, 50, 60]);
        Assert.Equal(10, timing.QuietMs);
        Assert.Equal(10, timing.MinMs);
        Assert.Equal(10, timing.Runs);
        Assert.True(timing.MedianMs > 30);
    }
}
