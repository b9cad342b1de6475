namespace Proxyless.Data;

/// <summary>A part of an image, in pixels from its upper left corner; fractions count.</summary>
internal readonly record struct Region(double X, double Y, double Width, double Height)
{
    /// <summary>The same part of the image at another size.</summary>
    public Region Scale(double horizontal, double vertical) =>
        new(X * horizontal, Y * vertical, Width * horizontal, Height * vertical);

    /// <summary>The same part, seen from another corner.</summary>
    public Region RelativeTo(int left, int top) => this with { X = X - left, Y = Y - top };

    /// <summary>
    /// A random part with a share of the area and an aspect ratio drawn within their ranges; the whole image as far as the
    /// ratio allows after ten misses (the random resized crop of Szegedy et al., Going deeper with convolutions, section 6, as
    /// torchvision does it).
    /// </summary>
    public static Region RandomResized(
        int width, int height, double minimumScale, double maximumScale, double maximumRatio, ref SplitMix64 random)
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
                return new Region(random.Below(width - cropWidth + 1), random.Below(height - cropHeight + 1), cropWidth, cropHeight);
            }
        }

        double widest = Math.Min(width, height * maximumRatio);
        double highest = Math.Min(height, width * maximumRatio);
        return new Region((width - widest) / 2, (height - highest) / 2, widest, highest);
    }

    /// <summary>The square in the middle whose side is a share of the shorter side.</summary>
    public static Region Centre(int width, int height, double share)
    {
        double side = Math.Min(width, height) * share;
        return new Region((width - side) / 2, (height - side) / 2, side, side);
    }
}
