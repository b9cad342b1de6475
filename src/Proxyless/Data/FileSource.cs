namespace Proxyless.Data;

/// <summary>Image files in a folder for each class. A million of them cost a string, a length and a class each.</summary>
internal sealed class FileSource : ImageSource
{
    private readonly string _root;
    private readonly string[] _folders;
    private readonly string[] _files;
    private readonly long[] _lengths;
    private readonly int[] _labels;
    private PixelStore? _store;

    /// <summary>Wraps a listing.</summary>
    /// <param name="root">The folder that holds the folders of the classes.</param>
    /// <param name="folders">Folder of each class, relative to <paramref name="root"/>.</param>
    /// <param name="files">Files relative to the folder of their class.</param>
    /// <param name="lengths">Their bytes.</param>
    /// <param name="labels">Their classes.</param>
    public FileSource(string root, string[] folders, string[] files, long[] lengths, int[] labels)
    {
        _root = root;
        _folders = folders;
        _files = files;
        _lengths = lengths;
        _labels = labels;
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
            throw new DirectoryNotFoundException($"the image folder '{folder}' is not there any more; bring it back");
        }
    }

    public override byte[] Read(int index) => ImageDecoder.ReadFile(Name(index));

    /// <summary>Width and height of the upright image, from its header.</summary>
    /// <exception cref="InvalidInputException">The file is no image.</exception>
    public (int Width, int Height) ReadSize(int index)
    {
        using EncodedImage image = EncodedImage.Open(Read(index), Name(index));
        return (image.Width, image.Height);
    }

    /// <summary>Decodes an image in full and drops it.</summary>
    /// <exception cref="InvalidInputException">The file is no image or is cut off.</exception>
    public void Check(int index) => ImageDecoder.Decode(Read(index), Name(index));

    /// <summary>Keeps decoded images of one size from now on; <see cref="Keep"/> fills them in.</summary>
    public void KeepDecoded(int side, int channels) => _store = new PixelStore(Count, side, side, channels);

    /// <summary>Decodes one image into memory, scaled where its size is not that of the others.</summary>
    /// <exception cref="InvalidInputException">The file is no image or is cut off.</exception>
    public void Keep(int index)
    {
        PixelStore store = _store!;
        DecodedImage image = ImageDecoder.Decode(Read(index), Name(index), store.Channels);
        Transforms whole = Transforms.ForEvaluation(store.Width, smallImages: true, store.Channels);
        whole.Resize(image).Pixels.CopyTo(store.Image(index));
    }

    public override void Render(int index, Transforms transforms, SplitMix64 random, Span<float> destination)
    {
        if (_store is not null)
        {
            _store.Render(index, transforms, random, destination);
            return;
        }

        using EncodedImage encoded = EncodedImage.Open(Read(index), Name(index));
        Region region = transforms.ChooseRegion(encoded.Width, encoded.Height, ref random);
        int denominator = transforms.Denominator(region);

        // At its edges a part may differ from the whole by a shade, which training does not mind.
        using DecodedPart? part = transforms.Framing == Framing.RandomResizedCrop
            ? encoded.DecodePart(transforms.Channels, denominator, region, transforms.Resolution)
            : null;
        if (part is not null)
        {
            transforms.Apply(part, destination, ref random);
            return;
        }

        DecodedImage image = encoded.Decode(transforms.Channels, denominator);
        transforms.Apply(image, encoded.Width, encoded.Height, region, destination, ref random);
    }
}
