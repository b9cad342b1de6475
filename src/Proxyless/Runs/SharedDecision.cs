using Proxyless.Networks;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>
/// The beginning of a decision: every process gets the weights of the search, and its share of the images.
/// </summary>
/// <param name="SharesWeights">As <see cref="NetworkOptions.SharesWeights"/>.</param>
/// <param name="IsThere">Whether candidate j of block i was not pruned, at [i][j].</param>
internal sealed record SharedDecision(bool SharesWeights, bool[][] IsThere) : SharedTask
{
    /// <inheritdoc/>
    public override void Share(RunContext context, DataParallel parallel, FollowerState state)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(parallel);
        ArgumentNullException.ThrowIfNull(state);
        var network = new SuperNetwork(
            context.Space,
            context.Classes,
            context.NetworkOptions with
            {
                SharesWeights = SharesWeights,
            }
        );
        foreach ((int block, bool[] candidates) in IsThere.Index())
        {
            foreach ((int candidate, bool isThere) in candidates.Index())
            {
                if (!isThere)
                {
                    network.Blocks[block].Prune(candidate);
                }
            }
        }

        parallel.TakeFromLeader(network.Tensors);
        state.BeginDecision(context, network, parallel.Part);
    }
}

/// <summary>A score with the weights of the decision at hand.</summary>
/// <param name="Choice">A candidate for each block.</param>
internal sealed record SharedScoring(IReadOnlyList<int> Choice) : SharedTask
{
    /// <inheritdoc/>
    public override void Share(RunContext context, DataParallel parallel, FollowerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Scorer.Of(Choice, parallel);
    }
}

/// <summary>Steps of a finalist of the decision at hand, and its score after them.</summary>
/// <param name="Choice">A candidate for each block.</param>
/// <param name="Steps">Number of steps since the beginning of the round.</param>
/// <param name="SearchRate">The peak learning rate of the search.</param>
/// <param name="IsFirst">Whether a round begins with it.</param>
internal sealed record SharedTrial(IReadOnlyList<int> Choice, long Steps, double SearchRate, bool IsFirst) : SharedTask
{
    /// <inheritdoc/>
    public override void Share(RunContext context, DataParallel parallel, FollowerState state)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(state);
        FinalTrials trials = IsFirst ? state.BeginRound(context, SearchRate) : state.Trials;
        trials.LossAfter(Choice, Steps, () => { }, parallel);
    }
}
