namespace Proxyless.Search;

/// <summary>
/// The best architecture within limits: maximizes the sum of a value for each block's candidate (log p_ij: the most
/// probable) over all choices whose costs are within the limits. A multiple-choice knapsack problem: blocks are merged
/// one after another, and only choices are kept that no other beats in all costs and value, and that can still become
/// as good as a known choice (<see cref="LagrangianBound"/>); no cost is rounded. So it is solved exactly, unless too
/// many choices are equally good: where values are proportional to a cost, it is a subset sum problem.
/// </summary>
internal static class ArchitectureDerivation
{
    /// <summary>
    /// The most choices for the first blocks that are compared with each other, which takes seconds. Of more, those
    /// with the highest bounds stay. With values unlike the costs, a space of the published size has given at most a
    /// fifth of it under three limits.
    /// </summary>
    public const int MostPartials = 50_000;

    // The mean range of log p_ij in a block, for which the bound's tolerance is chosen.
    private const double UsualRange = 4;

    /// <summary>Derives the architecture.</summary>
    /// <param name="probabilities">p_ij at [i][j]; a candidate of probability 0 is never chosen.</param>
    /// <param name="limits">
    /// The costs that must stay within their limits; none gives the most probable candidate of each block.
    /// </param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>
    /// A candidate for each block. Among equally probable choices the one with the lowest costs, in the order of the
    /// limits.
    /// </returns>
    /// <exception cref="LimitNotMetException">
    /// No choice is within all limits; the message says the smallest possible value.
    /// </exception>
    public static int[] Derive(
        IReadOnlyList<double[]> probabilities,
        IReadOnlyList<CostLimit> limits,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        ArgumentNullException.ThrowIfNull(limits);
        foreach (CostLimit limit in limits)
        {
            limit.RequirePossible();
        }

        Maximum found = Find(probabilities, limits, cancellationToken);
        string left = probabilities.Any(block => block.Any(p => p == 0)) ? " that the search left" : "";
        string meets = found.Gap > 0 ? "was found that meets" : "meets";
        return found.Choice
            ?? throw new LimitNotMetException(
                $"no architecture{left} {meets} all limits at once ({string.Join(", ", limits)}); raise one of them"
            );
    }

    /// <summary>As <see cref="Derive"/>, or null if no choice is within all limits.</summary>
    public static int[]? TryDerive(
        IReadOnlyList<double[]> probabilities,
        IReadOnlyList<CostLimit> limits,
        CancellationToken cancellationToken
    ) => Find(probabilities, limits, cancellationToken).Choice;

    /// <summary>As <see cref="TryDerive"/>, and how good it is; the gap is one of log p.</summary>
    public static Maximum Find(
        IReadOnlyList<double[]> probabilities,
        IReadOnlyList<CostLimit> limits,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        ArgumentNullException.ThrowIfNull(limits);
        return Merge(
            [.. probabilities.Select(block => block.Select(p => Math.Log(p)).ToArray())],
            limits,
            slack: 0,
            MostPartials,
            cancellationToken
        );
    }

    /// <summary>Returns the choice within the limits with the highest sum of values.</summary>
    /// <param name="values">
    /// The value of candidate j of block i at [i][j], of any unit and scale; minus infinity for one that is never
    /// chosen.
    /// </param>
    /// <param name="limits">
    /// The costs that must stay within their limits; none gives the best candidate of each block.
    /// </param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>
    /// A candidate for each block, or null if no choice is within all limits. Among equally good choices the one with
    /// the lowest costs, in the order of the limits.
    /// </returns>
    public static int[]? TryMaximize(
        IReadOnlyList<double[]> values,
        IReadOnlyList<CostLimit> limits,
        CancellationToken cancellationToken
    ) => Maximize(values, limits, slack: 0, MostPartials, cancellationToken).Choice;

    /// <summary>As <see cref="TryMaximize"/>, and how good it is.</summary>
    /// <param name="values">The values, at [i][j].</param>
    /// <param name="limits">The limits.</param>
    /// <param name="slack">
    /// By how much another choice may be better, as a share of the sum of the blocks' ranges of values; 0: not at all.
    /// </param>
    /// <param name="most">The most choices for the first blocks that are compared with each other.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static Maximum Maximize(
        IReadOnlyList<double[]> values,
        IReadOnlyList<CostLimit> limits,
        double slack,
        int most,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(limits);
        if (values.Any(block => !block.Any(IsCandidate)))
        {
            return new Maximum(null, 0, 0);
        }

