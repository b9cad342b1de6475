using System.Globalization;
using Proxyless.Architectures;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>Derives an architecture from what a search has learned.</summary>
internal static class DeriveStage
{
    private const double UndecidedEntropy = 1.0 / 3;

    /// <summary>
    /// Derives a limit's network from the architecture parameters, and scores others that may be better; of a run's own
    /// files it writes only the scores.
    /// </summary>
    /// <param name="context">The common context of all stages.</param>
    /// <param name="goal">Target, table and limits.</param>
    /// <param name="log">The epochs of the search.</param>
    /// <param name="scorer">Scores with the weights of the search.</param>
    /// <param name="scores">The scores so far; new ones are added.</param>
    /// <param name="evaluations">
    /// Number of networks in the run's plan for its first limit; null: the usual number.
    /// </param>
    /// <exception cref="LimitNotMetException">No derived network is measured within the limits.</exception>
    public static ScoredLimit Score(
        RunContext context,
        SearchGoal goal,
        IReadOnlyList<SearchEpoch> log,
        PathScorer scorer,
        ScoreLog scores,
        int? evaluations = null
    )
    {
        bool isQuick = RunDefaults.Evaluations(context.Options) == 0;
        double entropy = log[^1].RelativeEntropy;
        if (isQuick && entropy > UndecidedEntropy)
        {
            context.Observer.Warning(
                Invariant(
                    $"the search has not converged: the entropy of the probabilities is {entropy:P0} of that of "
                        + $"uniform ones; give it more time (SearchOptions.Epochs) or a higher "
                        + $"SearchOptions.ArchitectureLearningRate, or let networks be scored "
                        + $"(SearchOptions.Evaluations)"
                )
            );
        }

        double[][] probabilities = DerivationProbabilities.Of(log, context.Options.Search.PruneThreshold);
        MeasuredChoice derived = new MeasuredDerivation(context.Space, context.Classes, goal, context.Observer).Derive(
            probabilities,
            context.CancellationToken
        );
        if (isQuick)
        {
            return new ScoredLimit(log, derived, null);
        }

        var decision = new DecisionStage(context, goal, scorer, scores, derived);
        decision.Score(evaluations);
        return new ScoredLimit(log, derived, decision);
    }

    /// <summary>Chooses a limit's network; all limits of a job are scored before, as their scores serve each.</summary>
    /// <param name="context">The common context of all stages.</param>
    /// <param name="scored">The limit.</param>
    /// <param name="scorer">Scores with the weights of the search.</param>
    /// <param name="tighter">The network that was chosen for a tighter limit of the target; null for none.</param>
    public static DerivedChoice Choose(
        RunContext context,
        ScoredLimit scored,
        PathScorer scorer,
        MeasuredChoice? tighter
    )
    {
        IReadOnlyList<SearchEpoch> log = scored.Log;
        if (scored.Decision is { } decision)
        {
            Decision decided = decision.Choose(log[^1].Step, tighter);
            return new DerivedChoice(log, decided.Chosen, decided.Score?.Top1) { Tried = decided.Tried };
        }

        double? top1 = scorer.Of(scored.Derived.Choice)?.Top1;
        if (top1 is null)
        {
            context.Observer.Message(
                "derived: with candidates whose weights the search has pruned, so there is no accuracy before the "
                    + "training"
            );
        }

        return new DerivedChoice(log, scored.Derived, top1);
    }

    /// <summary>
    /// Refuses to score networks with the weights of a search that has pruned candidates that another limit may need.
    /// </summary>
    /// <param name="context">The common context of all stages.</param>
    /// <param name="searched">The run whose search is finished.</param>
    /// <param name="log">The epochs of that search.</param>
    /// <exception cref="InvalidInputException">It has, and networks must be scored.</exception>
    public static void RequireWeights(RunContext context, RunDirectory searched, IReadOnlyList<SearchEpoch> log)
    {
        int pruned = PrunedCandidates.Of(log).Sum(block => block.Count(isPruned => isPruned));
        if (pruned > 0 && RunDefaults.Evaluations(context.Options) > 0)
        {
            throw new InvalidInputException(
                $"the search in '{searched.Root}' has removed {pruned} candidates that its own limit did not need, and "
                    + "their weights with them: networks of another limit cannot be scored. Derive from its "
                    + "architecture parameters alone with SearchOptions.Evaluations = 0, or search again with "
                    + "SearchOptions.PruneThreshold = 0"
            );
        }
    }

    /// <summary>Returns the network of a choice, with its result.</summary>
    /// <param name="context">The common context of all stages.</param>
    /// <param name="directory">The run of the network.</param>
    /// <param name="goal">Target, table and limits.</param>
    /// <param name="derived">The choice.</param>
    /// <param name="seconds">Duration of search and derivation, including profiling.</param>
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
            Report = directory.Report,
            ValidationTop1 = derived.SharedTop1,
            ExpectedLatencyMs = goal.Latency.Cost.Expectation(last.Probabilities),
            PredictedLatencyMs = chosen.PredictedMs,
            LatencyMs = chosen.MeasuredMs,
            LatencyIsMeasured = chosen.IsMeasured,
            LatencyLimitMs = goal.LatencyMs,
            Entropy = last.RelativeEntropy,
            Seconds = seconds,
            Tried =
            [
                .. derived.Tried.Select(tried => new TriedNetwork(
                    tried.Candidate.MeasuredMs,
                    -tried.Score!.Value,
                    tried.Steps,
                    tried.Candidate.Choice
                )),
            ],
        };
        return new DerivedNetwork(result, architecture, derived.Log);
    }
}

/// <summary>A limit whose networks are scored.</summary>
/// <param name="Log">The search's epochs.</param>
/// <param name="Derived">The network of the architecture parameters alone.</param>
/// <param name="Decision">Decides among the networks; null if the derived one is taken.</param>
internal sealed record ScoredLimit(IReadOnlyList<SearchEpoch> Log, MeasuredChoice Derived, DecisionStage? Decision);

/// <summary>The choice for a search.</summary>
/// <param name="Log">The search's epochs.</param>
/// <param name="Chosen">The architecture and its latency.</param>
/// <param name="SharedTop1">
/// Its accuracy with the shared weights, 0..1; null if the search has pruned some of them.
/// </param>
internal sealed record DerivedChoice(IReadOnlyList<SearchEpoch> Log, MeasuredChoice Chosen, double? SharedTop1)
{
    /// <summary>The networks that were trained a little before the choice, the best first.</summary>
    public IReadOnlyList<HalvingResult<MeasuredChoice>> Tried { get; init; } = [];
}
