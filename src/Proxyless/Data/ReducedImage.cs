using Proxyless.Inference;

namespace Proxyless.Data;

/// <summary>Makes the copies of <see cref="ImageCopies"/>.</summary>
internal static class ReducedImage
{
    // docs/decisions/images.md says what it was chosen on.
    private const int Quality = 95;

    /// <summary>Returns an upright copy in color as JPEG, with a given shorter side.</summary>
    /// <param name="image">A larger image.</param>
    /// <param name="shorterSide">In pixels.</param>
    /// <exception cref="UnreadableImageException">The image is cut off or damaged.</exception>
    public static byte[] Encode(EncodedImage image, int shorterSide)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(shorterSide);
        double scale = shorterSide / (double)image.ShorterSide;
        int width = Math.Max(shorterSide, (int)Math.Round(image.Width * scale));
        int height = Math.Max(shorterSide, (int)Math.Round(image.Height * scale));
        DecodedImage decoded = image.Decode(channels: 3, Transforms.Denominator(image.ShorterSide, shorterSide));
        return JpegEncoding.Encode(Scaled(decoded, width, height), width, height, channels: 3, Quality);
    }

    /// <summary>Returns an image in another size, [height, width, channels] in 0 to 255.</summary>
    /// <param name="image">The image.</param>
    /// <param name="width">Pixels in a row of the result.</param>
    /// <param name="height">Rows of the result.</param>
    public static float[] Scaled(DecodedImage image, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(image);
        var values = new float[width * height * image.Channels];
        Resampler.Resample(
            image.Pixels,
            image.Width,
            image.Height,
            image.Channels,
            new Region(0, 0, image.Width, image.Height),
            width,
            height,
            values,
            ImageFilter.Triangle
        );
        return values;
    }
}
