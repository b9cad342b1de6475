using Proxyless.Data;
using Proxyless.Networks;

namespace Proxyless.Runs;

/// <summary>A fine-tuning that begins with a pretrained network as it is.</summary>
/// <param name="context">The context of the training.</param>
/// <param name="whole">The network; not disposed of.</param>
internal sealed class WholeStart(RunContext context, CompactNetwork whole) : IFineTuneStart
{
    /// <inheritdoc/>
    public RunContext Context => context;

    /// <inheritdoc/>
    public CompactNetwork Whole => whole;

    /// <inheritdoc/>
    public bool HasTeacher => false;

    /// <inheritdoc/>
    public double ShareOfWork => 1;

    /// <inheritdoc/>
    public (RunContext Context, CompactNetwork Network, int Depth) Of(
        ImageSet images,
        IReadOnlyList<int> among,
        int blocks
    ) => (context, whole, blocks);

    /// <inheritdoc/>
    public bool IsFitted(CompactNetwork network) => false;

    /// <inheritdoc/>
    public CompactNetwork? Refitted(CompactNetwork network, ImageSet images, IReadOnlyList<int> among) => null;

    /// <inheritdoc/>
    public void Return(CompactNetwork network) { }
}
