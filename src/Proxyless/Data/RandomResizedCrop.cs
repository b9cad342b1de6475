using Proxyless.Inference;

namespace Proxyless.Data;

/// <summary>Draws the part of an image that training uses.</summary>
internal static class RandomResizedCrop
{
    /// <summary>
    /// A random part with a share of the area and an aspect ratio drawn within their ranges; after ten misses, the
    /// largest part within the range of ratios (the random resized crop of Szegedy et al., Going deeper with
    /// convolutions, section 6, as torchvision does it).
    /// </summary>
    public static Region Draw(
        int width,
        int height,
        double minimumScale,
        double maximumScale,
        double maximumRatio,
        ref SplitMix64 random
    )
    {
        double logRatio = Math.Log(maximumRatio);
        for (int attempt = 0; attempt < 10; attempt++)
        {
            double area = width * (double)height * random.Uniform(minimumScale, maximumScale);
            double ratio = Math.Exp(random.Uniform(-logRatio, logRatio));
            int cropWidth = (int)Math.Round(Math.Sqrt(area * ratio));
            int cropHeight = (int)Math.Round(Math.Sqrt(area / ratio));
            if (cropWidth > 0 && cropWidth <= width && cropHeight > 0 && cropHeight <= height)
            {
                return new Region(
                    random.Below(width - cropWidth + 1),
                    random.Below(height - cropHeight + 1),
                    cropWidth,
                    cropHeight
                );
            }
        }

        double widest = Math.Min(width, height * maximumRatio);
        double highest = Math.Min(height, width * maximumRatio);
        return new Region((width - widest) / 2, (height - highest) / 2, widest, highest);
    }
}
