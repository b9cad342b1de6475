using System.Numerics.Tensors;

namespace Proxyless.Inference;

/// <summary>Probabilities of classes.</summary>
internal static class Softmax
{
    /// <summary>
    /// Computes exp(score) / sum of exp(scores), from the differences from the largest score: its own exponential
    /// would be infinite over 88.
    /// </summary>
    /// <param name="scores">A logit, or the logarithm of a probability, for each class; at least one.</param>
    /// <returns>The probabilities, 0..1, where the scores are finite.</returns>
    public static float[] Of(ReadOnlySpan<float> scores)
    {
        float[] probabilities = new float[scores.Length];
        TensorPrimitives.Subtract(scores, TensorPrimitives.Max(scores), probabilities);
        TensorPrimitives.Exp(probabilities, probabilities);
        TensorPrimitives.Divide(probabilities, TensorPrimitives.Sum<float>(probabilities), probabilities);
        return probabilities;
    }
}
