namespace Proxyless.Architectures;

/// <summary>
/// An additive cost of the networks of a space: what every network pays, and what each candidate of each block adds.
/// Latency, parameters and multiply-adds all have this form, so limits on any of them work alike.
/// </summary>
/// <param name="Quantity">What is counted: <c>latency</c>, <c>parameters</c> or <c>multiply-adds</c>.</param>
/// <param name="Unit"><c>ms</c>, or empty for counts.</param>
/// <param name="Fixed">The cost of stem, first block and head.</param>
/// <param name="Candidates">The cost of candidate j of block i at [i][j].</param>
internal sealed record SpaceCost(string Quantity, string Unit, double Fixed, double[][] Candidates)
{
    /// <summary>The <see cref="Quantity"/> of a latency.</summary>
    public const string LatencyQuantity = "latency";

    /// <summary>The lowest cost of a network of the space.</summary>
    public double Smallest => Fixed + Candidates.Sum(block => block.Min());

    /// <summary>The highest cost of a network of the space.</summary>
    public double Largest => Fixed + Candidates.Sum(block => block.Max());

    /// <summary>The mean cost of a network whose candidates are drawn uniformly.</summary>
    public double EvenExpectation => Fixed + Candidates.Sum(block => block.Average());

    /// <summary>Returns the costs of networks whose candidates are drawn uniformly, in ascending order.</summary>
    /// <param name="networks">Number of networks to draw.</param>
    /// <param name="seed">Seed of the draw.</param>
    public double[] OfRandomNetworks(int networks, int seed)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable
                .Range(0, networks)
                .Select(_ => Fixed + Candidates.Sum(block => block[random.Next(block.Length)]))
                .Order(),
        ];
    }

    /// <summary>Computes the cost of the network that takes candidate <c>choice[i]</c> in block i.</summary>
    public double Of(IReadOnlyList<int> choice)
    {
        ArgumentNullException.ThrowIfNull(choice);
        double sum = Fixed;
        for (int i = 0; i < Candidates.Length; i++)
        {
            sum += Candidates[i][choice[i]];
        }

        return sum;
    }

    /// <summary>
    /// Computes the expectation over independent choices: E = fixed + sum_i sum_j p_ij F_ij (ProxylessNAS, equation 2).
    /// </summary>
    /// <param name="probabilities">p_ij at [i][j]; each row sums to 1.</param>
    public double Expectation(IReadOnlyList<double[]> probabilities)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        double sum = Fixed;
        for (int i = 0; i < Candidates.Length; i++)
        {
            for (int j = 0; j < Candidates[i].Length; j++)
            {
                sum += probabilities[i][j] * Candidates[i][j];
            }
        }

        return sum;
    }

    /// <summary>Counts the parameters of the networks of a space.</summary>
    public static SpaceCost Parameters(SearchSpace space, int classes) =>
        Count(space, classes, "parameters", cost => cost.Parameters);

    /// <summary>Counts the multiply-adds of the networks of a space, for one image.</summary>
    public static SpaceCost MultiplyAdds(SearchSpace space, int classes) =>
        Count(space, classes, "multiply-adds", cost => cost.MultiplyAdds);

    private static SpaceCost Count(
        SearchSpace space,
        int classes,
        string quantity,
        Func<ArchitectureCost, double> count
    )
    {
        ArgumentNullException.ThrowIfNull(space);
        double first = space.FirstBlock is { } block ? count(ArchitectureCost.Of(block)) : 0;
        return new SpaceCost(
            quantity,
            "",
            count(ArchitectureCost.Of(space.Stem)) + first + count(ArchitectureCost.Of(space.Head(classes))),
            [.. space.Blocks().Select(b => b.Candidates.Select(c => count(ArchitectureCost.Of(c))).ToArray())]
        );
    }
}
