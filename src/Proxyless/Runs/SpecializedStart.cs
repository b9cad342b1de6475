using Proxyless.Data;
using Proxyless.Networks;

namespace Proxyless.Runs;

/// <summary>A fine-tuning that begins with the networks that <see cref="NetworkSpecializer"/> finds.</summary>
/// <param name="context">The context of the training, at the highest resolution.</param>
/// <param name="whole">The network with its weights, at that resolution; not disposed of.</param>
/// <param name="specializer">Finds smaller ones.</param>
internal sealed class SpecializedStart(RunContext context, CompactNetwork whole, NetworkSpecializer specializer)
    : IFineTuneStart,
        IDisposable
{
    private readonly List<SpecializedNetwork> _found = [];

    /// <inheritdoc/>
    public RunContext Context => context;

    /// <inheritdoc/>
    public CompactNetwork Whole => whole;

    /// <inheritdoc/>
    public bool HasTeacher => context.Options.Training.Teacher;

    /// <inheritdoc/>
    public double ShareOfWork => specializer.ShareOfWork();

    /// <summary>The result whose network is the given one.</summary>
    public SpecializedNetwork Found(CompactNetwork network) => _found.Find(found => found.Network == network)!;

    /// <inheritdoc/>
    public (RunContext Context, CompactNetwork Network, int Depth) Of(
        ImageSet images,
        IReadOnlyList<int> among,
        int blocks
    )
    {
        int depth = specializer.Has(blocks) ? blocks : whole.Blocks.Count + 1;
        SpecializedNetwork found = specializer.Find(images, among, depth);

        // The specializer is older than the limit's part of the time.
        found = found with
        {
            Context = found.Context.WithTime(context.Options.Time),
        };
        _found.Add(found);
        return (found.Context, found.Network, depth);
    }

    /// <inheritdoc/>
    public bool IsFitted(CompactNetwork network) => Found(network).IsFitted;

    /// <inheritdoc/>
    public CompactNetwork? Refitted(CompactNetwork network, ImageSet images, IReadOnlyList<int> among) =>
        specializer.Refitted(Found(network), images, among);

    /// <inheritdoc/>
    public void Return(CompactNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        _found.RemoveAll(found => found.Network == network);
        network.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose() => _found.ForEach(found => found.Network.Dispose());
}
