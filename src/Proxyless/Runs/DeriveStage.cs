using System.Globalization;
using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>Derives an architecture from what a search has learnt.</summary>
internal static class DeriveStage
{
    private const int StatisticsBatches = 20;
    private const double UndecidedEntropy = 1.0 / 3;

    /// <summary>Chooses an architecture at the limits; nothing is written.</summary>
    /// <param name="context">What every stage is given.</param>
    /// <param name="goal">Target, table and limits.</param>
    /// <param name="log">The epochs of the search.</param>
    /// <param name="network">The super-network as the search has left it.</param>
    /// <exception cref="LimitNotMetException">No network that is derived is within the limits as measured.</exception>
    public static DerivedChoice Choose(
        RunContext context,
        SearchGoal goal,
        IReadOnlyList<SearchEpoch> log,
        SuperNetwork network
    )
    {
        double entropy = log[^1].RelativeEntropy;
        if (entropy > UndecidedEntropy)
        {
            context.Observer.Warning(
                Invariant(
                    $"the search has not decided: the entropy of the probabilities is {entropy:P0} of that of even "
                        + $"odds; give it more time (RunOptions.SearchEpochs) or a higher "
                        + $"RunOptions.ArchitectureLearningRate"
                )
            );
        }

        double[][] probabilities = DerivationProbabilities.Of(log, context.Options.PruneThreshold);
        MeasuredChoice chosen = new MeasuredDerivation(
            context.Space,
            context.Classes,
            goal.Target,
            context.Observer
        ).Derive(probabilities, goal.Limits, goal.Table, context.CancellationToken);
        double? score = SharedTop1(network, chosen.Choice, context);
        if (score is null)
        {
            context.Observer.Message(
                "derived: with candidates whose weights the search has pruned, so there is no accuracy before the "
                    + "training"
            );
        }

        return new DerivedChoice(log, chosen, score);
    }

    /// <summary>Chooses anew for the finished search of another run; nothing is written.</summary>
    /// <param name="context">What every stage is given.</param>
    /// <param name="searched">The run whose search is finished.</param>
    /// <param name="goal">Target, table and limits.</param>
    /// <param name="log">The epochs of that search.</param>
    /// <exception cref="InvalidInputException">The space has changed.</exception>
    /// <exception cref="LimitNotMetException">No network that is derived is within the limits as measured.</exception>
    public static DerivedChoice Again(
        RunContext context,
        RunDirectory searched,
        SearchGoal goal,
        IReadOnlyList<SearchEpoch> log
    )
    {
        using SuperNetwork network = SearchedNetwork.Open(context, searched, log);
        return Choose(context, goal, log, network);
    }

    /// <summary>The network of a choice, with what is told of it.</summary>
    /// <param name="context">What every stage is given.</param>
    /// <param name="directory">The run that it is for.</param>
    /// <param name="goal">Target, table and limits.</param>
    /// <param name="derived">What was chosen.</param>
    /// <param name="seconds">What search and derivation took, profiling included.</param>
    public static DerivedNetwork NetworkOf(
        RunContext context,
        RunDirectory directory,
        SearchGoal goal,
        DerivedChoice derived,
        double seconds
    )
    {
        MeasuredChoice chosen = derived.Chosen;
        SearchEpoch last = derived.Log[^1];
        string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
        var metadata = new Dictionary<string, string>
        {
            ["space"] = context.Space.Name,
            ["choice"] = string.Join(",", chosen.Choice),
            ["target"] = goal.Target.Id,
            ["latency_limit_ms"] = Number(goal.LatencyMs),
            ["latency_ms"] = Number(chosen.MeasuredMs),
        };
        if (derived.SharedTop1 is { } top1)
        {
            metadata[ArchitectureFile.SupernetTop1Key] = Number(top1);
        }

        string name = Path.GetFileName(Path.GetFullPath(directory.Root));
        Architecture architecture = context.Space.Architecture(chosen.Choice, context.Classes, name, metadata);
        var result = new SearchResult
        {
            Run = directory.Root,
            Architecture = directory.Architecture,
            ValidationTop1 = derived.SharedTop1,
            ExpectedLatencyMs = goal.Latency.Cost.Expectation(last.Probabilities),
            PredictedLatencyMs = chosen.PredictedMs,
            LatencyMs = chosen.MeasuredMs,
            LatencyIsMeasured = chosen.IsMeasured,
            LatencyLimitMs = goal.LatencyMs,
            Entropy = last.RelativeEntropy,
            Seconds = seconds,
        };
        return new DerivedNetwork(result, architecture, derived.Log);
    }

    /// <summary>
    /// Accuracy of a path with the shared weights on the images that architectures are chosen on, batch norm's
    /// statistics made anew.
    /// </summary>
    /// <returns>Top-1 in 0..1; null where the search has pruned some of the path's weights.</returns>
    public static double? SharedTop1(SuperNetwork network, IReadOnlyList<int> choice, RunContext context)
    {
        if (choice.Where((j, i) => network.Blocks[i].Candidates[j] is null).Any())
        {
            return null;
        }

        using CompactNetwork compact = network.Extract(choice);
        using BatchLoader training = context.Loaders.Training(context.Images.Weights, RandomUse.WeightImages);
        using BatchLoader held = context.Loaders.Evaluation(context.Images.Architecture);
        NetworkEvaluator.ReestimateStatistics(compact, training, StatisticsBatches, context.CancellationToken);
        return NetworkEvaluator
            .Evaluate(
                x => compact.Forward(x, NormPass.Evaluation),
                held,
                context.Device,
                cancellationToken: context.CancellationToken
            )
            .Top1;
    }
}

/// <summary>What was chosen for a search.</summary>
/// <param name="Log">The search's epochs.</param>
/// <param name="Chosen">The architecture and its latency.</param>
/// <param name="SharedTop1">
/// Its accuracy with the shared weights, 0..1; null where the search has pruned some of them.
/// </param>
internal sealed record DerivedChoice(IReadOnlyList<SearchEpoch> Log, MeasuredChoice Chosen, double? SharedTop1);
