namespace Proxyless.Search;

/// <summary>
/// Where a search begins: the most even odds whose expected costs are at the limits. Even odds alone can lie far over a tight limit. A
/// search from there is first pushed down by its costs, faster than the losses of batches can tell candidates apart, and has chosen small
/// candidates before it knows any better (docs/decisions/odds-at-limits.md).
/// </summary>
/// <remarks>
/// Of all distributions with given expectations the one of most entropy is p_ij proportional to exp(-sum_c mu_c cost_ijc / T_c) (Jaynes,
/// Physical Review 106, 1957); mu_c is 0 where a limit that may be left unused does not bind. Each mu_c in turn is set by bisection, which descends
/// the convex dual coordinate by coordinate.
/// </remarks>
internal static class OddsAtLimits
{
    /// <summary>The least that a candidate's odds can be of its block's likeliest: what is costly begins unlikely, not ruled out.</summary>
    internal const double LeastOdds = 0.1;

    private const int Rounds = 30;
    private const int Halvings = 50;

    // Of the limit: costs that differ by less are alike.
    private const double LeastDifference = 1e-4;

    /// <summary>The logits.</summary>
    /// <param name="limits">The costs that count.</param>
    /// <param name="candidates">Number of candidates of each block.</param>
    /// <param name="usesUp">Whether odds that cost less than a limit are raised to it; else those that even odds meet change nothing.</param>
    /// <returns>alpha_ij at [i][j], the highest of each block 0.</returns>
    public static double[][] Logits(IReadOnlyList<CostLimit> limits, IReadOnlyList<int> candidates, bool usesUp)
    {
        var multipliers = new double[limits.Count];
        double most = limits.Count == 0 ? 0 : limits.Max(Steepest);
        for (int round = 0; round < (limits.Count > 1 ? Rounds : 1); round++)
        {
            for (int c = 0; c < multipliers.Length; c++)
            {
                multipliers[c] = 0;
                if (!usesUp && Expectation(limits, multipliers, c, candidates) <= limits[c].Limit)
                {
                    continue;
                }

                double low = usesUp ? -most : 0, high = most;
                for (int i = 0; i < Halvings; i++)
                {
                    multipliers[c] = (low + high) / 2;
                    (low, high) = Expectation(limits, multipliers, c, candidates) > limits[c].Limit ? (multipliers[c], high) : (low, multipliers[c]);
                }
            }
        }

        return Tilted(limits, multipliers, candidates);
    }

    // From here on every candidate but the cheapest of its block is at the least odds.
    private static double Steepest(CostLimit limit)
    {
        double least = limit.Cost.Candidates
            .SelectMany(block => block.Select(cost => cost - block.Min()))
            .Where(difference => difference > LeastDifference * limit.Limit)
            .DefaultIfEmpty(limit.Limit)
            .Min();
        return -Math.Log(LeastOdds) * limit.Limit / least;
    }

    private static double Expectation(IReadOnlyList<CostLimit> limits, double[] multipliers, int cost, IReadOnlyList<int> candidates) =>
        limits[cost].Cost.Expectation([.. Tilted(limits, multipliers, candidates).Select(Softmax)]);

    private static double[][] Tilted(IReadOnlyList<CostLimit> limits, double[] multipliers, IReadOnlyList<int> candidates) =>
    [
        .. candidates.Select((count, i) =>
        {
            double[] logits = [.. Enumerable.Range(0, count).Select(
                j => -limits.Select((limit, c) => multipliers[c] * limit.Cost.Candidates[i][j] / limit.Limit).Sum())];
            double highest = logits.Max();
            return logits.Select(logit => Math.Max(logit - highest, Math.Log(LeastOdds))).ToArray();
        }),
    ];

    private static double[] Softmax(double[] logits)
    {
        double sum = logits.Sum(Math.Exp);
        return [.. logits.Select(logit => Math.Exp(logit) / sum)];
    }
}
