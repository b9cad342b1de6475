namespace Proxyless.Inference;

/// <summary>Converts gray to color and back.</summary>
internal static class ChannelConversion
{
    /// <summary>Returns the image with 1 or 3 channels; the image itself if it has that many.</summary>
    public static DecodedImage Convert(DecodedImage image, int channels) =>
        image.Channels == channels
            ? image
            : new DecodedImage(image.Width, image.Height, channels, Convert(image.Pixels, image.Channels, channels));

    /// <summary>Gray repeated three times, or the luma of colors.</summary>
    /// <param name="pixels">Interleaved pixels of <paramref name="from"/> channels.</param>
    /// <param name="from">1 or 3.</param>
    /// <param name="to">The other number.</param>
    public static byte[] Convert(ReadOnlySpan<byte> pixels, int from, int to)
    {
        var converted = new byte[pixels.Length / from * to];
        if (to == 3)
        {
            for (int i = 0; i < pixels.Length; i++)
            {
                converted.AsSpan(i * 3, 3).Fill(pixels[i]);
            }
        }
        else
        {
            for (int i = 0; i < converted.Length; i++)
            {
                converted[i] = Luma.Of(pixels[i * 3], pixels[i * 3 + 1], pixels[i * 3 + 2]);
            }
        }

        return converted;
    }
}
