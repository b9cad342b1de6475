using System.Buffers;

namespace Proxyless.Inference;

/// <summary>
/// As much of an image as a crop needs, or all of it, as it is stored and perhaps at a fraction of its size, in memory
/// that is given back when it is disposed of.
/// </summary>
/// <param name="buffer">The pixels; owned.</param>
internal sealed class DecodedPart(PixelBuffer buffer) : IDisposable
{
    /// <summary>Bytes of a pixel: 1 for grey, 4 for red, green, blue and one that means nothing.</summary>
    public required int BytesPerPixel { get; init; }

    /// <summary>Columns that were decoded.</summary>
    public required int Columns { get; init; }

    /// <summary>Rows that were decoded.</summary>
    public required int Rows { get; init; }

    /// <summary>The crop, in pixels from the upper left one that was decoded.</summary>
    public required Region Region { get; init; }

    /// <summary>How what is made of the part is to be turned, as <see cref="ExifOrientation"/> says.</summary>
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
