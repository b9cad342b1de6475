namespace Proxyless.Search;

/// <summary>Finds a choice within several limits at once, whatever its probability.</summary>
/// <remarks>
/// Uses the cheapest choice under weighted costs cost / limit, with weights that grow for the limits it violates
/// (multiplicative weights: Arora, Hazan, Kale, Theory of Computing 8, 2012). With one limit the first round is exact.
/// With several limits it may, in principle, miss a choice that exists; it never returns one over a limit.
/// </remarks>
internal static class LimitFeasibility
{
    private const int Rounds = 200;
    private const double Rate = 4;

    // Sums of costs may exceed a limit by 1e-12 of it (CostLimit.LimitOfSums).
    private const double Rounding = 2e-12;

    /// <summary>Returns a choice within all limits, or null if none was found.</summary>
    /// <param name="probabilities">p_ij at [i][j]; candidates of probability 0 do not exist.</param>
    /// <param name="limits">The limits.</param>
    /// <param name="impossible">
    /// Whether it is proven that there is none: then not even the weighted mean of the costs can be met.
    /// </param>
    public static int[]? Find(
        IReadOnlyList<double[]> probabilities,
        IReadOnlyList<CostLimit> limits,
        out bool impossible
    )
    {
        double[] weights = [.. limits.Select(_ => 1.0 / limits.Count)];
        impossible = probabilities.Any(block => block.All(p => p <= 0));
        if (impossible)
        {
            return null;
        }

        for (int round = 0; round < Rounds; round++)
        {
            int[] choice = Cheapest(probabilities, limits, weights);
            if (limits.All(limit => limit.Allows(choice)))
            {
                return choice;
            }

            double[] shares = [.. limits.Select(limit => limit.Cost.Of(choice) / ScaleOf(limit))];
            if (weights.Zip(shares).Sum(pair => pair.First * pair.Second) > 1 + Rounding)
            {
                impossible = true;
                return null;
            }

            double sum = 0;
            for (int c = 0; c < weights.Length; c++)
            {
                weights[c] *= Math.Exp(Rate * (shares[c] - 1));
                sum += weights[c];
            }

            for (int c = 0; c < weights.Length; c++)
            {
                weights[c] /= sum;
            }
        }

        return null;
    }

    private static int[] Cheapest(
        IReadOnlyList<double[]> probabilities,
        IReadOnlyList<CostLimit> limits,
        double[] weights
    )
    {
        var choice = new int[probabilities.Count];
        for (int i = 0; i < choice.Length; i++)
        {
            double least = double.PositiveInfinity;
            for (int j = 0; j < probabilities[i].Length; j++)
            {
                double cost = 0;
                for (int c = 0; c < weights.Length; c++)
                {
                    cost += weights[c] * limits[c].Cost.Candidates[i][j] / ScaleOf(limits[c]);
                }

                if (probabilities[i][j] > 0 && cost < least)
                {
                    (least, choice[i]) = (cost, j);
                }
            }
        }

        return choice;
    }

    /// <summary>What costs are divided by; shares of a limit of 0 are not defined.</summary>
    private static double ScaleOf(CostLimit limit) => limit.Limit > 0 ? limit.Limit : 1;
}
