namespace Proxyless.Search;

/// <summary>
/// Proposes new networks that are within the limits. The caller that uses a proposal adds it to the known ones.
/// </summary>
/// <param name="isThere">Whether candidate j of block i exists, at [i][j]; each block has one.</param>
/// <param name="limits">The limits of the networks.</param>
/// <param name="known">Networks that are not proposed; compares with <see cref="ChoiceComparer"/>.</param>
/// <param name="random">Draws.</param>
/// <param name="cancellationToken">Stops.</param>
internal sealed class NetworkProposals(
    IReadOnlyList<bool[]> isThere,
    IReadOnlyList<CostLimit> limits,
    IReadOnlySet<int[]> known,
    Random random,
    CancellationToken cancellationToken = default
)
{
    private const double MostOfTheLimit = 0.9;
    private const int DrawsNearTheLimit = 20;
    private const int Tries = 100;

    // A known network takes one for each block that is still open: about 20 known ones are passed by at least.
    private const int DerivationsOfBlock = 20;
    private const int FewestDerivations = 100;

    // At a limit near the most expensive network, odds that use it up give nearly that one alone. At a tight limit both
    // are the same.
    private readonly ArchitectureParameters[] _odds =
    [
        LimitProjection.OddsAt(isThere, limits),
        LimitProjection.OddsAt(isThere, limits, usesUp: false),
    ];

    private int _drawn;

    /// <summary>Whether all candidates exist and all limits are met.</summary>
    /// <param name="choice">A candidate for each block.</param>
    /// <param name="isThere">Whether candidate j of block i exists, at [i][j].</param>
    /// <param name="limits">The limits.</param>
    public static bool IsWithin(int[] choice, IReadOnlyList<bool[]> isThere, IReadOnlyList<CostLimit> limits)
    {
        ArgumentNullException.ThrowIfNull(choice);
        return !choice.Where((j, i) => !isThere[i][j]).Any() && limits.All(limit => limit.Allows(choice));
    }

    /// <summary>Whether a network is not known and within the limits.</summary>
    /// <param name="choice">A candidate for each block.</param>
    public bool IsNew(int[] choice) => !known.Contains(choice) && IsWithin(choice, isThere, limits);

    /// <summary>
    /// Finds the new network with the highest sum of effects, as exactly as <see cref="ArchitectureDerivation"/> does:
    /// if the best one is known, the rest is divided into disjoint parts, each with its own best one (Lawler,
    /// Management Science 18, 1972).
    /// </summary>
    /// <param name="effects">At [i][j].</param>
    /// <returns>
    /// Null if every network within the limits is known, or if so many of the best are known that finding the next
    /// takes too long.
    /// </returns>
    public int[]? Best(IReadOnlyList<double[]> effects)
    {
        ArgumentNullException.ThrowIfNull(effects);
        var parts = new PriorityQueue<Part, double>();
        void Add(double[][] values, int divided)
        {
            if (ArchitectureDerivation.TryMaximize(values, limits, cancellationToken) is { } best)
            {
                parts.Enqueue(new Part(values, best, divided), -best.Select((j, i) => effects[i][j]).Sum());
            }
        }

        Add(WithoutAbsent(effects, isThere), 0);
        int derivations = 1;
        int most = Math.Max(FewestDerivations, DerivationsOfBlock * isThere.Count);
        while (parts.TryDequeue(out Part? part, out _))
        {
            if (!known.Contains(part.Best))
            {
                return part.Best;
            }

            if (derivations > most)
            {
                return null;
            }

            for (int i = part.Divided; i < part.Best.Length; i++)
            {
                if (part.Values[i].Count(ArchitectureDerivation.IsCandidate) == 1)
                {
                    continue;
                }

                Add(
                    [
                        .. part.Values.Select(
                            (block, k) =>
                                block
                                    .Select(
                                        (value, j) =>
                                            (k < i && j != part.Best[k]) || (k == i && j == part.Best[k])
                                                ? double.NegativeInfinity
                                                : value
                                    )
                                    .ToArray()
                        ),
                    ],
                    i
                );
                derivations++;
            }
        }

        return null;
    }

    /// <summary>Returns the effects, with minus infinity for missing candidates.</summary>
    /// <param name="effects">At [i][j].</param>
    /// <param name="isThere">Whether candidate j of block i exists, at [i][j].</param>
    public static double[][] WithoutAbsent(IReadOnlyList<double[]> effects, IReadOnlyList<bool[]> isThere) =>
        [
            .. isThere.Select(
                (block, i) => block.Select((there, j) => there ? effects[i][j] : double.NegativeInfinity).ToArray()
            ),
        ];

    /// <summary>
    /// Draws a random network that uses most of a limit, if possible: from the distribution of maximum entropy whose
    /// expected costs are the limits, and every other time from the one whose expected costs are at most the limits
    /// (<see cref="LimitProjection"/>). If no draw is within them, the best network for random effects.
    /// </summary>
    /// <returns>Null if no new network is found.</returns>
    public int[]? Draw()
    {
        ArchitectureParameters odds = _odds[_drawn++ % _odds.Length];
        int[]? nearest = null;
        double most = double.NegativeInfinity;
        for (int i = 0; i < Tries && (nearest is null || i < DrawsNearTheLimit); i++)
        {
            int[] choice = odds.Sample(random);
            double use = limits.Select(limit => limit.Cost.Of(choice) / limit.Limit).DefaultIfEmpty(1).Max();
            if (use > most && IsNew(choice))
            {
                (nearest, most) = (choice, use);
            }

            if (most >= MostOfTheLimit)
            {
                break;
            }
        }

        return nearest ?? Best([.. isThere.Select(block => block.Select(_ => random.NextDouble()).ToArray())]);
    }

    /// <summary>Returns the network with at least one block changed, one on average.</summary>
    /// <param name="parent">A candidate for each block.</param>
    /// <returns>Null if no new network is found.</returns>
    public int[]? Mutate(int[] parent)
    {
        ArgumentNullException.ThrowIfNull(parent);
        for (int i = 0; i < Tries; i++)
        {
            int[] child = [.. parent.Select((j, block) => random.Next(parent.Length) == 0 ? Other(block, j) : j)];
            if (IsNew(child))
            {
                return child;
            }
        }

        return null;
    }

    /// <summary>Returns a network that takes each block from one of two with equal probability.</summary>
    /// <param name="first">A candidate for each block.</param>
    /// <param name="second">Another network.</param>
    /// <returns>Null if no new network is found.</returns>
    public int[]? Cross(int[] first, int[] second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        for (int i = 0; i < Tries; i++)
        {
            int[] child = [.. first.Zip(second, (left, right) => random.Next(2) == 0 ? left : right)];
            if (IsNew(child))
            {
                return child;
            }
        }

        return null;
    }

    private int Other(int block, int candidate)
    {
        int[] others = [.. _odds[0].AliveIn(block).Where(j => j != candidate)];
        return others.Length > 0 ? others[random.Next(others.Length)] : candidate;
    }

    private sealed record Part(double[][] Values, int[] Best, int Divided);
}
