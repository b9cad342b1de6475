namespace Proxyless.Search;

/// <summary>
/// An upper bound for choices within limits, by Lagrangian relaxation (Fisher, Management Science 27, 1981): for
/// multipliers m_c >= 0 no choice within the limits exceeds sum_i max_j (value_ij - sum_c m_c cost_ijc / limit_c) +
/// sum_c m_c (1 - fixed_c / limit_c). One multiplier is found by bisection, several by subgradient descent with
/// Fisher's steps, (bound - known) / |excess|^2: neither depends on how much of a limit the blocks decide on. Choices
/// on the way are mended to good ones within the limits.
/// </summary>
internal sealed class LagrangianBound
{
    private const double Rounding = 1e-9;

    // Sums of costs may exceed a limit by 1e-12 of it (CostLimit.LimitOfSums), which is worth this much per multiplier.
    private const double RoundingOfMultipliers = 2e-12;

    // Beyond it, what candidates cost differs by less than sums do.
    private const double Steepest = 1e12;
    private const int Halvings = 60;

    private const int Steps = 300;
    private const double FirstScale = 2;
    private const double LeastScale = 1e-3;
    private const int Patience = 10;

    private readonly double[][] _values;
    private readonly IReadOnlyList<CostLimit> _limits;
    private readonly double[] _tails;
    private double[] _multipliers;
    private double _lowest = double.PositiveInfinity;

    /// <summary>Computes the bound.</summary>
    /// <param name="values">
    /// value_ij at [i][j], of the scale of log p_ij; minus infinity for missing candidates.
    /// </param>
    /// <param name="limits">The limits.</param>
    public LagrangianBound(double[][] values, IReadOnlyList<CostLimit> limits)
    {
        _values = values;
        _limits = limits;
        _multipliers = new double[limits.Count];
        double[][] isThere =
        [
            .. values.Select(block =>
                block.Select(value => ArchitectureDerivation.IsCandidate(value) ? 1.0 : 0).ToArray()
            ),
        ];
        Offer(LimitFeasibility.Find(isThere, limits, out bool impossible));

        // Shares of a limit of 0 are not defined.
        if (!impossible && limits.All(limit => limit.Limit > 0))
        {
            if (limits.Count == 1)
            {
                Bisect();
            }
            else
            {
                Descend();
            }

            Offer(Choice is null ? null : Improved(Choice));
        }

        _tails = new double[values.Length + 1];
        for (int i = values.Length - 1; i >= 0; i--)
        {
            _tails[i] = _tails[i + 1] + Best(i, _multipliers).Value;
        }
    }

    /// <summary>The best choice within the limits that was found; null if none was.</summary>
    public int[]? Choice { get; private set; }

    /// <summary>Its sum of values; minus infinity if none was found.</summary>
    public double Known { get; private set; } = double.NegativeInfinity;

    /// <summary>
    /// By how much <see cref="Of"/> may be below the sum of values of a choice within the limits: the rounding of sums,
    /// which multipliers magnify.
    /// </summary>
    public double Tolerance => Rounding + (RoundingOfMultipliers * _multipliers.Sum());

    /// <summary>Returns the highest possible sum of values.</summary>
    /// <param name="sum">Sum of the blocks that are chosen.</param>
    /// <param name="costs">Costs of the blocks that are chosen, including the fixed part.</param>
    /// <param name="blocks">Number of blocks that are chosen.</param>
    public double Of(double sum, double[] costs, int blocks) => sum + Slack(_multipliers, costs) + _tails[blocks];

    /// <summary>
    /// Finds the multiplier with the lowest bound: with a smaller one the best choice is over the limit, with a larger
    /// one it is within it.
    /// </summary>
    private void Bisect()
    {
        int[] over = Relaxed([0]);
        if (IsWithin(over))
        {
            return;
        }

        (double near, double far) = (0, 1);
        bool IsEnough(double multiplier)
        {
            int[] choice = Relaxed([multiplier]);
            bool isWithin = IsWithin(choice);
            over = isWithin ? over : choice;
            return isWithin;
        }

        while (far < Steepest && !IsEnough(far))
        {
            (near, far) = (far, 2 * far);
        }

        for (int i = 0; i < Halvings; i++)
        {
            double middle = (near + far) / 2;
            (near, far) = IsEnough(middle) ? (near, middle) : (middle, far);
        }

        Offer(Mended(over));
    }

    /// <summary>
    /// Descends to the multipliers with the lowest bound; steps are halved where several have not lowered it.
    /// </summary>
    private void Descend()
    {
        double[] multipliers = new double[_limits.Count];
        double least = _values.Sum(block => block.Where(ArchitectureDerivation.IsCandidate).Min());
        double scale = FirstScale;
        int inVain = 0;
        for (int step = 0; step < Steps && scale > LeastScale; step++)
        {
            double before = _lowest;
            int[] choice = Relaxed(multipliers, out double bound);
            inVain = bound < before ? 0 : inVain + 1;
            if (inVain == Patience)
            {
                Offer(Mended(choice));
                (scale, inVain, multipliers) = (scale / 2, 0, [.. _multipliers]);
                continue;
            }

            // A multiplier of 0 stays there while its limit is met.
            double[] excess =
            [
                .. _limits
                    .Select(limit => (limit.Cost.Of(choice) / limit.Limit) - 1)
                    .Select((over, c) => multipliers[c] > 0 ? over : Math.Max(0, over)),
            ];
            double square = excess.Sum(over => over * over);
            double gap = bound - Math.Max(Known, least);
            if (square == 0 || gap <= 0)
            {
                break;
            }

            for (int c = 0; c < multipliers.Length; c++)
            {
                multipliers[c] = Math.Max(0, multipliers[c] + (scale * gap / square * excess[c]));
            }
        }

        Offer(Mended(Relaxed(_multipliers)));
    }

