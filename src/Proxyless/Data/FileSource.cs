using Proxyless.Files;
using Proxyless.Inference;

namespace Proxyless.Data;

/// <summary>Image files in a folder for each class. Each takes a string, a length and a class of memory.</summary>
internal sealed class FileSource : ImageSource
{
    private readonly string _root;
    private readonly string[] _folders;
    private readonly string[] _files;
    private readonly long[] _lengths;
    private readonly int[] _labels;
    private readonly long _maxPixels;
    private PixelStore? _store;
    private bool[] _isKept = [];
    private SourceCopies? _copies;

    /// <summary>Wraps a listing.</summary>
    /// <param name="root">The folder that holds the folders of the classes.</param>
    /// <param name="folders">Folder of each class, relative to <paramref name="root"/>.</param>
    /// <param name="files">Files relative to the folder of their class.</param>
    /// <param name="lengths">Their length in bytes; 0 also for entries that are not files.</param>
    /// <param name="labels">Their classes.</param>
    /// <param name="maxPixels">The most pixels of an image that is read.</param>
    public FileSource(string root, string[] folders, string[] files, long[] lengths, int[] labels, long maxPixels)
    {
        _root = root;
        _folders = folders;
        _files = files;
        _lengths = lengths;
        _labels = labels;
        _maxPixels = maxPixels;
    }

    public override int Count => _files.Length;

    public override int Label(int index) => _labels[index];

    public override string Name(int index) => Path.Combine(_root, _folders[_labels[index]], _files[index]);

    public override long Length(int index) => _lengths[index];

