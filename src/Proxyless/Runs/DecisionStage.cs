using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>
/// Chooses the network of a limit by scoring whole networks, not blocks: proposals of the architecture parameters, of
/// an additive predictor and of evolution are scored with the shared weights (<see cref="SurrogateSearch"/>); the best
/// few that are measured within the limit are trained a little and halved repeatedly (<see cref="FinalRound"/>;
/// docs/decisions/decision.md).
/// </summary>
/// <param name="context">The common context of all stages.</param>
/// <param name="goal">Target, table and limits.</param>
/// <param name="scorer">Scores with the weights of the search.</param>
/// <param name="scores">The scores so far; new ones are added.</param>
/// <param name="searchSteps">Weight steps of the search, which determine those of the final round.</param>
/// <param name="planned">Number of networks in the run's plan for its first limit; null: the usual number.</param>
internal sealed class DecisionStage(
    RunContext context,
    SearchGoal goal,
    PathScorer scorer,
    ScoreLog scores,
    long searchSteps,
    int? planned
)
{
    // Measurements differ from the table by a few percent in both directions: about half of the best are within the
    // limit.
    private const int MostOver = 12;

    /// <summary>Scores, ranks and measures.</summary>
    /// <param name="derived">The network of the architecture parameters alone, measured.</param>
    public Decision Choose(MeasuredChoice derived)
    {
        SuperNetwork network = scorer.Network;

        // The derived network has shown the table's error at this limit.
        double correction = derived.MeasuredMs / goal.Latency.Cost.Of(derived.Choice);
        SpaceCost cost = goal.Table.WithCorrection(correction).ToSpaceCost(context.Space, context.Classes);
        CostLimit[] limits = [new CostLimit(cost, goal.LatencyMs), .. goal.Limits.Others];
        string purpose = Invariant($"{goal.Target.Name} {goal.LatencyMs:R} ms");
        IReadOnlyList<SharedScore> known = scores.KnownTo(purpose);
        int evaluations = RunDefaults.Evaluations(context.Options, planned, known.Count);
        int made = 0;
        var progress = new Progress(context.Observer, "decide", 0, evaluations, Progress.Unreported);
        SharedScore? best = null;
        double Score(int[] choice)
        {
            SharedScore score = scores.Of(choice, purpose, scorer.Required);
            best = best is null || score.Loss < best.Loss ? score : best;
            progress.Report(++made, () => Invariant($"best top-1 {best.Top1:P1}"));
            return -score.Loss;
        }

        IReadOnlyList<RankedNetwork> ranked = new SurrogateSearch(
            CandidateFeatures.Of(context.Space),
            network.IsThere(),
            limits
        ).Run(
            Score,
            evaluations,
            context.Options.Seed,
            [derived.Choice],
            [.. known.Select(score => new ScoredNetwork(score.Choice, -score.Loss))],
            context.CancellationToken
        );
        long steps = RunDefaults.FinalSteps(searchSteps);
        List<MeasuredChoice> finalists = FirstWithin(
            ranked,
            FinalRound.Enough(RunDefaults.Finalists(context.Options), steps),
            derived,
            cost
        );
        if (finalists.Count == 0)
        {
            context.Observer.Warning(
                "none of the networks with the best scores is measured within the limit; the one of the "
                    + "architecture parameters is used"
            );
        }

        IReadOnlyList<HalvingResult<MeasuredChoice>> tried =
            finalists.Count < 2 ? [] : new FinalRound(context, scorer).Rank(finalists, steps);
        MeasuredChoice chosen = tried.Select(result => result.Candidate).Concat(finalists).FirstOrDefault(derived);
        SharedScore? score = network.HasAll(chosen.Choice) ? scores.Of(chosen.Choice, purpose, scorer.Required) : null;
        context.Observer.Message(
            Invariant($"decided: {made} networks scored, {finalists.Count} in the final round, ")
                + Invariant($"{chosen.MeasuredMs:F3} ms")
                + (
                    score is null
                        ? ""
                        : Invariant($", top-1 with shared weights {score.Top1:P1} (loss {score.Loss:F3})")
                )
        );
        return new Decision(chosen, score, tried);
    }

    /// <summary>The best by estimate that are measured within the limit.</summary>
    private List<MeasuredChoice> FirstWithin(
        IReadOnlyList<RankedNetwork> ranked,
        int count,
        MeasuredChoice derived,
        SpaceCost cost
    )
    {
        var measuring = new MeasuredDerivation(context.Space, context.Classes, goal.Target, context.Observer);
        var within = new List<MeasuredChoice>();
        int over = 0;
        foreach (RankedNetwork candidate in ranked)
        {
            if (within.Count == count || over == MostOver)
            {
                break;
            }

            MeasuredChoice measured = candidate.Choice.SequenceEqual(derived.Choice)
                ? derived
                : measuring.Measure(candidate.Choice, cost.Of(candidate.Choice), goal.Table, context.CancellationToken);
            if (measured.MeasuredMs <= goal.LatencyMs)
            {
                within.Add(measured);
                continue;
            }

            over++;
            context.Observer.Message(
                Invariant($"decided: measured {measured.MeasuredMs:F3} ms, over the limit of {goal.LatencyMs:F3} ms: ")
                    + "the next best is used"
            );
        }

        return within;
    }
}

/// <summary>A decision for a limit.</summary>
/// <param name="Chosen">The best network.</param>
/// <param name="Score">Its score; null if the search has pruned some of its weights.</param>
/// <param name="Tried">The networks of the final round, the best first; empty if there was none.</param>
internal sealed record Decision(
    MeasuredChoice Chosen,
    SharedScore? Score,
    IReadOnlyList<HalvingResult<MeasuredChoice>> Tried
);
