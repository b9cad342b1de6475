namespace Proxyless.Data;

/// <summary>Images stored uncompressed in a binary file: CIFAR-10, IDX.</summary>
internal sealed class PixelSource : ImageSource
{
    private readonly PixelStore _store;
    private readonly byte[] _labels;
    private readonly string _file;

    /// <summary>Wraps decoded images.</summary>
    /// <param name="file">Name of the file or files, for messages.</param>
    /// <param name="store">The images.</param>
    /// <param name="labels">The class of each.</param>
    public PixelSource(string file, PixelStore store, byte[] labels)
    {
        _file = file;
        _store = store;
        _labels = labels;
    }

    /// <summary>Side of the images if they are square, otherwise 0.</summary>
    public int Side => _store.Width == _store.Height ? _store.Width : 0;

    public override int Count => _labels.Length;

    public override int Label(int index) => _labels[index];

    public override string Name(int index) => $"{_file}[{index}]";

    public override long Length(int index) => _store.Image(index).Length;

    public override byte[] Read(int index) => _store.Image(index).ToArray();

    public override void Render(int index, Transforms transforms, SplitMix64 random, Span<float> destination) =>
        _store.Render(index, transforms, random, destination);
}
