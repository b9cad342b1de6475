using Proxyless.Quantization;
using Xunit;

namespace Proxyless.Tests.Quantization;

public sealed class TensorStatisticsTests
{
    private const int Count = 400_000;

    [Fact]
    public void Means_are_those_of_each_channel_over_all_images()
    {
        var statistics = new TensorStatistics();
        statistics.Bound([2, 3, 2], [1, 3, 10, 20, -1, -3, 5, 7, 30, 40, -5, -7]);
        statistics.Bound([1, 3, 2], [2, 6, 0, 0, 4, 0]);
        Assert.Equal([(4 + 12 + 8) / 6.0, 100 / 6.0, (-16 + 4) / 6.0], statistics.Means);
        Assert.Equal(-7, statistics.Low);
        Assert.Equal(40, statistics.High);
    }

    /// <summary>
    /// The range of the least error, against the error of every number for every range of a finer grid.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_range_of_the_least_squared_error_is_about_as_good_as_the_best_of_all(bool positive)
    {
        float[] values = WithOutliers(positive);
        TensorStatistics statistics = Of(values);
        double ErrorOf(QuantizedRange range) => values.Sum(value => Square(value - Rounded(range, value)));
        double best = Enumerable
            .Range(100, 101)
            .Min(share => ErrorOf(QuantizedRange.Of(values.Min() * share / 200, values.Max() * share / 200)));
        double found = ErrorOf(statistics.RangeBy(RangeMethod.MeanSquaredError));
        double whole = ErrorOf(statistics.RangeBy(RangeMethod.MinMax));
        Assert.InRange(found, 0.999 * best, 1.1 * best);
        Assert.True(found < 0.9 * whole, $"{found} is not much better than {whole}: the outliers are too near");
    }

    [Fact]
    public void A_percentile_leaves_out_the_few_largest()
    {
        float[] values = [.. Enumerable.Range(0, 1_000_000).Select(i => i / 1e6f), 50f];
        QuantizedRange range = Of(values).RangeBy(RangeMethod.Percentile);
        Assert.InRange(range.High, 0.99f, 1.1f);
        Assert.Equal(50, Of(values).RangeBy(RangeMethod.MinMax).High, 1e-3f);
    }

    [Theory]
    [InlineData(RangeMethod.MinMax)]
    [InlineData(RangeMethod.Percentile)]
    [InlineData(RangeMethod.MeanSquaredError)]
    public void A_tensor_of_zeros_has_a_range(RangeMethod method)
    {
        QuantizedRange range = Of(new float[100]).RangeBy(method);
        Assert.True(range.Scale > 0 && float.IsFinite(range.Scale));
    }

    private static TensorStatistics Of(float[] values)
    {
        var statistics = new TensorStatistics();
        statistics.Bound([1, 1, values.Length], values);
        statistics.Count(values);
        return statistics;
    }

    /// <summary>Many numbers within 1, and one beyond at each end.</summary>
    private static float[] WithOutliers(bool positive)
    {
        var random = new Random(5);
        float Number() => positive ? random.NextSingle() : (2 * random.NextSingle()) - 1;
        return [1.3f, positive ? 0 : -1.3f, .. Enumerable.Range(0, Count).Select(_ => Number())];
    }

    private static float Rounded(QuantizedRange range, float value)
    {
        float integer = Math.Clamp(MathF.Round(value / range.Scale) + range.ZeroPoint, 0, 255);
        return (integer - range.ZeroPoint) * range.Scale;
    }

    private static double Square(double value) => value * value;
}
