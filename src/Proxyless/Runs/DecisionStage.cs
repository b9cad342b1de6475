using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>
/// Chooses the network of a limit by looking at networks, not at blocks: proposals of the architecture parameters, of
/// an additive predictor and of evolution are scored with the shared weights (<see cref="SurrogateSearch"/>), and the
/// best that is within the limit as measured is taken (docs/decisions/decision.md).
/// </summary>
/// <param name="context">What every stage is given.</param>
/// <param name="goal">Target, table and limits.</param>
/// <param name="network">The super-network as the search has left it.</param>
/// <param name="scores">The scores so far, and where new ones are kept.</param>
internal sealed class DecisionStage(RunContext context, SearchGoal goal, SuperNetwork network, ScoreLog scores)
{
    // Measurements differ from the table by a few per cent either way: one of the first is mostly within the limit.
    private const int MostMeasured = 12;

    /// <summary>Scores, ranks and measures.</summary>
    /// <param name="derived">What the architecture parameters alone would have, measured.</param>
    /// <returns>The best network, and its score.</returns>
    public (MeasuredChoice Chosen, SharedScore Score) Choose(MeasuredChoice derived)
    {
        using var scorer = new PathScorer(context, network);
        SharedScore Make(int[] choice) =>
            scorer.Of(choice) ?? throw new InvalidOperationException("a network that was pruned is no proposal");

        // What the table is off by at this limit, the derived network has shown.
        double correction = derived.MeasuredMs / goal.Latency.Cost.Of(derived.Choice);
        SpaceCost cost = goal.Table.WithCorrection(correction).ToSpaceCost(context.Space, context.Classes);
        CostLimit[] limits = [new CostLimit(cost, goal.LatencyMs), .. goal.Limits.Others];
        bool[][] isThere =
        [
            .. network.Blocks.Select(block => block.Candidates.Select(path => path is not null).ToArray()),
        ];
        int evaluations = RunDefaults.Evaluations(context.Options);
        int made = 0;
        var progress = new Progress(context.Observer, "decide", 0, evaluations, Progress.Unreported);
        SharedScore? best = null;
        double Score(int[] choice)
        {
            SharedScore score = scores.Of(choice, Make);
            best = best is null || score.Loss < best.Loss ? score : best;
            progress.Report(++made, () => Invariant($"best top-1 {best.Top1:P1}"));
            return -score.Loss;
        }

        IReadOnlyList<RankedNetwork> ranked = new SurrogateSearch(
            CandidateFeatures.Of(context.Space),
            isThere,
            limits
        ).Run(
            Score,
            evaluations,
            context.Options.Seed,
            HasAll(derived.Choice) ? [derived.Choice] : [],
            [.. scores.Scores.Select(score => new ScoredNetwork(score.Choice, -score.Loss))],
            context.CancellationToken
        );
        MeasuredChoice? chosen = FirstWithin(ranked, derived, cost);
        if (chosen is null)
        {
            context.Observer.Warning(
                "none of the networks with the best scores is within the limit as measured; the one that the "
                    + "architecture parameters give is taken"
            );
            chosen = derived;
        }

        SharedScore score = scores.Of(chosen.Choice, Make);
        context.Observer.Message(
            Invariant($"decided: {made} networks scored, {chosen.MeasuredMs:F3} ms, ")
                + Invariant($"top-1 with shared weights {score.Top1:P1} (loss {score.Loss:F3})")
        );
        return (chosen, score);
    }

    private bool HasAll(int[] choice) => !choice.Where((j, i) => network.Blocks[i].Candidates[j] is null).Any();

    private MeasuredChoice? FirstWithin(IReadOnlyList<RankedNetwork> ranked, MeasuredChoice derived, SpaceCost cost)
    {
        var measuring = new MeasuredDerivation(context.Space, context.Classes, goal.Target, context.Observer);
        foreach (RankedNetwork candidate in ranked.Take(MostMeasured))
        {
            MeasuredChoice measured = candidate.Choice.SequenceEqual(derived.Choice)
                ? derived
                : measuring.Measure(candidate.Choice, cost.Of(candidate.Choice), goal.Table, context.CancellationToken);
            if (measured.MeasuredMs <= goal.LatencyMs)
            {
                return measured;
            }

            context.Observer.Message(
                Invariant($"decided: measured {measured.MeasuredMs:F3} ms, over the limit of {goal.LatencyMs:F3} ms: ")
                    + "the next best is taken"
            );
        }

        return null;
    }
}
