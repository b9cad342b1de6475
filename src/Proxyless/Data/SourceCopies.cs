using Proxyless.Inference;

namespace Proxyless.Data;

/// <summary>The copies that stand for the much larger images of one source.</summary>
/// <param name="copies">Where copies are kept.</param>
/// <param name="side">Shorter side of those that <see cref="Check"/> makes, in pixels; 0 for none.</param>
/// <param name="count">Number of images of the source.</param>
internal sealed class SourceCopies(ImageCopies copies, int side, int count)
{
    // 0: not known yet.
    private readonly int[] _shorterSides = new int[count];

    /// <summary>The number of images for which copies stand, of those whose size is known.</summary>
    /// <param name="wanted">Shorter side of the copies.</param>
    public int CountOf(int wanted) => _shorterSides.Count(shorter => ImageCopies.StandFor(shorter, wanted));

    /// <summary>Whether a copy may stand for an image.</summary>
    /// <param name="index">The image.</param>
    /// <param name="wanted">Shorter side of the copy.</param>
    public bool MayStandFor(int index, int wanted) =>
        _shorterSides[index] is 0 || ImageCopies.StandFor(_shorterSides[index], wanted);

    /// <summary>Remembers the size of an image.</summary>
    public void Remember(int index, EncodedImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        _shorterSides[index] = image.ShorterSide;
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
        if (side > 0 && ImageCopies.StandFor(image.ShorterSide, side))
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
