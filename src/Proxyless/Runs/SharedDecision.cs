using System.Text.Json.Serialization;
using Proxyless.Networks;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>
/// The beginning of a decision: every process gets the weights of the search, and its share of the images.
/// </summary>
internal sealed record SharedDecision : SharedJob
{
    /// <inheritdoc/>
    public SharedDecision(RunContext context)
        : base(context) { }

    /// <summary>For reading.</summary>
    [JsonConstructor]
    public SharedDecision() { }

    /// <inheritdoc cref="NetworkOptions.SharesWeights"/>
    public required bool SharesWeights { get; init; }

    /// <summary>Whether candidate j of block i was not pruned, at [i][j].</summary>
    public required bool[][] IsThere { get; init; }

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
internal sealed record SharedScoring : SharedJob
{
    /// <inheritdoc/>
    public SharedScoring(RunContext context)
        : base(context) { }

    /// <summary>For reading.</summary>
    [JsonConstructor]
    public SharedScoring() { }

    /// <summary>A candidate for each block.</summary>
    public required IReadOnlyList<int> Choice { get; init; }

    /// <inheritdoc/>
    public override void Share(RunContext context, DataParallel parallel, FollowerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Scorer.Of(Choice, parallel);
    }
}

/// <summary>Steps of a finalist of the decision at hand, and its score after them.</summary>
internal sealed record SharedTrial : SharedJob
{
    /// <inheritdoc/>
    public SharedTrial(RunContext context)
        : base(context) { }

    /// <summary>For reading.</summary>
    [JsonConstructor]
    public SharedTrial() { }

    /// <summary>A candidate for each block.</summary>
    public required IReadOnlyList<int> Choice { get; init; }

    /// <summary>Number of steps since the beginning of the round.</summary>
    public required long Steps { get; init; }

    /// <summary>Whether a round begins with it.</summary>
    public required bool IsFirst { get; init; }

    /// <inheritdoc/>
    public override void Share(RunContext context, DataParallel parallel, FollowerState state)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(state);
        if (IsFirst)
        {
            state.EndTrials();
        }

        Trial trial = state.TrialOf(context, Choice, parallel);
        trial.TrainTo(Steps, () => { }, parallel, context.CancellationToken);
        state.Scorer.Judge(trial.Network, parallel);
    }
}
