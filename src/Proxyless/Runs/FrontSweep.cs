using Proxyless.Architectures;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>
/// Scores a few networks from the fastest of the space to the slowest, so that the front of accuracy against latency is
/// known over the whole range and not only near the limits that were asked for: at each of some latencies the one that
/// the additive predictor of all scores so far has as the best.
/// </summary>
internal static class FrontSweep
{
    /// <summary>Scores.</summary>
    /// <param name="context">What every stage is given.</param>
    /// <param name="goal">The target; limits other than that on latency are kept.</param>
    /// <param name="scorer">Scores networks with the shared weights.</param>
    /// <param name="scores">The scores so far, and where new ones are kept.</param>
    /// <param name="evaluations">Networks that the run's plan has for its first limit, or null.</param>
    public static void Run(RunContext context, SearchGoal goal, PathScorer scorer, ScoreLog scores, int? evaluations)
    {
        int points = RunDefaults.FrontPoints(context.Options, evaluations);
        string purpose = $"front of {goal.Target.Name}";

        // What was known before the first of them: a sweep that was stopped goes the same way again.
        List<ScoredNetwork> known = [.. scores.KnownTo(purpose).Select(Scored)];
        if (points == 0 || known.Count == 0)
        {
            return;
        }

        var choices = new HashSet<int[]>(known.Select(network => network.Choice), ChoiceComparer.Instance);
        SpaceCost latency = goal.Latency.Cost;
        var features = CandidateFeatures.Of(context.Space);
        IReadOnlyList<bool[]> isThere = scorer.Network.IsThere();
        var progress = new Progress(context.Observer, "front", 0, points, Progress.Unreported);
        for (int i = 0; i < points; i++)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            double share = (double)i / Math.Max(points - 1, 1);
            var limit = new CostLimit(latency, latency.Smallest + (share * (latency.Largest - latency.Smallest)));
            int[]? best = ArchitectureDerivation.TryMaximize(
                NetworkProposals.WithoutAbsent(AdditivePredictor.Fit(features, known).Effects, isThere),
                [limit, .. goal.Limits.Others]
            );
            if (best is not null && choices.Add(best))
            {
                known.Add(Scored(scores.Of(best, purpose, scorer.Required)));
            }

            progress.Report(i + 1, () => Invariant($"{limit.Limit:F3} ms"));
        }
    }

    private static ScoredNetwork Scored(SharedScore score) => new(score.Choice, -score.Loss);
}
