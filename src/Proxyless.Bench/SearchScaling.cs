using Proxyless.Runs;
using Proxyless.Training;

namespace Proxyless.Bench;

/// <summary>A search whose steps several processes share, each on a machine like this one.</summary>
/// <param name="Ranks">The number of processes.</param>
/// <param name="Hours">Hours; null if a step has fewer than two images for each.</param>
/// <param name="ExchangeShare">Share of the hours in which numbers travel and nothing is computed.</param>
/// <param name="LeastBatch">The fewest images of a step with which that many processes can share it.</param>
internal sealed record SearchOnRanks(int Ranks, double? Hours, double? ExchangeShare, long LeastBatch);

/// <summary>Predicts the hours of a search on several machines.</summary>
internal static class SearchScaling
{
    // A step begins with a byte of the leader; its loss is a mean, with the sandwich rule the widest path's as well.
    private const int SmallSumsPerStep = 3;
    private const double SmallSum = 64;

    /// <summary>
    /// Predicts them: images are divided, and a step's gradients are summed up after it, not during it.
    /// </summary>
    /// <param name="alone">The search in one process.</param>
    /// <param name="ranks">Numbers of processes.</param>
    /// <param name="link">What connects them.</param>
    public static IReadOnlyList<SearchOnRanks> Predict(SearchBenchResult alone, IEnumerable<int> ranks, Link link) =>
        [
            .. ranks.Select(count =>
            {
                long least = RunContext.FewestImagesOfStep * (long)count;
                if (alone.BatchSize < least)
                {
                    return new SearchOnRanks(count, null, null, least);
                }

                double computed =
                    (
                        (
                            (alone.WeightSteps * alone.WeightStepSeconds)
                            + (alone.ArchitectureSteps * alone.ArchitectureStepSeconds)
                            + (alone.FinalSteps * alone.FinalStepSeconds)
                        ) / count
                    ) + (alone.ScoredNetworks * alone.ScoreSeconds / Math.Min(count, PathScorer.StatisticsBatches));
                double small = SmallSumsPerStep * link.SumSeconds(count, SmallSum);
                double exchanged =
                    (alone.WeightSteps * (small + Gradients(link, count, alone.WeightStepBytes)))
                    + (alone.ArchitectureSteps * small)
                    + (alone.FinalSteps * (small + Gradients(link, count, alone.FinalStepBytes)))
                    + (alone.ScoredNetworks * small);
                return new SearchOnRanks(
                    count,
                    (computed + exchanged) / 3600,
                    exchanged / (computed + exchanged),
                    least
                );
            }),
        ];

    /// <summary>The time of an exchange of gradients, which goes in parts.</summary>
    private static double Gradients(Link link, int ranks, double bytes)
    {
        double parts = Math.Max(1, Math.Floor(bytes / sizeof(float) / GradientExchange.NumbersPerPart));
        return link.SumSeconds(ranks, bytes) + ((parts - 1) * link.SumSeconds(ranks, 0));
    }
}
