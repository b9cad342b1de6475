using SkiaSharp;

namespace Proxyless.Data;

/// <summary>Writes pixels as JPEG, with colors at full resolution.</summary>
internal static class JpegEncoding
{
    /// <summary>Most pixels in a row or a column: libjpeg writes no larger images.</summary>
    public const int LargestSide = 65_500;

    /// <summary>Encodes pixels.</summary>
    /// <param name="values">[height, width, channels] in 0 to 255; rounded.</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="channels">1 for gray, 3 for color.</param>
    /// <param name="quality">0 to 100.</param>
    /// <exception cref="InvalidOperationException">A side is larger than <see cref="LargestSide"/>.</exception>
    public static byte[] Encode(ReadOnlySpan<float> values, int width, int height, int channels, int quality)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        Span<byte> pixels = bitmap.GetPixelSpan();
        for (int pixel = 0; pixel < width * height; pixel++)
        {
            ReadOnlySpan<float> color = values.Slice(pixel * channels, channels);
            Span<byte> target = pixels.Slice(4 * pixel, 4);
            target[0] = Rounded(color[0]);
            target[1] = Rounded(color[channels / 2]);
            target[2] = Rounded(color[channels - 1]);
            target[3] = byte.MaxValue;
        }

        using SKPixmap pixmap = bitmap.PeekPixels();
        using SKData? encoded = pixmap.Encode(
            new SKJpegEncoderOptions(quality, SKJpegEncoderDownsample.Downsample444, SKJpegEncoderAlphaOption.Ignore)
        );
        return encoded?.ToArray() ?? throw new InvalidOperationException("Skia could not encode a JPEG.");
    }

    private static byte Rounded(float value) => (byte)Math.Clamp(MathF.Round(value), 0, byte.MaxValue);
}
