using Proxyless.Architectures;
using Xunit;

namespace Proxyless.Tests.Architectures;

public sealed class MobileNetV2Tests
{
    [Theory]
    [InlineData(1.0, "mobilenet-v2")]
    [InlineData(1.4, "mobilenet-v2-1.4")]
    public void The_published_widths_come_out(double multiplier, string published)
    {
        Architecture expected = PublishedArchitectures.ByName(published);
        Architecture built = MobileNetV2.Build(multiplier, 224, 3, 1000);
        Assert.Equal(expected.Stem, built.Stem);
        Assert.Equal(expected.Blocks, built.Blocks);
        Assert.Equal(expected.Head, built.Head);
    }

    [Fact]
    public void Small_images_are_halved_three_times_and_large_ones_five()
    {
        Assert.Equal(4, MobileNetV2.Build(0.5, 32, 3, 10).Head.InputResolution);
        Assert.Equal(7, MobileNetV2.Build(0.5, 224, 3, 10).Head.InputResolution);
    }

    [Fact]
    public void Narrow_networks_keep_their_last_convolution_and_lose_no_more_than_a_tenth_to_rounding()
    {
        for (double multiplier = 0.1; multiplier < 2; multiplier += 0.05)
        {
            Architecture network = MobileNetV2.Build(multiplier, 32, 3, 10);
            Assert.True(network.Head.Width >= 1280);
            Assert.All(network.Blocks, block => Assert.Equal(0, block.OutputWidth % 8));
            Assert.True(network.Stem.Width >= 0.9 * 32 * multiplier);
        }
    }
}
