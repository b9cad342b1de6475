using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Search;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>The steps of a search.</summary>
/// <param name="Plan">The step counts.</param>
/// <param name="ArchitectureRate">Approximate change of an architecture parameter per step.</param>
/// <param name="Targets">What is searched for.</param>
internal sealed record SharedSearch(SearchPlan Plan, double ArchitectureRate, IReadOnlyList<SharedTarget> Targets)
    : SharedTask
{
    /// <inheritdoc/>
    public override void Share(RunContext context, DataParallel parallel, FollowerState state)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(parallel);
        (BatchLoader weights, BatchLoader held) = SearchRecipe.Batches(context, parallel);
        using (weights)
        using (held)
        {
            using var network = new SuperNetwork(context.Space, context.Classes, context.NetworkOptions);
            using var search = new ArchitectureSearch(
                network,
                SearchRecipe.Settings(context, Plan, ArchitectureRate),
                [.. Targets.Select(target => target.ToSearched(log: ""))],
                state.Checkpoint,
                parallel,
                context.Observer
            );

            // It was read. A process that is killed does not leave it behind then.
            File.Delete(state.Checkpoint);
            search.Run(weights, held);
        }
    }
}

/// <summary>One of the machines that a shared search is for.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Latency">The limit on latency.</param>
/// <param name="Others">The limits on other costs.</param>
internal sealed record SharedTarget(string Name, CostLimit Latency, IReadOnlyList<CostLimit> Others)
{
    /// <summary>Describes a target.</summary>
    public static SharedTarget Of(string name, SearchLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        return new SharedTarget(name, limits.Latency!, limits.Others);
    }

    /// <summary>Returns the described target.</summary>
    /// <param name="log">The file that gets one line per epoch.</param>
    public SearchedTarget ToSearched(string log) => new(Name, new SearchLimits(Latency, Others), log);
}
