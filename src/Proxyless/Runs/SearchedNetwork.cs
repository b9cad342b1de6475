using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>The super-network of a run whose search is finished.</summary>
internal static class SearchedNetwork
{
    /// <summary>Rejects a run whose search has not ended.</summary>
    /// <returns>The epochs of the search.</returns>
    /// <exception cref="InvalidInputException">It has not ended, or its plan is missing.</exception>
    public static IReadOnlyList<SearchEpoch> RequireFinished(RunStore searched)
    {
        // A search for several limits of one target has one log and one network of shared weights, in its own folder.
        if (!RunParts.AreOfOneTarget(searched.Directory.ReadConfig()))
        {
            RunParts.RequireOne(searched.Directory);
        }

        if (searched.Directory.ReadConfig().Training.Weights is not null)
        {
            throw new InvalidInputException(
                $"'{searched.Directory.Root}' began with pretrained weights, without a search to derive from; begin "
                    + "another run for another limit"
            );
        }

        searched.RequirePlanOfSearch();
        IReadOnlyList<SearchEpoch> log = searched.ReadSearchLog();
        long done = log is [.., { } last] ? last.Step : 0;
        long planned = searched.Plan.Search?.WeightSteps ?? long.MaxValue;
        return done < planned ? throw Unfinished(searched.Directory, "is not finished") : log;
    }

    /// <summary>Loads the super-network as a finished search left it, without what it has pruned.</summary>
    /// <param name="context">Images and space.</param>
    /// <param name="searched">The run.</param>
    /// <param name="log">The epochs of its search.</param>
    /// <exception cref="InvalidInputException">
    /// There is no search, its last weights were never written, or the space has changed.
    /// </exception>
    public static SuperNetwork Open(RunContext context, RunDirectory searched, IReadOnlyList<SearchEpoch> log)
    {
        SearchEpoch end = log is [.., { } epoch]
            ? epoch
            : throw new InvalidInputException(
                $"{searched.SearchLog} holds no epoch: there is no search to take weights from"
            );
        (SafeTensorsFile checkpoint, string path) = new CheckpointFile(searched.SearchCheckpoint).Read(
            context.Observer
        );
        if (!IsDerived(searched))
        {
            RequireWeightsOf(end, SearchState.Of(checkpoint, path), searched);
        }

        RequireSpace(context.Space, log, searched);
        NetworkOptions options = context.NetworkOptions with { SharesWeights = SearchState.SharesWeights(checkpoint) };
        var network = new SuperNetwork(context.Space, context.Classes, options);
        bool[][] isPruned = PrunedCandidates.Of(log);
        for (int i = 0; i < network.Blocks.Count; i++)
        {
            foreach (int j in Enumerable.Range(0, network.Blocks[i].Candidates.Count).Where(j => isPruned[i][j]))
            {
                network.Blocks[i].Prune(j);
            }
        }

        checkpoint.CopyTo(network.Tensors, path);
        return network;
    }

    /// <summary>
    /// Rejects a space that has changed since the search. Its table and its scores do not fit either then, and are not
    /// what is to be mended.
    /// </summary>
    /// <param name="space">The space.</param>
    /// <param name="log">The epochs of the search.</param>
    /// <param name="searched">Its run.</param>
    /// <exception cref="InvalidInputException">It has.</exception>
    public static void RequireSpace(SearchSpace space, IReadOnlyList<SearchEpoch> log, RunDirectory searched)
    {
        ArgumentNullException.ThrowIfNull(space);
        if (
            log is [.., { } last]
            && !space
                .Blocks()
                .Select(block => block.Candidates.Count)
                .SequenceEqual(last.Probabilities.Select(block => block.Length))
        )
        {
            throw new InvalidInputException(
                $"'{searched.Root}' was searched in a space with other candidates than '{space.Name}' has now; give "
                    + "the space as it was, or search anew"
            );
        }
    }

    /// <summary>
    /// Whether the search has given a network: then its last weights were written, and where the newest checkpoint is
    /// damaged by now, the one before it is the best there is. Of several limits one may be impossible.
    /// </summary>
    private static bool IsDerived(RunDirectory searched)
    {
        IReadOnlyList<RunDirectory> limits = RunParts.FoldersOf(searched.ReadConfig(), searched.Root);
        return limits.Count == 0
            ? new RunStore(searched).IsDerived
            : limits.Any(limit => new RunStore(limit).IsDerived);
    }

    /// <summary>Rejects weights from before the end of a search, whose log is written first.</summary>
    private static void RequireWeightsOf(SearchEpoch end, SearchState written, RunDirectory searched)
    {
        if (written.Step < end.Step)
        {
            throw Unfinished(
                searched,
                Invariant($"has written its weights at step {written.Step}, and not those of its last step {end.Step}")
            );
        }
    }

    private static InvalidInputException Unfinished(RunDirectory searched, string how) =>
        new(
            $"the search in '{searched.Root}' {how}; continue it first: "
                + $"ProxylessRun.Search(RunOptions.Resume, RunOptions.Out = '{searched.Root}')"
        );
}
