using Proxyless.Quantization;
using Xunit;

namespace Proxyless.Tests.Quantization;

public sealed class QuantizedRangeTests
{
    [Theory]
    [InlineData(0f, 6f)]
    [InlineData(-3.7f, 2.2f)]
    [InlineData(-5f, -1f)]
    [InlineData(2f, 9f)]
    public void Zero_is_exact_and_every_number_between_the_ends_is_near_its_integer(float low, float high)
    {
        var range = QuantizedRange.Of(low, high);
        Assert.Equal(0, Rounded(range, 0));
        for (int i = 0; i <= 1000; i++)
        {
            float value = low + ((high - low) * i / 1000);

            // The ends themselves may be rounded to the next integer beyond.
            bool isInside = value > range.Low && value < range.High;
            Assert.Equal(value, Rounded(range, value), (isInside ? 0.501f : 1) * range.Scale);
        }

        // Not wasteful: the ends are those that were asked for, and zero.
        Assert.Equal(Math.Max(high, 0), range.High, range.Scale);
        Assert.Equal(Math.Min(low, 0), range.Low, range.Scale);
    }

    [Fact]
    public void The_integers_of_relu6_end_at_6()
    {
        var range = QuantizedRange.Of(0, 6);
        Assert.Equal(0, range.ZeroPoint);
        Assert.Equal(6, range.High, 1e-6f);
    }

    [Fact]
    public void A_tensor_that_is_always_zero_has_a_scale() => Assert.True(QuantizedRange.Of(0, 0).Scale > 0);

    private static float Rounded(QuantizedRange range, float value)
    {
        float integer = Math.Clamp(MathF.Round(value / range.Scale) + range.ZeroPoint, 0, 255);
        return (integer - range.ZeroPoint) * range.Scale;
    }
}
