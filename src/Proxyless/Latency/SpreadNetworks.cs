using Proxyless.Architectures;

namespace Proxyless.Latency;

/// <summary>
/// Random networks spread over the whole range of a cost. Uniformly random ones all cost about the same; these are
/// drawn from p_ij proportional to exp(beta F_ij), the distribution of maximum entropy with a given expected cost, at
/// expectations spaced evenly between the cheapest network and the most expensive.
/// </summary>
internal static class SpreadNetworks
{
    // In units of the most expensive candidate's cost: a candidate that is a hundredth of it from the best of its block
    // weighs exp(-100).
    private const double SteepestBeta = 1e4;

    /// <summary>Returns the choices of <paramref name="count"/> networks, from cheap to expensive.</summary>
    /// <param name="cost">The cost that the networks are spread over.</param>
    /// <param name="count">Number of networks.</param>
    /// <param name="random">Decides among networks of one expectation.</param>
    public static IReadOnlyList<int[]> Choices(SpaceCost cost, int count, Random random) =>
        [.. Enumerable.Range(0, count).Select(i => Draw(cost, count == 1 ? 0.5 : i / (count - 1.0), random))];

    private static int[] Draw(SpaceCost cost, double share, Random random)
    {
        double target = cost.Smallest + (share * (cost.Largest - cost.Smallest));
        double unit = cost.Candidates.Max(block => block.Max());
        double low = -SteepestBeta,
            high = SteepestBeta;
        for (int i = 0; i < 60; i++)
        {
            double middle = (low + high) / 2;
            (low, high) =
                cost.Expectation(Probabilities(cost, middle / unit)) < target ? (middle, high) : (low, middle);
        }

        return [.. Probabilities(cost, low / unit).Select(p => Sample(p, random))];
    }

    private static double[][] Probabilities(SpaceCost cost, double beta) =>
        [
            .. cost.Candidates.Select(block =>
            {
                double top = block.Max(f => beta * f);
                double[] weights = [.. block.Select(f => Math.Exp((beta * f) - top))];
                double sum = weights.Sum();
                return weights.Select(weight => weight / sum).ToArray();
            }),
        ];

    private static int Sample(double[] probabilities, Random random)
    {
        double rest = random.NextDouble();
        for (int j = 0; j < probabilities.Length - 1; j++)
        {
            rest -= probabilities[j];
            if (rest < 0)
            {
                return j;
            }
        }

        return probabilities.Length - 1;
    }
}
