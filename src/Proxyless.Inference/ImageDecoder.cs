namespace Proxyless.Inference;

/// <summary>
/// Reads JPEG (baseline, progressive, CMYK), PNG (8 and 16 bit, palette, alpha), WebP, BMP and GIF (its first picture).
/// Transparency is composited on white, EXIF orientation is applied, color profiles are ignored, as in the usual
/// training libraries.
/// </summary>
public static class ImageDecoder
{
    /// <summary>
    /// The default for the most pixels of an image that is read; a file of a few bytes can claim any number.
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

    /// <summary>Whether a file of this name counts as an image.</summary>
    public static bool IsImageName(ReadOnlySpan<char> path) =>
        Extensions.GetAlternateLookup<ReadOnlySpan<char>>().Contains(Path.GetExtension(path));

    /// <summary>Reads one file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="channels">1 for gray (ITU-R BT.601 luma), 3 for color.</param>
    /// <param name="maxPixels">The most pixels of an image that is read, checked before memory is allocated.</param>
    /// <exception cref="UnreadableImageException">The file is not an image, is cut off or has more pixels.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static DecodedImage Decode(string path, int channels = 3, long maxPixels = DefaultMaxPixels)
    {
        using EncodedImage image = EncodedImage.Open(File.ReadAllBytes(path), path, maxPixels);
        return image.Decode(channels);
    }

    /// <summary>Decodes one image.</summary>
    /// <param name="encoded">The bytes of the file.</param>
    /// <param name="name">Its name in messages.</param>
    /// <param name="channels">1 for gray (ITU-R BT.601 luma), 3 for color.</param>
    /// <param name="maxPixels">The most pixels of an image that is read, checked before memory is allocated.</param>
    /// <exception cref="UnreadableImageException">
    /// The bytes are not an image, are cut off or have more pixels.
    /// </exception>
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
