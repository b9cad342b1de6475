namespace Proxyless.Search;

/// <summary>What the architecture parameters minimize: cross entropy and the expected costs of the network.</summary>
/// <remarks>
/// Budget: with the violation v_c = E_c / T_c - 1, L = CE + sum_c (max(0, lambda_c + rho v_c)^2 - lambda_c^2) / (2
/// rho), each lambda_c >= 0 moved by dual ascent on v_c: an augmented Lagrangian for inequalities (Nocedal, Wright,
/// Numerical Optimization, section 17.4), whose quadratic part damps the oscillation of plain ascent. Equality: cross
/// entropy alone, since <see cref="LimitProjection"/> keeps the costs at the limits.
/// </remarks>
internal sealed class SearchObjective
{
    /// <summary>The message if the logarithmic form is used with another limit.</summary>
    internal const string LogTakesLatencyAlone =
        "ObjectiveKind.Log takes a latency limit and no other; use ObjectiveKind.Budget for limits on parameters or "
        + "multiply-adds";

    // In milliseconds: the logarithm of a microsecond is 0.
    private const double LeastOfLog = 0.001;
    private const double LogScale = 0.2;
    private const double Damping = 2;
    private readonly CostLimit? _latency;
    private readonly double _weight;
    private readonly double _ascentRate;

    /// <summary>Creates an objective.</summary>
    /// <param name="kind">The form.</param>
    /// <param name="limits">The costs that count; none leaves cross entropy alone.</param>
    /// <param name="weight">
    /// Weight of the costs: the factor lambda of the linear form's term, the exponent beta of the logarithmic form's
    /// ratio. Two different numbers in one option; unused by the other forms.
    /// </param>
    /// <param name="plannedSteps">
    /// Planned architecture steps: a violation of 10 % during a tenth of them moves a multiplier by 1.
    /// </param>
    /// <exception cref="InvalidInputException">
    /// The logarithmic form is used with another cost than latency, with several, or with a limit of a microsecond or
    /// less.
    /// </exception>
    public SearchObjective(ObjectiveKind kind, SearchLimits limits, double weight, long plannedSteps)
    {
        ArgumentNullException.ThrowIfNull(limits);
        if (kind == ObjectiveKind.Log && (limits.Latency is null || limits.Others.Count > 0))
        {
            throw new InvalidInputException(LogTakesLatencyAlone);
        }

        if (kind == ObjectiveKind.Log && limits.Latency!.Limit <= LeastOfLog)
        {
            throw new InvalidInputException(
                Invariant($"TargetOptions.LatencyMs = {limits.Latency.Limit}: ObjectiveKind.Log divides logarithms of ")
                    + "microseconds, which are positive over 0.001 ms only; choose ObjectiveKind.Equality, "
                    + "ObjectiveKind.Budget or ObjectiveKind.Linear"
            );
        }

        Kind = kind;
        Limits = limits.All;
        _latency = limits.Latency;
        _weight = weight;
        _ascentRate = 100.0 / Math.Max(1, plannedSteps);
        Multipliers = new double[Limits.Count];
    }

    /// <summary>The form.</summary>
    public ObjectiveKind Kind { get; }

    /// <summary>The costs that count.</summary>
    public IReadOnlyList<CostLimit> Limits { get; }

    /// <summary>lambda_c of the budget form.</summary>
    public double[] Multipliers { get; }

    /// <summary>Returns the derivatives at the present expectations.</summary>
    /// <param name="crossEntropy">The batch's cross entropy.</param>
    /// <param name="expectations">E_c of each limited cost.</param>
    public ObjectivePoint At(double crossEntropy, IReadOnlyList<double> expectations)
    {
        ArgumentNullException.ThrowIfNull(expectations);
        if (Kind == ObjectiveKind.Log)
        {
            return Logarithmic(crossEntropy, expectations[0], _latency!.Limit, _weight);
        }

        var slopes = new double[Limits.Count];
        for (int c = 0; c < slopes.Length; c++)
        {
            double violation = Violation(c, expectations[c]);
            double slope = Kind switch
            {
                ObjectiveKind.Linear => _weight,
                ObjectiveKind.Budget => Math.Max(0, Multipliers[c] + (Damping * violation)),
                _ => 0,
            };
            slopes[c] = slope / Limits[c].Limit;
        }

        return new ObjectivePoint(1, slopes);
    }

    /// <summary>Returns the reward of one architecture, for the reinforce update.</summary>
    /// <param name="accuracy">Share of correct answers.</param>
    /// <param name="costs">The costs of the architecture, for each limit.</param>
    /// <returns>
    /// Budget: accuracy - sum lambda (cost / T - 1). Equality: accuracy. Linear: accuracy - sum beta |cost / T - 1|
    /// (TuNAS, arXiv 2008.06120, equation 2). Log: accuracy (T / latency)^w (MnasNet, arXiv 1807.11626).
    /// </returns>
    public double Reward(double accuracy, IReadOnlyList<double> costs)
    {
        ArgumentNullException.ThrowIfNull(costs);
        double reward = accuracy;
        for (int c = 0; c < Limits.Count; c++)
        {
            double violation = Violation(c, costs[c]);
            reward = Kind switch
            {
                ObjectiveKind.Budget => reward - (Multipliers[c] * violation),
                ObjectiveKind.Linear => reward - (_weight * Math.Abs(violation)),
                ObjectiveKind.Log => reward * Math.Pow(Limits[c].Limit / costs[c], _weight),
                _ => reward,
            };
        }

        return reward;
    }

    /// <summary>Makes one step of dual ascent; the other forms have nothing to update.</summary>
    /// <param name="expectations">E_c of each limited cost.</param>
    public void Ascend(IReadOnlyList<double> expectations)
    {
        ArgumentNullException.ThrowIfNull(expectations);
        for (int c = 0; Kind == ObjectiveKind.Budget && c < Multipliers.Length; c++)
        {
            Multipliers[c] = Math.Max(0, Multipliers[c] + (_ascentRate * Violation(c, expectations[c])));
        }
    }

    private static ObjectivePoint Logarithmic(double crossEntropy, double milliseconds, double limit, double beta)
    {
        // Only where all paths of a space take less than a microsecond, far below the limit.
        double expected = Math.Log(Math.Max(milliseconds, 1.001 * LeastOfLog) * 1000);
        double target = Math.Log(limit * 1000);
        double ratio = expected / target;
        double factor = LogScale * Math.Pow(ratio, beta);
        double slope = LogScale * crossEntropy * beta * Math.Pow(ratio, beta - 1) / (milliseconds * target);
        return new ObjectivePoint(factor, [slope]);
    }

    private double Violation(int cost, double expectation) => (expectation / Limits[cost].Limit) - 1;
}
