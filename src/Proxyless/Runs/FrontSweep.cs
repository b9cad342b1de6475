using Proxyless.Architectures;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>
/// Scores a few networks from the fastest of the space to the slowest, so that the front of accuracy against latency is
/// known over the whole range and not only near the requested limits: at each of some latencies, the network that the
/// additive predictor of all scores so far ranks best.
/// </summary>
internal static class FrontSweep
{
    /// <summary>Scores the networks.</summary>
    /// <param name="context">The common context of all stages.</param>
    /// <param name="goal">The target; limits other than on latency are kept.</param>
    /// <param name="scorer">Scores networks with the shared weights.</param>
    /// <param name="scores">The scores so far; new ones are added.</param>
    /// <param name="evaluations">Number of networks in the run's plan for its first limit, or null.</param>
    public static void Run(RunContext context, SearchGoal goal, PathScorer scorer, ScoreLog scores, int? evaluations)
    {
        int points = RunDefaults.FrontPoints(context.Options, evaluations);
        string purpose = $"front of {goal.Target.Name}";

        // What was known before the first of them: a sweep that was stopped repeats the same networks.
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
