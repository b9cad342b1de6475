using Proxyless.Runs;
using Xunit;

namespace Proxyless.Tests.Runs;

public sealed class NarrowingImagesTests
{
    /// <summary>Above 224 pixels as many as have the pixels of 400 there.</summary>
    [Theory]
    [InlineData(16, 400)]
    [InlineData(112, 400)]
    [InlineData(224, 400)]
    [InlineData(256, 306)]
    [InlineData(448, 100)]
    [InlineData(512, 76)]
    [InlineData(1024, 64)]
    [InlineData(2048, 64)]
    public void Larger_images_are_fewer(int resolution, int most) =>
        Assert.Equal(most, NarrowingImages.MostAt(resolution));
}
