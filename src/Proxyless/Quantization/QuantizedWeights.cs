namespace Proxyless.Quantization;

/// <summary>
/// Weights as 8-bit integers with sign, symmetric, with a scale for each output channel, and biases as 32-bit integers
/// in units of the products' scale (arXiv 1712.05877, section 2.4).
/// </summary>
/// <param name="Weights">As the floats, row-major: output channels first.</param>
/// <param name="Scales">[outputs].</param>
/// <param name="Biases">[outputs], in units of <see cref="BiasScales"/>.</param>
/// <param name="BiasScales">[outputs]: the scale of the input times that of the channel's weights.</param>
internal sealed record QuantizedWeights(sbyte[] Weights, float[] Scales, int[] Biases, float[] BiasScales)
{
    // A bias beyond this would leave no room for the sum of products.
    private const double LargestBias = 1 << 30;

    /// <summary>Rounds weights.</summary>
    /// <param name="weights">[outputs, ...], row-major.</param>
    /// <param name="biases">[outputs].</param>
    /// <param name="inputScale">The scale of the layer's input.</param>
    /// <param name="largest">The largest integer, at most 127.</param>
    public static QuantizedWeights Of(float[] weights, float[] biases, float inputScale, int largest)
    {
        int outputs = biases.Length;
        int each = weights.Length / outputs;
        var result = new QuantizedWeights(
            new sbyte[weights.Length],
            new float[outputs],
            new int[outputs],
            new float[outputs]
        );
        for (int o = 0; o < outputs; o++)
        {
            ReadOnlySpan<float> own = weights.AsSpan(o * each, each);
            float most = Math.Abs(System.Numerics.Tensors.TensorPrimitives.MaxMagnitude(own));
            double scale = Math.Max(most / largest, Math.Abs(biases[o]) / (inputScale * LargestBias));
            result.Scales[o] = (float)Math.Max(scale, 1e-12);
            result.BiasScales[o] = inputScale * result.Scales[o];
            result.Biases[o] = (int)Math.Round(biases[o] / (double)result.BiasScales[o]);
            for (int i = 0; i < each; i++)
            {
                result.Weights[(o * each) + i] = (sbyte)
                    Math.Clamp(MathF.Round(own[i] / result.Scales[o]), -largest, largest);
            }
        }

        return result;
    }
}