    private int[] Relaxed(double[] multipliers) => Relaxed(multipliers, out _);

    /// <summary>Returns the best choice for multipliers, whatever the limits.</summary>
    /// <param name="multipliers">m_c.</param>
    /// <param name="bound">The bound with them.</param>
    private int[] Relaxed(double[] multipliers, out double bound)
    {
        var choice = new int[_values.Length];
        bound = Slack(multipliers, [.. _limits.Select(limit => limit.Cost.Fixed)]);
        for (int i = 0; i < choice.Length; i++)
        {
            (choice[i], double value) = Best(i, multipliers);
            bound += value;
        }

        if (bound < _lowest)
        {
            (_lowest, _multipliers) = (bound, [.. multipliers]);
        }

        Offer(choice);
        return choice;
    }

    /// <summary>Remembers a choice if it is within the limits and the best until now.</summary>
    private void Offer(int[]? choice)
    {
        if (choice is not null && IsWithin(choice) && Sum(choice) is var sum && sum > Known)
        {
            (Choice, Known) = (choice, sum);
        }
    }

    /// <summary>
    /// Changes the block that loses least for what it saves, until the choice is within the limits; null if it does not
    /// get there.
    /// </summary>
    private int[]? Mended(int[] choice)
    {
        int[] mended = [.. choice];
        for (int left = _values.Sum(block => block.Length); left > 0 && !IsWithin(mended); left--)
        {
            double[] shares = Shares(mended);
            double over = Over(shares);
            (int Block, int Candidate)? cheapest = null;
            double least = double.PositiveInfinity;
            foreach ((int i, int j) in Others(mended))
            {
                double saved = over - Over(SharesWith(shares, mended, i, j));
                double price = (_values[i][mended[i]] - _values[i][j]) / saved;
                if (saved > 0 && price < least)
                {
                    (cheapest, least) = ((i, j), price);
                }
            }

            if (cheapest is not { } change)
            {
                return null;
            }

            mended[change.Block] = change.Candidate;
        }

        return mended;
    }

    /// <summary>Changes the block that gains most within the limits, until none does.</summary>
    private int[] Improved(int[] choice)
    {
        int[] improved = [.. choice];
        while (true)
        {
            double[] shares = Shares(improved);
            (int Block, int Candidate)? best = null;
            double most = 0;
            foreach ((int i, int j) in Others(improved))
            {
                double gain = _values[i][j] - _values[i][improved[i]];
                if (gain > most && Array.TrueForAll(SharesWith(shares, improved, i, j), share => share <= 1))
                {
                    (best, most) = ((i, j), gain);
                }
            }

            if (best is not { } change)
            {
                return improved;
            }

            improved[change.Block] = change.Candidate;
        }
    }

    /// <summary>The candidates that a choice does not take.</summary>
    private IEnumerable<(int Block, int Candidate)> Others(int[] choice)
    {
        for (int i = 0; i < _values.Length; i++)
        {
            for (int j = 0; j < _values[i].Length; j++)
            {
                if (j != choice[i] && ArchitectureDerivation.IsCandidate(_values[i][j]))
                {
                    yield return (i, j);
                }
            }
        }
    }

    /// <summary>The costs of a choice as shares of the limits.</summary>
    private double[] Shares(int[] choice) => [.. _limits.Select(limit => limit.Cost.Of(choice) / limit.Limit)];

    /// <summary>The shares of a choice with another candidate in a block.</summary>
    private double[] SharesWith(double[] shares, int[] choice, int block, int candidate)
    {
        var changed = new double[shares.Length];
        for (int c = 0; c < changed.Length; c++)
        {
            double[] costs = _limits[c].Cost.Candidates[block];
            changed[c] = shares[c] + ((costs[candidate] - costs[choice[block]]) / _limits[c].Limit);
        }

        return changed;
    }

    private static double Over(double[] shares) => shares.Sum(share => Math.Max(0, share - 1));

    private bool IsWithin(int[] choice)
    {
        foreach (CostLimit limit in _limits)
        {
            if (!limit.Allows(choice))
            {
                return false;
            }
        }

        return true;
    }

    private double Sum(int[] choice) => choice.Select((j, i) => _values[i][j]).Sum();

    private double Slack(double[] multipliers, double[] costs)
    {
        double slack = 0;
        for (int c = 0; c < multipliers.Length; c++)
        {
            if (multipliers[c] > 0)
            {
                slack += multipliers[c] * (1 - (costs[c] / _limits[c].Limit));
            }
        }

        return slack;
    }

    private (int Candidate, double Value) Best(int block, double[] multipliers)
    {
        (int Candidate, double Value) best = (0, double.NegativeInfinity);
        for (int j = 0; j < _values[block].Length; j++)
        {
            double value = _values[block][j];
            for (int c = 0; c < multipliers.Length; c++)
            {
                if (multipliers[c] > 0)
                {
                    value -= multipliers[c] * _limits[c].Cost.Candidates[block][j] / _limits[c].Limit;
                }
            }

            best = value > best.Value ? (j, value) : best;
        }

        return best;
    }
}
