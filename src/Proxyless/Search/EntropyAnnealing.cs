namespace Proxyless.Search;

/// <summary>
/// Lets a search decide over all of its steps, neither before the weights tell candidates apart nor after the end. The target
/// for the mean relative entropy falls in a straight line from its start to a tenth; the objective gains multiplier * H, the
/// multiplier moved by dual ascent on the distance from the line and damped by the distance itself. It is negative while the
/// entropy lies under the line, and then holds decisions back.
/// </summary>
/// <param name="plannedSteps">Architecture steps planned.</param>
public sealed class EntropyAnnealing(long plannedSteps)
{
    private const double FinalShare = 0.1;
    private const double Damping = 1;

    /// <summary>What dual ascent has come to.</summary>
    public double Multiplier { get; set; }

    /// <summary>The entropy a step should be under, as a share of even odds'.</summary>
    /// <param name="step">From 0.</param>
    public double Target(long step) => 1 - ((1 - FinalShare) * Math.Min(1, (step + 1.0) / plannedSteps));

    /// <summary>One step of dual ascent: a distance of 10 % held for a tenth of the steps moves the multiplier by 0.1.</summary>
    /// <param name="step">From 0.</param>
    /// <param name="relativeEntropy">The mean entropy as a share of even odds'.</param>
    /// <returns>dL/dH for each block.</returns>
    public double Ascend(long step, double relativeEntropy)
    {
        double distance = relativeEntropy - Target(step);
        Multiplier += 10.0 / plannedSteps * distance;
        return Multiplier + (Damping * distance);
    }

    /// <summary>dH/dalpha_k = -p_k (log p_k + H) for H = -sum_j p_j log p_j.</summary>
    /// <param name="probabilities">p_j; a pruned candidate has 0 and gets 0.</param>
    public static double[] Gradient(double[] probabilities)
    {
        double entropy = -probabilities.Where(p => p > 0).Sum(p => p * Math.Log(p));
        return [.. probabilities.Select(p => p > 0 ? -p * (Math.Log(p) + entropy) : 0)];
    }

    /// <summary>dH(q)/dalpha_a = q_a q_b log(q_b / q_a) for the pair renormalised to q; the negative is that of b.</summary>
    public static double PairGradient(double probabilityA, double probabilityB)
    {
        double qa = probabilityA / (probabilityA + probabilityB);
        double qb = 1 - qa;
        return qa <= 0 || qb <= 0 ? 0 : qa * qb * Math.Log(qb / qa);
    }
}
