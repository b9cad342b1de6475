namespace Proxyless.Search;

/// <summary>
/// Keeps expected costs at their limits: of all probabilities whose expectations are at the limits, it takes those that
/// are nearest to the present ones in relative entropy. They are p_ij exp(-sum_c mu_c cost_ijc / T_c), renormalized
/// (the I-projection, Csiszar, Annals of Probability 3, 1975; from uniform probabilities it is Jaynes' distribution of
/// maximum entropy, Physical Review 106, 1957).
/// </summary>
/// <remarks>
/// Uniform probabilities can be far over a tight limit. A search that starts there is first pushed down by its costs,
/// faster than the losses of batches can tell candidates apart, and has chosen small candidates before it knows their
/// accuracy (docs/decisions/limit-projection.md). Each mu_c in turn is found by bisection, which descends the convex
/// dual coordinate by coordinate. A limit can be used up as long as some network of the remaining candidates costs more
/// (<see cref="IsWithinReach"/>); pruning keeps such a network (<see cref="PathPruning"/>). So the expectation stays at
/// the limit to the end of the search: when all blocks but one are decided, that one stays divided between a candidate
/// below the limit and one above it.
/// </remarks>
/// <param name="limits">The costs that count.</param>
/// <param name="usesUp">
/// Whether probabilities that cost less than a limit are raised to it, if possible; otherwise they stay.
/// </param>
internal sealed class LimitProjection(IReadOnlyList<CostLimit> limits, bool usesUp)
{
    /// <summary>
    /// Share of the uniform distribution in the first one: expensive candidates start improbable, but not excluded.
    /// </summary>
    internal const double EvenShare = 0.2;

    private const int RoundsForSeveral = 30;
    private const int Halvings = 40;

    // In logits for a candidate that costs a whole limit more. A single limit is met by some multiplier, which is large
    // if the remaining candidates cost nearly the same; several limits may exclude each other, and their multipliers
    // would grow forever.
    private const double Steepest = 1e9;
    private const double SteepestOfSeveral = 1000;

    /// <summary>
    /// Returns the most uniform probabilities whose expected costs are the limits, as far as possible.
    /// </summary>
    /// <param name="isThere">
    /// Whether candidate j of block i may have a probability, at [i][j]; at least one per block may.
    /// </param>
    /// <param name="limits">The costs that count.</param>
    /// <param name="usesUp">Whether they also are where uniform probabilities would cost less.</param>
    public static ArchitectureParameters OddsAt(
        IReadOnlyList<bool[]> isThere,
        IReadOnlyList<CostLimit> limits,
        bool usesUp = true
    )
    {
        var odds = ArchitectureParameters.Over(isThere);
        new LimitProjection(limits, usesUp).Apply(odds);
        return odds;
    }

    /// <summary>Sets uniform probabilities to the limits, as far as <see cref="EvenShare"/> allows.</summary>
    /// <param name="parameters">With uniform probabilities.</param>
    public void Begin(ArchitectureParameters parameters)
    {
        if (limits.Count == 0)
        {
            return;
        }

        double[] multipliers = Solve(parameters, EvenShare);
        parameters.ShiftForCosts([
            .. Shifts(multipliers)
                .Select(
                    (shifts, i) =>
                        Odds(parameters, i, shifts, EvenShare).Select(p => Math.Log(p * shifts.Length)).ToArray()
                ),
        ]);
    }

    /// <summary>Moves the probabilities back to the limits.</summary>
    /// <param name="parameters">The state after a step.</param>
    /// <exception cref="NotFiniteNumberException">An expected cost or a logit is infinite or NaN.</exception>
    public void Apply(ArchitectureParameters parameters)
    {
        if (limits.Count > 0)
        {
            parameters.ShiftForCosts(Shifts(Solve(parameters, evenShare: 0)));
        }
    }

    /// <summary>
    /// Whether the limit can be used up: a network of the remaining candidates costs more. If none does, only the
    /// probabilities of the most expensive network come nearest to the limit, so the losses alone decide.
    /// </summary>
    /// <param name="parameters">Tells which candidates remain.</param>
    /// <param name="without">A candidate that counts as removed.</param>
    public bool IsWithinReach(ArchitectureParameters parameters, (int Block, int Candidate)? without = null) =>
        usesUp && limits.Count > 0 && limits.All(limit => parameters.Largest(limit.Cost, without) > limit.Limit);

    private double[] Solve(ArchitectureParameters parameters, double evenShare)
    {
        var multipliers = new double[limits.Count];
        for (int round = 0; round < (limits.Count > 1 ? RoundsForSeveral : 1); round++)
        {
            for (int c = 0; c < multipliers.Length; c++)
            {
                double Excess(double multiplier)
                {
                    double[] tried = [.. multipliers];
                    tried[c] = multiplier;
                    return Expectation(parameters, tried, c, evenShare) - limits[c].Limit;
                }

                // If uniform probabilities among them stay below the limit, use the nearest ones that those allow.
                double excess = Excess(0);
                bool isRaised = excess < 0 && IsWithinReach(parameters);
                if (excess <= 0 && !isRaised)
                {
                    multipliers[c] = 0;
                    continue;
                }

                double sign = isRaised ? -1 : 1;
                bool FallsShort(double multiplier) => sign * Excess(multiplier) > 0;
                double steepest = limits.Count > 1 ? SteepestOfSeveral : Steepest;
                (double near, double far) = (0, sign);
                while (Math.Abs(far) < steepest && FallsShort(far))
                {
                    (near, far) = (far, 2 * far);
                }

                for (int i = 0; i < Halvings; i++)
                {
                    double middle = (near + far) / 2;
                    (near, far) = FallsShort(middle) ? (middle, far) : (near, middle);
                }

                multipliers[c] = far;
            }
        }

        return multipliers;
    }

    private double Expectation(ArchitectureParameters parameters, double[] multipliers, int cost, double evenShare)
    {
        double expected = limits[cost]
            .Cost.Expectation([.. Shifts(multipliers).Select((shifts, i) => Odds(parameters, i, shifts, evenShare))]);

        // Comparisons with NaN are false, and the probabilities would stay unchanged.
        return FiniteNumber.Require(expected, () => $"the expected {limits[cost].Cost.Quantity}");
    }

    private static double[] Odds(ArchitectureParameters parameters, int block, double[] shifts, double evenShare)
    {
        double[] p = parameters.Probabilities(block, shifts);
        double even = evenShare / parameters.AliveIn(block).Length;
        return
        [
            .. p.Select((probability, j) => parameters.IsAlive(block, j) ? ((1 - evenShare) * probability) + even : 0),
        ];
    }

    /// <summary>-sum_c mu_c cost_ijc / T_c at [i][j].</summary>
    private double[][] Shifts(double[] multipliers) =>
        [
            .. limits[0]
                .Cost.Candidates.Select(
                    (block, i) =>
                        Enumerable
                            .Range(0, block.Length)
                            .Select(j =>
                                -limits
                                    .Select((limit, c) => multipliers[c] * limit.Cost.Candidates[i][j] / limit.Limit)
                                    .Sum()
                            )
                            .ToArray()
                ),
        ];
}
