namespace Proxyless.Search;

/// <summary>
/// Keeps expected costs at their limits: of all odds whose expectations are at the limits, those that are nearest to the present ones in
/// relative entropy. They are p_ij exp(-sum_c mu_c cost_ijc / T_c), renormalised (the I-projection, Csiszar, Annals of Probability 3, 1975;
/// from even odds on it is Jaynes' distribution of most entropy, Physical Review 106, 1957).
/// </summary>
/// <remarks>
/// Even odds can lie far over a tight limit. A search that sets out from there is first pushed down by its costs, faster than the losses of
/// batches can tell candidates apart, and has chosen small candidates before it knows any better (docs/decisions/limit-projection.md).
/// Each mu_c in turn is found by bisection, which descends the convex dual coordinate by coordinate.
/// </remarks>
/// <param name="limits">The costs that count.</param>
/// <param name="usesUp">Whether odds that cost less than a limit are raised to it; else they stay.</param>
internal sealed class LimitProjection(IReadOnlyList<CostLimit> limits, bool usesUp)
{
    /// <summary>The least that a candidate's odds can be of its block's likeliest at the start: what is costly begins unlikely, not ruled out.</summary>
    internal const double LeastOdds = 0.1;

    private const int RoundsForSeveral = 30;
    private const int Halvings = 40;

    // In logits for a candidate that costs a whole limit more: far more than any search needs.
    private const double Steepest = 1000;

    /// <summary>Sets even odds to the limits, as far as <see cref="LeastOdds"/> allows.</summary>
    public void Begin(ArchitectureParameters parameters) =>
        parameters.ShiftForCosts(Tilted(parameters, Solve(parameters, Math.Log(LeastOdds)), Math.Log(LeastOdds)));

    /// <summary>Brings the odds back to the limits.</summary>
    public void Apply(ArchitectureParameters parameters) =>
        parameters.ShiftForCosts(Tilted(parameters, Solve(parameters, double.NegativeInfinity), double.NegativeInfinity));

    private double[] Solve(ArchitectureParameters parameters, double least)
    {
        var multipliers = new double[limits.Count];
        for (int round = 0; round < (limits.Count > 1 ? RoundsForSeveral : 1); round++)
        {
            for (int c = 0; c < multipliers.Length; c++)
            {
                multipliers[c] = 0;
                if (!usesUp && Expectation(parameters, multipliers, c, least) <= limits[c].Limit)
                {
                    continue;
                }

                double low = usesUp ? -Steepest : 0, high = Steepest;
                for (int i = 0; i < Halvings; i++)
                {
                    multipliers[c] = (low + high) / 2;
                    (low, high) = Expectation(parameters, multipliers, c, least) > limits[c].Limit ? (multipliers[c], high) : (low, multipliers[c]);
                }
            }
        }

        return multipliers;
    }

    private double Expectation(ArchitectureParameters parameters, double[] multipliers, int cost, double least)
    {
        double[][] shifts = Tilted(parameters, multipliers, least);
        double sum = limits[cost].Cost.Fixed;
        for (int i = 0; i < shifts.Length; i++)
        {
            double[] p = parameters.Probabilities(i, shifts[i]);
            for (int j = 0; j < p.Length; j++)
            {
                sum += p[j] * limits[cost].Cost.Candidates[i][j];
            }
        }

        return sum;
    }

    private double[][] Tilted(ArchitectureParameters parameters, double[] multipliers, double least) =>
    [
        .. parameters.Logits.Select((block, i) =>
        {
            var shifts = new double[block.Length];
            for (int c = 0; c < multipliers.Length; c++)
            {
                for (int j = 0; j < shifts.Length; j++)
                {
                    shifts[j] -= multipliers[c] * limits[c].Cost.Candidates[i][j] / limits[c].Limit;
                }
            }

            double highest = shifts.Max();
            return shifts.Select(shift => Math.Max(shift - highest, least)).ToArray();
        }),
    ];
}
