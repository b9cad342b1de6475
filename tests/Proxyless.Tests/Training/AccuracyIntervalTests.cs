using Proxyless.Training;
using Xunit;

namespace Proxyless.Tests.Training;

public sealed class AccuracyIntervalTests
{
    [Theory]
    [InlineData(8, 10, 0.490162, 0.943318)]
    [InlineData(0, 20, 0, 0.161125)]
    [InlineData(20, 20, 0.838875, 1)]
    [InlineData(8934, 10000, 0.887200, 0.899298)]
    public void It_is_that_of_Wilson(int right, int images, double low, double high)
    {
        var interval = AccuracyInterval.Wilson((double)right / images, images);
        Assert.Equal(low, interval.Low, 1e-6);
        Assert.Equal(high, interval.High, 1e-6);
    }

    [Fact]
    public void Its_ends_are_where_the_score_test_rejects()
    {
        // The definition: |p - p0| = z * sqrt(p0 * (1 - p0) / n) at both ends.
        var interval = AccuracyInterval.Wilson(0.37, 123);
        foreach (double end in (double[])[interval.Low, interval.High])
        {
            Assert.Equal(1.959963984540054, Math.Abs(0.37 - end) / Math.Sqrt(end * (1 - end) / 123), 1e-9);
        }
    }

    [Fact]
    public void Without_images_nothing_is_known() =>
        Assert.Equal(new AccuracyInterval(0, 1), AccuracyInterval.Wilson(0, 0));

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void A_share_is_from_0_to_1(double share) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => AccuracyInterval.Wilson(share, 10));
}
