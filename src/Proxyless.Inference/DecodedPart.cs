using System.Buffers;

namespace Proxyless.Inference;

/// <summary>
/// The part of an image that a crop needs, or all of it, in its stored orientation and possibly at a fraction of its
/// size, in memory that is released on disposal.
/// </summary>
/// <param name="buffer">The pixels; owned.</param>
internal sealed class DecodedPart(PixelBuffer buffer) : IDisposable
{
    /// <summary>Bytes per pixel: 1 for gray, 4 for red, green, blue and an unused one.</summary>
    public required int BytesPerPixel { get; init; }

    /// <summary>Number of decoded columns.</summary>
    public required int Columns { get; init; }

    /// <summary>Number of decoded rows.</summary>
    public required int Rows { get; init; }

    /// <summary>The crop, in pixels from the upper left decoded pixel.</summary>
    public required Region Region { get; init; }

    /// <summary>How the result must be turned, by <see cref="ExifOrientation"/>.</summary>
    public required int Orientation { get; init; }

    /// <summary>[Rows, Columns, BytesPerPixel].</summary>
    public ReadOnlySpan<byte> Pixels => buffer.Bytes[..(Rows * Columns * BytesPerPixel)];

    /// <summary>Scales the crop to a square and turns it upright.</summary>
    /// <param name="side">Side of the square.</param>
    /// <param name="filter">How pixels are weighted.</param>
    /// <param name="square">[side, side, 1 or 3] in 0 to 255.</param>
    public void ScaleTo(int side, ImageFilter filter, Span<float> square)
    {
        Resampler.Resample(Pixels, Columns, Rows, BytesPerPixel, Region, side, square, filter);
        if (ExifOrientation.Turns(Orientation))
        {
            int channels = Math.Min(BytesPerPixel, 3);
            float[] stored = ArrayPool<float>.Shared.Rent(square.Length);
            square.CopyTo(stored);
            ExifOrientation.Turn<float>(stored, side, side, channels, channels, Orientation, square);
            ArrayPool<float>.Shared.Return(stored);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => buffer.Dispose();
}
