using Proxyless.Networks;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>The super-network of a run whose search is finished.</summary>
internal static class SearchedNetwork
{
    /// <summary>Rejects a run whose search has not ended.</summary>
    /// <returns>The epochs of the search.</returns>
    /// <exception cref="InvalidInputException">It has not ended.</exception>
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

        IReadOnlyList<SearchEpoch> log = searched.ReadSearchLog();
        long done = log is [.., { } last] ? last.Step : 0;
        long planned = searched.Plan.Search?.WeightSteps ?? long.MaxValue;
        if (done < planned)
        {
            throw new InvalidInputException(
                $"the search in '{searched.Directory.Root}' is not finished; continue it first: "
                    + $"ProxylessRun.Search(RunOptions.Resume, RunOptions.Out = '{searched.Directory.Root}')"
            );
        }

        return log;
    }

    /// <summary>Loads the super-network as a finished search left it, without what it has pruned.</summary>
    /// <param name="context">Images and space.</param>
    /// <param name="searched">The run.</param>
    /// <param name="log">The epochs of its search.</param>
    /// <exception cref="InvalidInputException">There is no search, or the space has changed.</exception>
    public static SuperNetwork Open(RunContext context, RunDirectory searched, IReadOnlyList<SearchEpoch> log)
    {
        IReadOnlyList<double[]> last = log is [.., { } epoch]
            ? epoch.Probabilities
            : throw new InvalidInputException(
                $"{searched.SearchLog} holds no epoch: there is no search to take weights from"
            );
        (SafeTensorsFile checkpoint, string path) = new CheckpointFile(searched.SearchCheckpoint).Read(
            context.Observer
        );
        NetworkOptions options = context.NetworkOptions with { SharesWeights = SearchState.SharesWeights(checkpoint) };
        var network = new SuperNetwork(context.Space, context.Classes, options);
        if (!network.Blocks.Select(block => block.Candidates.Count).SequenceEqual(last.Select(block => block.Length)))
        {
            network.Dispose();
            throw new InvalidInputException(
                $"'{searched.Root}' was searched in a space with other candidates than '{context.Space.Name}' has now"
            );
        }

        for (int i = 0; i < network.Blocks.Count; i++)
        {
            foreach (int j in Enumerable.Range(0, network.Blocks[i].Candidates.Count).Where(j => last[i][j] == 0))
            {
                network.Blocks[i].Prune(j);
            }
        }

        checkpoint.CopyTo(network.Tensors, path);
        return network;
    }
}
