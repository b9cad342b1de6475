using Proxyless.Inference;

namespace Proxyless.Data;

/// <summary>
/// Erases a rectangle of some training images, so that a network cannot rely on one part of an image. Zhong et al.:
/// Random erasing data augmentation, AAAI 2020 (arXiv 1708.04896); areas and ratios are torchvision's.
/// </summary>
internal static class RandomErasing
{
    private const double SmallestArea = 0.02;
    private const double LargestArea = 0.33;
    private const double WidestRatio = 3.3;

    /// <summary>Erases a rectangle, or nothing.</summary>
    /// <param name="square">[side, side, channels], normalized: erased pixels become 0, the mean of all images.</param>
    /// <param name="side">Pixels in a row.</param>
    /// <param name="channels">1 or 3.</param>
    /// <param name="share">Probability that something is erased, 0 to 1.</param>
    /// <param name="random">
    /// The image's random stream; nothing is drawn from it if <paramref name="share"/> is 0.
    /// </param>
    public static void Apply(Span<float> square, int side, int channels, double share, ref SplitMix64 random)
    {
        if (share == 0 || random.NextDouble() >= share)
        {
            return;
        }

        Region hole = RandomResizedCrop.Draw(side, side, SmallestArea, LargestArea, WidestRatio, ref random);
        for (int row = (int)hole.Y; row < (int)(hole.Y + hole.Height); row++)
        {
            square.Slice((row * side + (int)hole.X) * channels, (int)hole.Width * channels).Clear();
        }
    }
}
