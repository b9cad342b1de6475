namespace Proxyless.FineTuning;

/// <summary>A linear classifier of features: the score of class c is bias_c + sum_i weight_ci x_i.</summary>
/// <param name="Weights">[classes, width], row-major.</param>
/// <param name="Biases">[classes].</param>
internal sealed record LinearClassifier(float[] Weights, float[] Biases)
{
    /// <summary>Number of classes.</summary>
    public int Classes => Biases.Length;

    /// <summary>Number of features.</summary>
    public int Width => Weights.Length / Biases.Length;

    /// <summary>The natural logarithms of the probabilities of the classes.</summary>
    /// <param name="features">One row, of <see cref="Width"/> features.</param>
    public double[] LogProbabilities(ReadOnlySpan<float> features)
    {
        var scores = new double[Classes];
        for (int c = 0; c < scores.Length; c++)
        {
            scores[c] = Biases[c];
            for (int i = 0; i < features.Length; i++)
            {
                scores[c] += (double)Weights[(c * Width) + i] * features[i];
            }
        }

        double most = scores.Max();
        double logSum = most + Math.Log(scores.Sum(score => Math.Exp(score - most)));
        return [.. scores.Select(score => score - logSum)];
    }
}
