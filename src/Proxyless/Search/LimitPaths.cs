using Proxyless.Architectures;

namespace Proxyless.Search;

/// <summary>
/// Draws paths so that every limit gets as many: first a limit, evenly between the cheapest and the costliest network,
/// then a path from the most even odds whose expected cost is that limit (<see cref="LimitProjection"/>). Paths that
/// are drawn evenly, block by block, crowd in the middle of the space and leave tight and wide limits without weights
/// that have learnt.
/// </summary>
internal sealed class LimitPaths
{
    // Odds between two of them differ by less than a draw does.
    private const int Limits = 40;

    private readonly ArchitectureParameters[] _odds;

    /// <summary>Finds the odds of each limit.</summary>
    /// <param name="cost">What networks take.</param>
    /// <param name="isLeft">Whether candidate j of block i may be drawn; one of each block may.</param>
    public LimitPaths(SpaceCost cost, Func<int, int, bool> isLeft)
    {
        ArgumentNullException.ThrowIfNull(cost);
        ArgumentNullException.ThrowIfNull(isLeft);
        double cheapest = cost.Fixed + OverBlocks(cost, isLeft, Enumerable.Min);
        double costliest = cost.Fixed + OverBlocks(cost, isLeft, Enumerable.Max);
        _odds =
        [
            .. Enumerable
                .Range(1, Limits)
                .Select(k => OddsAt(cost, cheapest + ((costliest - cheapest) * k / (Limits + 1)), isLeft)),
        ];
    }

    /// <summary>Draws a path, a candidate's index for each block.</summary>
    public int[] Draw(Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return _odds[random.Next(_odds.Length)].Sample(random);
    }

    private static ArchitectureParameters OddsAt(SpaceCost cost, double limit, Func<int, int, bool> isLeft)
    {
        var odds = new ArchitectureParameters(cost.Candidates.Select(block => block.Length));
        for (int i = 0; i < odds.Blocks; i++)
        {
            foreach (int j in Enumerable.Range(0, odds.CandidatesIn(i)).Where(j => !isLeft(i, j)))
            {
                odds.Prune(i, j);
            }
        }

        new LimitProjection([new CostLimit(cost, limit)], usesUp: true).Apply(odds);
        return odds;
    }

    private static double OverBlocks(
        SpaceCost cost,
        Func<int, int, bool> isLeft,
        Func<IEnumerable<double>, double> extreme
    ) => cost.Candidates.Select((block, i) => extreme(block.Where((_, j) => isLeft(i, j)))).Sum();
}
