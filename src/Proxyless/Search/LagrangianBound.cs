namespace Proxyless.Search;

/// <summary>
/// How probable a choice within limits can be at most, by Lagrangian relaxation (Fisher, Management Science 27, 1981):
/// for multipliers m_c >= 0 no choice within the limits exceeds sum_i max_j (log p_ij - sum_c m_c cost_ijc / limit_c) +
/// sum_c m_c (1 - fixed_c / limit_c). The multipliers come from subgradient descent, which meets good choices on its
/// way.
/// </summary>
internal sealed class LagrangianBound
{
    private const int Steps = 300;
    private const double FirstStep = 20;
    private readonly IReadOnlyList<CostLimit> _limits;
    private readonly double[] _multipliers;
    private readonly double[] _tails;

    /// <summary>Computes the bound.</summary>
    /// <param name="probabilities">p_ij at [i][j]; candidates of probability 0 are not there.</param>
    /// <param name="limits">The limits.</param>
    public LagrangianBound(IReadOnlyList<double[]> probabilities, IReadOnlyList<CostLimit> limits)
    {
        _limits = limits;
        double[][] logs = [.. probabilities.Select(block => block.Select(p => Math.Log(p)).ToArray())];
        Known = LimitFeasibility.Find(probabilities, limits, out _) is { } feasible
            ? LogProbability(logs, feasible)
            : double.NegativeInfinity;
        var multipliers = new double[limits.Count];
        _multipliers = multipliers;
        double lowest = double.PositiveInfinity;
        for (int step = 0; step < Steps; step++)
        {
            int[] choice = new int[logs.Length];
            double bound = Slack(multipliers, limits.Select(limit => limit.Cost.Fixed));
            for (int i = 0; i < choice.Length; i++)
            {
                (choice[i], double value) = Best(logs[i], i, multipliers);
                bound += value;
            }

            if (bound < lowest)
            {
                (lowest, _multipliers) = (bound, [.. multipliers]);
            }

            double[] shares = [.. limits.Select(limit => limit.Cost.Of(choice) / limit.Limit)];
            if (shares.All(share => share <= 1))
            {
                Known = Math.Max(Known, LogProbability(logs, choice));
            }

            for (int c = 0; c < multipliers.Length; c++)
            {
                multipliers[c] = Math.Max(0, multipliers[c] + (FirstStep / (1 + (step / 10.0)) * (shares[c] - 1)));
            }
        }

        _tails = new double[logs.Length + 1];
        for (int i = logs.Length - 1; i >= 0; i--)
        {
            _tails[i] = _tails[i + 1] + Best(logs[i], i, _multipliers).Value;
        }
    }

    /// <summary>
    /// sum_i log p_i of the most probable choice within the limits that was met; minus infinity where none was.
    /// </summary>
    public double Known { get; }

    /// <summary>The most that sum_i log p_i can become.</summary>
    /// <param name="logProbability">Of the blocks that are chosen.</param>
    /// <param name="costs">Of the blocks that are chosen, the fixed part included.</param>
    /// <param name="blocks">How many are chosen.</param>
    public double Of(double logProbability, double[] costs, int blocks) =>
        logProbability + Slack(_multipliers, costs) + _tails[blocks];

    private static double LogProbability(double[][] logs, int[] choice) => choice.Select((j, i) => logs[i][j]).Sum();

    private double Slack(double[] multipliers, IEnumerable<double> costs) =>
        costs.Select((cost, c) => multipliers[c] * (1 - (cost / _limits[c].Limit))).Sum();

    private (int Candidate, double Value) Best(double[] logs, int block, double[] multipliers)
    {
        (int Candidate, double Value) best = (0, double.NegativeInfinity);
        for (int j = 0; j < logs.Length; j++)
        {
            double value = logs[j];
            for (int c = 0; c < multipliers.Length; c++)
            {
                value -= multipliers[c] * _limits[c].Cost.Candidates[block][j] / _limits[c].Limit;
            }

            best = value > best.Value ? (j, value) : best;
        }

        return best;
    }
}
