using Proxyless.Inference;

namespace Proxyless.Data;

/// <summary>The copies that stand for the much larger images of one source.</summary>
/// <param name="copies">Where copies are kept.</param>
/// <param name="side">Shorter side of those that <see cref="Check"/> makes, in pixels; 0 for none.</param>
/// <param name="count">Number of images of the source.</param>
internal sealed class SourceCopies(ImageCopies copies, int side, int count)
{
    // Of an image for which none stands: smaller than every copy.
    private const int None = 1;

    // Shorter side of the largest copy that stands for an image; 0: not known yet.
    private readonly int[] _largestSides = new int[count];

    /// <summary>The number of images for which copies stand, of those whose size is known.</summary>
    /// <param name="wanted">Shorter side of the copies.</param>
    public int CountOf(int wanted) => _largestSides.Count(largest => largest >= wanted);

    /// <summary>Whether a copy may stand for an image.</summary>
    /// <param name="index">The image.</param>
    /// <param name="wanted">Shorter side of the copy.</param>
    public bool MayStandFor(int index, int wanted) => _largestSides[index] is 0 || _largestSides[index] >= wanted;

    /// <summary>Remembers the size of an image.</summary>
    public void Remember(int index, EncodedImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        _largestSides[index] = Math.Max(None, ImageCopies.LargestSide(image.Width, image.Height));
    }

    /// <summary>
    /// Decodes an image in full, for a copy of it or to discard it. Where a copy is, that was done before.
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="content">The hash of its bytes.</param>
    /// <exception cref="UnreadableImageException">The image is cut off or damaged.</exception>
    public void Check(EncodedImage image, UInt128 content)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (side > 0 && ImageCopies.LargestSide(image.Width, image.Height) >= side)
        {
            copies.Require(image, content, side);
        }
        else if (!copies.HasAny(content))
        {
            image.Check();
        }
    }

    /// <summary>Reads a copy; null if there is none.</summary>
    /// <param name="content">The hash of the image's bytes.</param>
    /// <param name="wanted">Shorter side of the copy.</param>
    public byte[]? TryRead(UInt128 content, int wanted) => copies.TryRead(content, wanted);

    /// <summary>Makes a copy, even if there is one.</summary>
    /// <param name="image">The image.</param>
    /// <param name="content">The hash of its bytes.</param>
    /// <param name="wanted">Shorter side of the copy.</param>
    /// <exception cref="UnreadableImageException">The image is cut off or damaged.</exception>
    public byte[] Make(EncodedImage image, UInt128 content, int wanted) => copies.Make(image, content, wanted);
}
