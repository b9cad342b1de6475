using Proxyless.Architectures;

namespace Proxyless.Search;

/// <summary>
/// Draws paths so that every limit gets equally many: first a limit, uniformly between the cheapest and the most
/// expensive network, then a path from the distribution of maximum entropy whose expected cost is that limit
/// (<see cref="LimitProjection"/>). Paths that are drawn uniformly, block by block, crowd in the middle of the space
/// and leave tight and wide limits without trained weights.
/// </summary>
internal sealed class LimitPaths
{
    // The probabilities of two neighbors differ by less than a draw does.
    private const int Limits = 40;

    private readonly ArchitectureParameters[] _odds;

    /// <summary>Finds the probabilities of each limit.</summary>
    /// <param name="cost">The costs of networks.</param>
    /// <param name="isThere">
    /// Whether candidate j of block i may be drawn, at [i][j]; at least one per block may.
    /// </param>
    public LimitPaths(SpaceCost cost, IReadOnlyList<bool[]> isThere)
    {
        ArgumentNullException.ThrowIfNull(cost);
        ArgumentNullException.ThrowIfNull(isThere);
        var even = ArchitectureParameters.Over(isThere);
        double cheapest = even.Smallest(cost);
        double costliest = even.Largest(cost);
        _odds =
        [
            .. Enumerable
                .Range(1, Limits)
                .Select(k => new CostLimit(cost, cheapest + ((costliest - cheapest) * k / (Limits + 1))))
                .Select(limit => LimitProjection.OddsAt(isThere, [limit])),
        ];
    }

    /// <summary>Draws a path: a candidate's index for each block.</summary>
    public int[] Draw(Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return _odds[random.Next(_odds.Length)].Sample(random);
    }
}
