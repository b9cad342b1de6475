using Proxyless.Architectures;
using Proxyless.Search;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>
/// Scores a few networks from the fastest of the space to the slowest, so that the front of accuracy against latency is
/// known over the whole range and not only near the requested limits: the slowest network, and at each of some
/// latencies the one that the additive predictor of all scores so far ranks best. Without the slowest the predictor
/// would know nothing of candidates that no network within a tight limit has. Limits are decided afterwards: a network
/// of the front can be chosen.
/// </summary>
internal static class FrontSweep
{
    private const string Purpose = "front of ";

    // Predictions are less certain, and where latency is proportional to what is limited, the exact answer takes hours.
    private const double Slack = 0.01;

    /// <summary>Scores the networks of each target of which a limit has not failed.</summary>
    /// <param name="limits">The limits, whose own networks are scored.</param>
    /// <param name="scorer">Scores networks with the shared weights.</param>
    /// <param name="scores">The scores so far; new ones are added.</param>
    /// <param name="evaluations">Number of networks in the run's plan for its first limit, or null.</param>
    public static void Run<T>(IReadOnlyList<PartResult<T>> limits, PathScorer scorer, ScoreLog scores, int? evaluations)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(limits);
        foreach (
            SearchPart target in limits
                .Where(limit => limit.Failure is null)
                .Select(limit => limit.Part)
                .DistinctBy(part => part.Goal.Target)
        )
        {
            Run(target.Context, target.Goal, scorer, scores, evaluations);
        }
    }

    /// <summary>Scores the networks of a target.</summary>
    /// <param name="context">The common context of all stages.</param>
    /// <param name="goal">The target; limits other than on latency are kept.</param>
    /// <param name="scorer">Scores networks with the shared weights.</param>
    /// <param name="scores">The scores so far; new ones are added.</param>
    /// <param name="evaluations">Number of networks in the run's plan for its first limit, or null.</param>
    public static void Run(RunContext context, SearchGoal goal, PathScorer scorer, ScoreLog scores, int? evaluations)
    {
        int points = RunDefaults.FrontPoints(context.Options, evaluations);
        string purpose = $"{Purpose}{goal.Target.Name}";

        // What was known before the first of them: a sweep that was stopped repeats the same networks.
        List<ScoredNetwork> known = [.. scores.KnownTo(purpose).Select(score => score.ToScored(scorer.Network))];
        if (points == 0 || known.Count == 0)
        {
            return;
        }

        var choices = new HashSet<int[]>(known.Select(network => network.Choice), ChoiceComparer.Instance);
        SpaceCost latency = goal.Latency.Cost;
        var features = CandidateFeatures.Of(context.Space);
        IReadOnlyList<bool[]> isThere = scorer.Network.IsDifferent();
        var progress = new Progress(context.Observer, "front", 0, points + 1, Progress.Unreported);
        void Score(IReadOnlyList<double[]> values, double limit, int done)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            int[]? best = Best(
                NetworkProposals.WithoutAbsent(values, isThere),
                [new CostLimit(latency, limit), .. goal.Limits.Others],
                context.CancellationToken
            );
            if (best is not null && choices.Add(best))
            {
                try
                {
                    known.Add(scores.Of(best, purpose, scorer.Required).ToScored(scorer.Network));
                }
                catch (TrainingDivergedException exception)
                {
                    // No limit has to have it.
                    context.Observer.Warning($"a network is left out of the front: {exception.Message}");
                }
            }

            progress.Report(done, () => $"{MillisecondText.Of(limit)} ms");
        }

        Score(latency.Candidates, latency.Largest, 1);
        for (int i = 0; i < points; i++)
        {
            double share = (double)i / Math.Max(points - 1, 1);
            Score(
                AdditivePredictor.Fit(features, known).Effects,
                latency.Smallest + (share * (latency.Largest - latency.Smallest)),
                i + 2
            );
        }
    }

    /// <summary>Returns a network whose sum of values is nearly the highest within the limits; null for none.</summary>
    /// <param name="values">At [i][j].</param>
    /// <param name="limits">The limits.</param>
    /// <param name="cancellationToken">Stops.</param>
    internal static int[]? Best(
        IReadOnlyList<double[]> values,
        IReadOnlyList<CostLimit> limits,
        CancellationToken cancellationToken
    ) =>
        ArchitectureDerivation
            .Maximize(values, limits, Slack, ArchitectureDerivation.MostPartials, cancellationToken)
            .Choice;
}
