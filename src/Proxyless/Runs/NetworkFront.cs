using Proxyless.Architectures;

namespace Proxyless.Runs;

/// <summary>A network that was scored with the shared weights of a search.</summary>
/// <param name="LatencyMs">Its latency by the target's table, in milliseconds.</param>
/// <param name="Top1">Share of correct answers on images that no weight learned from, 0..1.</param>
/// <param name="Choice">A candidate for each block of the space.</param>
public sealed record ScoredPoint(double LatencyMs, double Top1, IReadOnlyList<int> Choice);

/// <summary>The accuracy that the networks of a searched space reach at each latency of a target.</summary>
public sealed record NetworkFront
{
    /// <summary>
    /// The networks for which no other scored one is both faster and more accurate, the fastest first: each is more
    /// accurate than the one before.
    /// </summary>
    public required IReadOnlyList<ScoredPoint> Best { get; init; }

    /// <summary>All scored networks, in the order of their scoring.</summary>
    public required IReadOnlyList<ScoredPoint> Scored { get; init; }

    /// <summary>Combines scores with latencies.</summary>
    /// <param name="scores">The scores.</param>
    /// <param name="latency">The latencies of the space's networks.</param>
    /// <returns>Null if nothing was scored.</returns>
    internal static NetworkFront? Of(IReadOnlyList<SharedScore> scores, SpaceCost latency)
    {
        ScoredPoint[] points =
        [
            .. scores.Select(score => new ScoredPoint(latency.Of(score.Choice), score.Top1, score.Choice)),
        ];
        return points.Length == 0 ? null : new NetworkFront { Best = BestOf(points), Scored = points };
    }

    private static List<ScoredPoint> BestOf(IEnumerable<ScoredPoint> points)
    {
        var best = new List<ScoredPoint>();
        foreach (ScoredPoint point in points.OrderBy(point => point.LatencyMs).ThenByDescending(point => point.Top1))
        {
            if (best.Count == 0 || point.Top1 > best[^1].Top1)
            {
                best.Add(point);
            }
        }

        return best;
    }
}
