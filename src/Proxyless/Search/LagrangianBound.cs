namespace Proxyless.Search;

/// <summary>
/// An upper bound for choices within limits, by Lagrangian relaxation (Fisher, Management Science 27, 1981): for
/// multipliers m_c >= 0 no choice within the limits exceeds sum_i max_j (value_ij - sum_c m_c cost_ijc / limit_c) +
/// sum_c m_c (1 - fixed_c / limit_c). The multipliers come from subgradient descent, which also finds good choices.
/// </summary>
internal sealed class LagrangianBound
{
    private const int Steps = 300;
    private const double FirstStep = 20;
    private readonly IReadOnlyList<CostLimit> _limits;
    private readonly double[] _multipliers;
    private readonly double[] _tails;

    /// <summary>Computes the bound.</summary>
    /// <param name="values">
    /// value_ij at [i][j], of the scale of log p_ij; minus infinity for missing candidates.
    /// </param>
    /// <param name="limits">The limits.</param>
    public LagrangianBound(double[][] values, IReadOnlyList<CostLimit> limits)
    {
        _limits = limits;
        double[][] isThere =
        [
            .. values.Select(block =>
                block.Select(value => ArchitectureDerivation.IsCandidate(value) ? 1.0 : 0).ToArray()
            ),
        ];
        Known = LimitFeasibility.Find(isThere, limits, out _) is { } feasible
            ? Sum(values, feasible)
            : double.NegativeInfinity;
        var multipliers = new double[limits.Count];
        _multipliers = multipliers;
        double lowest = double.PositiveInfinity;
        for (int step = 0; step < Steps; step++)
        {
            int[] choice = new int[values.Length];
            double bound = Slack(multipliers, limits.Select(limit => limit.Cost.Fixed));
            for (int i = 0; i < choice.Length; i++)
            {
                (choice[i], double value) = Best(values[i], i, multipliers);
                bound += value;
            }

            if (bound < lowest)
            {
                (lowest, _multipliers) = (bound, [.. multipliers]);
            }

            double[] shares = [.. limits.Select(limit => limit.Cost.Of(choice) / limit.Limit)];
            if (shares.All(share => share <= 1))
            {
                Known = Math.Max(Known, Sum(values, choice));
            }

            for (int c = 0; c < multipliers.Length; c++)
            {
                multipliers[c] = Math.Max(0, multipliers[c] + (FirstStep / (1 + (step / 10.0)) * (shares[c] - 1)));
            }
        }

        _tails = new double[values.Length + 1];
        for (int i = values.Length - 1; i >= 0; i--)
        {
            _tails[i] = _tails[i + 1] + Best(values[i], i, _multipliers).Value;
        }
    }

    /// <summary>
    /// The sum of values of the best choice within the limits that was found; minus infinity if none was.
    /// </summary>
    public double Known { get; }

    /// <summary>Returns the highest possible sum of values.</summary>
    /// <param name="sum">Sum of the blocks that are chosen.</param>
    /// <param name="costs">Costs of the blocks that are chosen, including the fixed part.</param>
    /// <param name="blocks">Number of blocks that are chosen.</param>
    public double Of(double sum, double[] costs, int blocks) => sum + Slack(_multipliers, costs) + _tails[blocks];

    private static double Sum(double[][] values, int[] choice) => choice.Select((j, i) => values[i][j]).Sum();

    private double Slack(double[] multipliers, IEnumerable<double> costs) =>
        costs.Select((cost, c) => multipliers[c] * (1 - (cost / _limits[c].Limit))).Sum();

    private (int Candidate, double Value) Best(double[] values, int block, double[] multipliers)
    {
        (int Candidate, double Value) best = (0, double.NegativeInfinity);
        for (int j = 0; j < values.Length; j++)
        {
            double value = values[j];
            for (int c = 0; c < multipliers.Length; c++)
            {
                value -= multipliers[c] * _limits[c].Cost.Candidates[block][j] / _limits[c].Limit;
            }

            best = value > best.Value ? (j, value) : best;
        }

        return best;
    }
}
