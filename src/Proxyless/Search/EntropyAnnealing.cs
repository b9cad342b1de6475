namespace Proxyless.Search;

/// <summary>
/// Makes a search converge within its steps. The target of the mean relative entropy falls linearly from that of
/// uniform probabilities to a tenth of it; while the entropy is above it, a multiplier grows (dual ascent, as for the
/// budget) and the objective gains multiplier * H. A search that converges by itself stays below the line and is not
/// affected.
/// </summary>
/// <param name="plannedSteps">Architecture steps planned.</param>
internal sealed class EntropyAnnealing(long plannedSteps)
{
    private const double FinalShare = 0.1;

    /// <summary>dL/dH for each block.</summary>
    public double Multiplier { get; set; }

    /// <summary>The highest entropy that a step should have, as a share of that of uniform probabilities.</summary>
    /// <param name="step">From 0.</param>
    public double Target(long step) => 1 - ((1 - FinalShare) * Math.Min(1, (step + 1.0) / plannedSteps));

    /// <summary>
    /// One step of dual ascent: an excess of 10 % during a tenth of the steps moves the multiplier by 0.1.
    /// </summary>
    /// <param name="step">From 0.</param>
    /// <param name="relativeEntropy">The mean entropy as a share of that of uniform probabilities.</param>
    public void Ascend(long step, double relativeEntropy) =>
        Multiplier = Math.Max(0, Multiplier + (10.0 / plannedSteps * (relativeEntropy - Target(step))));

    /// <summary>
    /// dH/dalpha_k = -p_k (log p_k - b_k + H) for H = -sum_j p_j (log p_j - b_j): the entropy relative to the weights
    /// exp(b_j) that the costs alone would give. A probability that comes from the costs is not evidence, and a falling
    /// entropy must not amplify it.
    /// </summary>
    /// <param name="probabilities">p_j; a pruned candidate has 0 and gets 0, and NaN stays NaN.</param>
    /// <param name="logOdds">b_j, all equal if costs do not count.</param>
    public static double[] Gradient(ReadOnlySpan<double> probabilities, ReadOnlySpan<double> logOdds)
    {
        double sum = 0;
        for (int j = 0; j < probabilities.Length; j++)
        {
            sum += probabilities[j] != 0 ? probabilities[j] * (Math.Log(probabilities[j]) - logOdds[j]) : 0;
        }

        double entropy = -sum;
        var gradient = new double[probabilities.Length];
        for (int k = 0; k < gradient.Length; k++)
        {
            double p = probabilities[k];
            gradient[k] = p != 0 ? -p * (Math.Log(p) - logOdds[k] + entropy) : 0;
        }

        return gradient;
    }

    /// <summary>
    /// dH(q)/dalpha_a = q_a q_b (log(q_b / q_a) + b_a - b_b) for the pair renormalized to q; the negative is that of b.
    /// </summary>
    /// <param name="probabilityA">p_a.</param>
    /// <param name="probabilityB">p_b.</param>
    /// <param name="logOdds">b_a - b_b, as in <see cref="Gradient"/>.</param>
    public static double PairGradient(double probabilityA, double probabilityB, double logOdds)
    {
        double qa = probabilityA / (probabilityA + probabilityB);
        double qb = 1 - qa;
        return qa <= 0 || qb <= 0 ? 0 : qa * qb * (Math.Log(qb / qa) + logOdds);
    }
}
