using Proxyless.Architectures;
using Proxyless.Search;

namespace Proxyless.Tests.Search;

/// <summary>
/// A space whose every network has a true value: a sum of effects of its candidates and of interactions of its pairs
/// of blocks. A score adds noise, which is always the same for the same network. Candidates that cost more are better
/// in the mean, with returns that diminish.
/// </summary>
internal sealed class PlantedSpace
{
    private readonly double[][] _effects;
    private readonly double[,][,] _interactions;
    private readonly double _noise;
    private readonly int _seed;

    public PlantedSpace(int seed, int blocks, int candidates, double interaction, double noise)
    {
        var random = new Random(seed);
        _seed = seed;
        _noise = noise;
        _effects = new double[blocks][];
        _interactions = new double[blocks, blocks][,];
        double[][] costs = new double[blocks][];
        for (int i = 0; i < blocks; i++)
        {
            (double cost, double weight) = (Math.Exp(0.5 * Normal(random)), Math.Exp(0.4 * Normal(random)));
            double[] sizes = [.. Enumerable.Range(0, candidates).Select(j => j / (double)candidates)];
            costs[i] = [.. sizes.Select(size => cost * (0.3 + (2 * size)) * Math.Exp(0.2 * Normal(random)))];
            _effects[i] = [.. sizes.Select(size => weight * (Math.Log(1 + (5 * size)) + (0.5 * Normal(random))))];
            for (int before = 0; before < i; before++)
            {
                var pairs = new double[candidates, candidates];
                double deviation = interaction * (before == i - 1 ? 1 : 0.3);
                for (int j = 0; j < candidates * candidates; j++)
                {
                    pairs[j / candidates, j % candidates] = deviation * Normal(random);
                }

                _interactions[before, i] = pairs;
            }
        }

        Cost = new SpaceCost("latency", "ms", 2, costs);
        IsThere = [.. costs.Select(block => block.Select(_ => true).ToArray())];
    }

    public SpaceCost Cost { get; }

    public bool[][] IsThere { get; }

    /// <summary>The limit that this share of networks drawn evenly stays within.</summary>
    public CostLimit LimitAt(double share)
    {
        double[] costs = Cost.OfRandomNetworks(1001, seed: 1);
        return new CostLimit(Cost, costs[(int)(share * (costs.Length - 1))]);
    }

    public double TrueValueOf(int[] choice)
    {
        double value = 0;
        for (int i = 0; i < choice.Length; i++)
        {
            value += _effects[i][choice[i]];
            for (int before = 0; before < i; before++)
            {
                value += _interactions[before, i][choice[before], choice[i]];
            }
        }

        return value;
    }

    public double ScoreOf(int[] choice)
    {
        int hash = choice.Aggregate(_seed, (sum, candidate) => unchecked((sum * 486187739) + candidate));
        return TrueValueOf(choice) + (_noise * Normal(new Random(hash)));
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
