namespace Proxyless.Search;

/// <summary>
/// Converts the gradients of the gates to those of the architecture parameters: the chain rule through the softmax,
/// over all candidates or over a pair (ProxylessNAS, equation 4 and section 3.2.1).
/// </summary>
internal static class ArchitectureGradients
{
    /// <summary>
    /// dL/dalpha_k = sum_j dL/dg_j p_j (delta_jk - p_k), the gates standing in for the probabilities.
    /// </summary>
    /// <param name="gates">dL/dg_j for each candidate; any finite number where p_j is 0.</param>
    /// <param name="probabilities">p_j, summing to 1.</param>
    public static double[] ThroughSoftmax(ReadOnlySpan<double> gates, ReadOnlySpan<double> probabilities)
    {
        double mean = 0;
        for (int j = 0; j < gates.Length; j++)
        {
            mean += gates[j] * probabilities[j];
        }

        var gradient = new double[gates.Length];
        for (int k = 0; k < gates.Length; k++)
        {
            gradient[k] = probabilities[k] * (gates[k] - mean);
        }

        return gradient;
    }

    /// <summary>
    /// The same over a pair renormalized to q = softmax(alpha_a, alpha_b): dL/dalpha_a = q_a q_b (dL/dg_a - dL/dg_b),
    /// and its negative for b.
    /// </summary>
    /// <returns>dL/dalpha_a.</returns>
    public static double OfPair(double gateA, double gateB, double probabilityA, double probabilityB)
    {
        double qa = probabilityA / (probabilityA + probabilityB);
        return qa * (1 - qa) * (gateA - gateB);
    }

    /// <summary>
    /// The score function's gradient: sum_m w_m grad log p(path_m), where d log p(path) / dalpha_ij = [path_i = j] -
    /// p_ij.
    /// </summary>
    /// <param name="paths">Sampled architectures, a candidate for each block.</param>
    /// <param name="weights">w_m of each: what is minimized, minus a baseline, over the number of samples.</param>
    /// <param name="probabilities">p_ij at [i][j].</param>
    /// <returns>dL/dalpha_ij at [i][j].</returns>
    public static double[][] OfSamples(
        IReadOnlyList<int[]> paths,
        IReadOnlyList<double> weights,
        IReadOnlyList<double[]> probabilities
    )
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(probabilities);
        double total = weights.Sum();
        double[][] gradient = [.. probabilities.Select(p => p.Select(probability => -total * probability).ToArray())];
        for (int m = 0; m < paths.Count; m++)
        {
            for (int i = 0; i < gradient.Length; i++)
            {
                gradient[i][paths[m][i]] += weights[m];
            }
        }

        return gradient;
    }

    /// <summary>
    /// The gradient from losses of sampled architectures on the same images, each compared with the mean of the others
    /// (Kool, van Hoof, Welling, "Buy 4 REINFORCE samples, get a baseline for free!", 2019): sum_m (L_m - mean L) / (M
    /// - 1) grad log p(path_m). Its expectation is dE[L]/dalpha.
    /// </summary>
    /// <param name="paths">M sampled architectures, at least 2.</param>
    /// <param name="losses">L_m of each.</param>
    /// <param name="probabilities">p_ij at [i][j], with which they were sampled.</param>
    /// <returns>dL/dalpha_ij at [i][j].</returns>
    public static double[][] LeaveOneOut(
        IReadOnlyList<int[]> paths,
        IReadOnlyList<double> losses,
        IReadOnlyList<double[]> probabilities
    )
    {
        ArgumentNullException.ThrowIfNull(losses);
        ArgumentOutOfRangeException.ThrowIfLessThan(losses.Count, 2);
        double mean = losses.Average();
        return OfSamples(paths, [.. losses.Select(loss => (loss - mean) / (losses.Count - 1))], probabilities);
    }

    /// <summary>
    /// The weight that makes the mean over sampled pairs proportional to the full gradient: (p_a + p_b)^2 / P{a, b}
    /// with P{a, b} = p_a p_b (1 / (1 - p_a) + 1 / (1 - p_b)), the probability of the pair when drawn without
    /// replacement.
    /// </summary>
    /// <returns>
    /// 1 if one of them has the whole probability in double precision: the limit as p_b = 1 - p_a goes to 0, where the
    /// pair is drawn for certain and (p_a + p_b)^2 is 1. Infinity if one has none and the other not all, which is never
    /// drawn.
    /// </returns>
    public static double PairCorrection(double probabilityA, double probabilityB)
    {
        if (probabilityA >= 1 || probabilityB >= 1)
        {
            return 1;
        }

        double pair = probabilityA * probabilityB * ((1 / (1 - probabilityA)) + (1 / (1 - probabilityB)));
        double sum = probabilityA + probabilityB;
        return sum * sum / pair;
    }
}