        double[] highest = [.. values.Select(block => block.Where(IsCandidate).Max())];
        double range = values.Select((block, i) => highest[i] - block.Where(IsCandidate).Min()).Average();
        double scale = range > 0 ? UsualRange / range : 1;
        Maximum scaled = Merge(
            [.. values.Select((block, i) => block.Select(value => (value - highest[i]) * scale).ToArray())],
            limits,
            slack * UsualRange * values.Count,
            most,
            cancellationToken
        );
        return scaled with { Gap = scaled.Gap / scale };
    }

    /// <summary>Whether a candidate of this value can be chosen.</summary>
    internal static bool IsCandidate(double value) => value > double.NegativeInfinity;

    private static Maximum Merge(
        double[][] values,
        IReadOnlyList<CostLimit> limits,
        double slack,
        int most,
        CancellationToken cancellationToken
    )
    {
        int blocks = values.Length;
        double[,] leastLeft = LeastCostLeft(values, limits);
        LagrangianBound bound = new(values, limits);
        double wanted = bound.Known - bound.Tolerance + slack;
        int kept = 0;
        List<Partial> front = [new Partial([.. limits.Select(limit => limit.Cost.Fixed)], 0, -1, null)];
        for (int i = 0; i < blocks; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            double BoundOf(Partial partial) => bound.Of(partial.Value, partial.Costs, i + 1);
            var merged = new List<Partial>(front.Count * values[i].Length);
            foreach (Partial partial in front)
            {
                for (int j = 0; j < values[i].Length; j++)
                {
                    if (
                        IsCandidate(values[i][j])
                        && Extend(partial, i, j, values[i][j], limits, leastLeft) is { } extended
                        && BoundOf(extended) >= wanted
                    )
                    {
                        merged.Add(extended);
                    }
                }
            }

            if (merged.Count > most)
            {
                merged = [.. merged.OrderByDescending(BoundOf).Take(most)];
                wanted = BoundOf(merged[^1]);
            }

            front = ParetoFront(merged, cancellationToken);
            kept += front.Count;
        }

        Partial? best = front.Count == 0 ? null : front.Aggregate(Better);
        (int[]? choice, double value) =
            best is not null && best.Value >= bound.Known - bound.Tolerance
                ? (best.Choice(blocks), best.Value)
                : (bound.Choice, bound.Known);

        // Whatever was left out is below what was wanted.
        return new Maximum(choice, wanted > value ? wanted - value : 0, kept);
    }

    private static Partial? Extend(
        Partial partial,
        int block,
        int candidate,
        double value,
        IReadOnlyList<CostLimit> limits,
        double[,] leastLeft
    )
    {
        var costs = new double[limits.Count];
        for (int c = 0; c < costs.Length; c++)
        {
            costs[c] = partial.Costs[c] + limits[c].Cost.Candidates[block][candidate];

            if (costs[c] + leastLeft[block + 1, c] > limits[c].LimitOfSums)
            {
                return null;
            }
        }

        return new Partial(costs, partial.Value + value, candidate, partial);
    }

    private static double[,] LeastCostLeft(double[][] values, IReadOnlyList<CostLimit> limits)
    {
        var least = new double[values.Length + 1, limits.Count];
        for (int i = values.Length - 1; i >= 0; i--)
        {
            for (int c = 0; c < limits.Count; c++)
            {
                double smallest = double.PositiveInfinity;
                for (int j = 0; j < values[i].Length; j++)
                {
                    smallest = IsCandidate(values[i][j])
                        ? Math.Min(smallest, limits[c].Cost.Candidates[i][j])
                        : smallest;
                }

                least[i, c] = least[i + 1, c] + smallest;
            }
        }

        return least;
    }

    private static List<Partial> ParetoFront(List<Partial> partials, CancellationToken cancellationToken)
    {
        // From the best to the worst, ties by cost: a later one can stay only if it is cheaper in some cost.
        partials.Sort(
            static (left, right) =>
            {
                int byValue = right.Value.CompareTo(left.Value);
                return byValue != 0 ? byValue : left.Costs.AsSpan().SequenceCompareTo(right.Costs);
            }
        );

        var front = new List<Partial>();
        var coverers = new List<double[]>();
        double cheapest = double.PositiveInfinity;
        foreach (Partial partial in partials)
        {
            cancellationToken.ThrowIfCancellationRequested();
            bool stays = partial.Costs.Length switch
            {
                0 => front.Count == 0,
                1 => partial.Costs[0] < cheapest,
                _ => !IsCovered(coverers, partial.Costs),
            };
            if (stays)
            {
                front.Add(partial);
                coverers.Add(partial.Costs);
                cheapest = partial.Costs.Length > 0 ? partial.Costs[0] : cheapest;
            }
        }

        return front;
    }

    /// <summary>
    /// Whether one of the choices is nowhere more expensive. Those that cover something move forward: they are likely
    /// to cover more.
    /// </summary>
    private static bool IsCovered(List<double[]> coverers, double[] costs)
    {
        for (int i = 0; i < coverers.Count; i++)
        {
            if (Covers(coverers[i], costs))
            {
                (coverers[i / 2], coverers[i]) = (coverers[i], coverers[i / 2]);
                return true;
            }
        }

        return false;
    }

    private static bool Covers(double[] left, double[] right)
    {
        for (int c = 0; c < left.Length; c++)
        {
            if (left[c] > right[c])
            {
                return false;
            }
        }

        return true;
    }

    private static Partial Better(Partial left, Partial right)
    {
        int byValue = left.Value.CompareTo(right.Value);
        return byValue > 0 || (byValue == 0 && left.Costs.AsSpan().SequenceCompareTo(right.Costs) <= 0) ? left : right;
    }

    private sealed record Partial(double[] Costs, double Value, int Candidate, Partial? Before)
    {
        public int[] Choice(int blocks)
        {
            var choice = new int[blocks];
            Partial partial = this;
            for (int i = blocks - 1; i >= 0; i--)
            {
                choice[i] = partial.Candidate;
                partial = partial.Before!;
            }

            return choice;
        }
    }
}

/// <summary>What a maximization found.</summary>
/// <param name="Choice">A candidate for each block; null: no choice within all limits was found.</param>
/// <param name="Gap">
/// By how much the sum of values of another choice within the limits may be higher; 0: it is the highest, or no choice
/// is within the limits. Infinity: none was found, but there may be one.
/// </param>
/// <param name="Kept">
/// The number of choices for the first blocks that were kept, over all numbers of first blocks: each is extended by
/// every candidate of the next block.
/// </param>
internal sealed record Maximum(int[]? Choice, double Gap, int Kept);
