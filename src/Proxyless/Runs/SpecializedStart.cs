using Proxyless.Data;
using Proxyless.Networks;

namespace Proxyless.Runs;

/// <summary>A fine-tuning that begins with the network that <see cref="NetworkSpecializer"/> finds.</summary>
/// <param name="specializer">Finds it.</param>
internal sealed class SpecializedStart(NetworkSpecializer specializer) : IFineTuneStart, IDisposable
{
    /// <summary>What was found last; null before the first call.</summary>
    public SpecializedNetwork? Found { get; private set; }

    /// <inheritdoc/>
    public (RunContext Context, CompactNetwork Network) Of(ImageSet images, IReadOnlyList<int> among) =>
        Keep(specializer.Find(images, among, specializer.Blocks));

    /// <inheritdoc/>
    public (RunContext Context, CompactNetwork Network)? OfFirstBlocks(
        ImageSet images,
        IReadOnlyList<int> among,
        int blocks
    ) => blocks > specializer.Blocks ? null : Keep(specializer.Find(images, among, blocks));

    /// <inheritdoc/>
    public void Dispose() => Found?.Network.Dispose();

    private (RunContext Context, CompactNetwork Network) Keep(SpecializedNetwork found)
    {
        Found?.Network.Dispose();
        Found = found;
        return (found.Context, found.Network);
    }
}
