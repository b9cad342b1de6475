namespace Proxyless.Data;

/// <summary>The images of a source with their classes renumbered.</summary>
/// <param name="source">The images.</param>
/// <param name="labels">The new number of each class.</param>
internal sealed class RelabeledSource(ImageSource source, int[] labels) : ImageSource
{
    public override int Count => source.Count;

    public override int Label(int index) => labels[source.Label(index)];

    public override string Name(int index) => source.Name(index);

    public override long Length(int index) => source.Length(index);

    public override byte[] Read(int index) => source.Read(index);

    public override void RequireFolder(int index) => source.RequireFolder(index);

    public override void Render(int index, Transforms transforms, SplitMix64 random, Span<float> destination) =>
        source.Render(index, transforms, random, destination);
}
