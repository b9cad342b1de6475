namespace Proxyless.Inference;

/// <summary>
/// Reads JPEG (baseline, progressive, CMYK), PNG (8 and 16 bit, palette, alpha), WebP, BMP and GIF (its first picture).
/// Transparency is laid on white, EXIF orientation is applied, colour profiles are ignored, as the libraries do with
/// which the field trains.
/// </summary>
public static class ImageDecoder
{
    /// <summary>
    /// The most pixels of an image that is read unless it is said otherwise; a file of a few bytes can claim any
    /// number.
    /// </summary>
    public const long DefaultMaxPixels = 200_000_000;

    private static readonly HashSet<string> Extensions = new(StringComparer.OrdinalIgnoreCase)
    {
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".webp",
        ".bmp",
        ".gif",
    };

    /// <summary>Whether a file of this name is taken for an image.</summary>
    public static bool IsImageName(ReadOnlySpan<char> path) =>
        Extensions.GetAlternateLookup<ReadOnlySpan<char>>().Contains(Path.GetExtension(path));

    /// <summary>Reads one file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="channels">1 for grey (ITU-R BT.601 luma), 3 for colour.</param>
    /// <param name="maxPixels">The most pixels that are read, checked before memory is taken for them.</param>
    /// <exception cref="UnreadableImageException">The file is no image, is cut off or has more pixels.</exception>
    /// <exception cref="IOException">The file is not there or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static DecodedImage Decode(string path, int channels = 3, long maxPixels = DefaultMaxPixels)
    {
        using EncodedImage image = EncodedImage.Open(File.ReadAllBytes(path), path, maxPixels);
        return image.Decode(channels);
    }

    /// <summary>Decodes one encoded image.</summary>
    /// <param name="encoded">The bytes of the file.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="channels">1 for grey (ITU-R BT.601 luma), 3 for colour.</param>
    /// <param name="maxPixels">The most pixels that are read, checked before memory is taken for them.</param>
    /// <exception cref="UnreadableImageException">The bytes are no image, are cut off or have more pixels.</exception>
    public static DecodedImage Decode(
        ReadOnlySpan<byte> encoded,
        string name,
        int channels = 3,
        long maxPixels = DefaultMaxPixels
    )
    {
        using EncodedImage image = EncodedImage.Open(encoded, name, maxPixels);
        return image.Decode(channels);
    }
}