    public override void RequireFolder(int index)
    {
        string folder = Path.Combine(_root, _folders[_labels[index]]);
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"the image folder '{folder}' no longer exists; restore it");
        }
    }

    // An entry without bytes is not opened: a pipe would block until somebody writes to it.
    public override byte[] Read(int index) =>
        _lengths[index] > 0
            ? ImageFile.Read(Name(index))
            : throw new InvalidInputException($"{Name(index)}: {WhyUnread(Name(index))}");

    /// <summary>Reads width and height of the upright image from its header.</summary>
    /// <exception cref="InvalidInputException">The file is not an image.</exception>
    public (int Width, int Height) ReadSize(int index) => Examine(index, (_, _) => { });

    /// <summary>
    /// Decodes an image in full: for a copy that is to stand for it, or to discard it. Where a copy is, that was done
    /// before.
    /// </summary>
    /// <returns>Width and height of the upright image.</returns>
    /// <exception cref="InvalidInputException">The file is not an image or is cut off.</exception>
    public (int Width, int Height) Check(int index) =>
        Examine(
            index,
            (image, content) =>
            {
                if (_copies is { } copies)
                {
                    copies.Check(image, content);
                }
                else
                {
                    image.Check();
                }
            }
        );

    /// <summary>Lets copies stand for images that are much larger, where the processing wants it.</summary>
    /// <param name="copies">The copies.</param>
    /// <param name="side">Shorter side of those that <see cref="Check"/> makes; 0 for none.</param>
    public void UseCopies(ImageCopies copies, int side) => _copies = new SourceCopies(copies, side, Count);

    /// <summary>The number of images that were examined and for which copies stand.</summary>
    /// <param name="side">Shorter side of the copies.</param>
    public int CountCopied(int side) => _copies?.CountOf(side) ?? 0;

    /// <summary>Makes room for decoded images of one size; <see cref="Keep"/> fills it.</summary>
    public void KeepDecoded(int side, int channels)
    {
        _store = new PixelStore(Count, side, side, channels);
        _isKept = new bool[Count];
    }

    /// <summary>Decodes one image into memory; an image of another size is read again each time.</summary>
    /// <returns>Width and height of the upright image.</returns>
    /// <exception cref="InvalidInputException">The file is not an image or is cut off.</exception>
    public (int Width, int Height) Keep(int index) =>
        Examine(
            index,
            (encoded, _) =>
            {
                PixelStore store = _store!;
                DecodedImage image = encoded.Decode(store.Channels);
                _isKept[index] = image.Width == store.Width && image.Height == store.Height;
                if (_isKept[index])
                {
                    image.Pixels.CopyTo(store.Image(index));
                }
            }
        );

    public override void Render(int index, Transforms transforms, SplitMix64 random, Span<float> destination)
    {
        if (_store is not null && _isKept[index])
        {
            _store.Render(index, transforms, random, destination);
            return;
        }

        try
        {
            if (transforms.CopySide > 0 && _copies is { } copies && copies.MayStandFor(index, transforms.CopySide))
            {
                RenderCopy(copies, index, transforms, random, destination);
                return;
            }

            using EncodedImage encoded = OpenImage(index);
            Render(encoded, transforms, ref random, destination);
        }
        catch (UnreadableImageException exception)
        {
            throw ImageFile.RefusedOfSet(exception);
        }
    }

    /// <summary>
    /// The same from the copy of an image, which is made if it is not there; from the image where none stands for it.
    /// </summary>
    private void RenderCopy(
        SourceCopies copies,
        int index,
        Transforms transforms,
        SplitMix64 random,
        Span<float> destination
    )
    {
        int side = transforms.CopySide;
        UInt128? known = KnownContent(index);
        if (known is { } before && TryRender(copies.TryRead(before, side), transforms, random, destination))
        {
            return;
        }

        byte[] file = Read(index);
        using EncodedImage image = EncodedImage.Open(file, Name(index), _maxPixels);
        copies.Remember(index, image);
        if (copies.MayStandFor(index, side))
        {
            UInt128 content = known ?? RememberContent(index, file);
            if (
                (known is null && TryRender(copies.TryRead(content, side), transforms, random, destination))
                || TryRender(copies.Make(image, content, side), transforms, random, destination)
            )
            {
                return;
            }
        }

        Render(image, transforms, ref random, destination);
    }

    /// <summary>Renders a copy; a damaged one uses nothing of the random stream, which is a value.</summary>
    /// <returns>Whether there is one, and it is whole.</returns>
    private static bool TryRender(byte[]? copy, Transforms transforms, SplitMix64 random, Span<float> destination)
    {
        if (copy is null)
        {
            return false;
        }

        try
        {
            using EncodedImage encoded = EncodedImage.Open(copy, "");
            Render(encoded, transforms, ref random, destination);
            return true;
        }
        catch (UnreadableImageException)
        {
            return false;
        }
    }

    private static void Render(
        EncodedImage encoded,
        Transforms transforms,
        ref SplitMix64 random,
        Span<float> destination
    )
    {
        if (transforms.Recipe is { } recipe)
        {
            Preprocessor.Scale(encoded, recipe, destination[..transforms.Length]);
            transforms.Finish(destination[..transforms.Length], ref random);
            return;
        }

        Region region = transforms.ChooseRegion(encoded.Width, encoded.Height, ref random);
        int denominator = transforms.Denominator(region);
        if (transforms.Framing == Framing.PadAndCrop)
        {
            DecodedImage image = encoded.Decode(transforms.Channels, denominator);
            transforms.Apply(image, encoded.Width, encoded.Height, region, destination, ref random);
            return;
        }

        // At its edges a part may differ from the whole by a shade, which does not matter for training.
        using DecodedPart part =
            encoded.DecodePart(transforms.Channels, denominator, region, transforms.Resolution)
            ?? encoded.DecodeFor(transforms.Channels, denominator, region);
        transforms.Apply(part, destination, ref random);
    }

    /// <summary>Examines an image before the work begins and keeps the hash of its bytes.</summary>
    /// <param name="index">The image.</param>
    /// <param name="look">What is done with it and the hash of its bytes.</param>
    /// <returns>Width and height of the upright image.</returns>
    /// <exception cref="InvalidInputException">The file is not an image or is cut off.</exception>
    private (int Width, int Height) Examine(int index, Action<EncodedImage, UInt128> look)
    {
        byte[] bytes = Read(index);
        UInt128 content = RememberContent(index, bytes);
        try
        {
            using EncodedImage image = EncodedImage.Open(bytes, Name(index), _maxPixels);
            look(image, content);
            _copies?.Remember(index, image);
            return (image.Width, image.Height);
        }
        catch (UnreadableImageException exception)
        {
            throw ImageFile.RefusedOfSet(exception);
        }
    }

    private EncodedImage OpenImage(int index) => EncodedImage.Open(Read(index), Name(index), _maxPixels);

    private static string WhyUnread(string file) =>
        EncodedName.IsIn(file) ? EncodedName.Complaint
        : new FileInfo(file).LinkTarget is not null && RealPath.OfExisting(file) is null ? "the link leads nowhere"
        : "it is empty, or no file";
}
