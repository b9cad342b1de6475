namespace Proxyless.Inference;

/// <summary>Grey to colour and back.</summary>
internal static class ChannelConversion
{
    /// <summary>The image with 1 or 3 channels; itself where it has as many.</summary>
    public static DecodedImage Convert(DecodedImage image, int channels) =>
        image.Channels == channels
            ? image
            : new DecodedImage(image.Width, image.Height, channels, Convert(image.Pixels, image.Channels, channels));

    /// <summary>Grey repeated three times, or the luma of colours.</summary>
    /// <param name="pixels">Interleaved pixels of <paramref name="from"/> channels.</param>
    /// <param name="from">1 or 3.</param>
    /// <param name="to">The other of the two.</param>
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
