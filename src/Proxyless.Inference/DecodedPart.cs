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

    /// <inheritdoc/>
    public void Dispose() => buffer.Dispose();
}
