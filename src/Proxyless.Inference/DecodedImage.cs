namespace Proxyless.Inference;

/// <summary>An image in memory, upright, one byte per channel.</summary>
public sealed class DecodedImage
{
    /// <summary>Wraps pixels.</summary>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="channels">1 (gray) or 3 (red, green, blue).</param>
    /// <param name="pixels">[height, width, channels], row by row from the top.</param>
    /// <exception cref="ArgumentException">
    /// The length of <paramref name="pixels"/> is not the product of the others.
    /// </exception>
    public DecodedImage(int width, int height, int channels, byte[] pixels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if (channels is not (1 or 3))
        {
            throw new ArgumentException($"An image has 1 or 3 channels, not {channels}.", nameof(channels));
        }

        if (pixels.LongLength != (long)width * height * channels)
        {
            throw new ArgumentException(
                $"{pixels.LongLength} bytes are no {width}x{height}x{channels} image.",
                nameof(pixels)
            );
        }

        Width = width;
        Height = height;
        Channels = channels;
        Pixels = pixels;
    }

    /// <summary>Pixels in a row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>1 (gray) or 3 (red, green, blue).</summary>
    public int Channels { get; }

    /// <summary>[Height, Width, Channels], row by row from the top.</summary>
    public byte[] Pixels { get; }
}
