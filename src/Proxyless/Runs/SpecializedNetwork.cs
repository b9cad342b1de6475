using Proxyless.Architectures;
using Proxyless.Networks;

namespace Proxyless.Runs;

/// <summary>A network that begins with the weights of a larger one, within the limits.</summary>
/// <param name="Context">The context of its training: with its resolution and its space.</param>
/// <param name="Network">The network, with the classifier of the larger one; the receiver disposes of it.</param>
/// <param name="Spanning">
/// The network that spans its space: the larger one, at its resolution, for the run's classes.
/// </param>
/// <param name="Goal">Target, table and limits.</param>
/// <param name="Chosen">What was chosen, and its latency.</param>
/// <param name="Blocks">
/// Number of the larger one's blocks that are kept; one more than there are: all of them, and the last convolution.
/// </param>
internal sealed record SpecializedNetwork(
    RunContext Context,
    CompactNetwork Network,
    Architecture Spanning,
    SearchGoal Goal,
    MeasuredChoice Chosen,
    int Blocks
)
{
    /// <summary>Whether least squares on images made some of its weights; otherwise nothing is left out.</summary>
    public bool IsFitted => Chosen.Choice.Any(candidate => candidate != 0);
}
