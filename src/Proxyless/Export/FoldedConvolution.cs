namespace Proxyless.Export;

/// <summary>A convolution with the following batch norm folded in.</summary>
/// <param name="Weight">[Outputs, inputs / Groups, Kernel, Kernel], row-major.</param>
/// <param name="Bias">[Outputs].</param>
/// <param name="Groups">1, or the number of channels of a depthwise convolution.</param>
/// <param name="Kernel">Side of the kernel in pixels, odd.</param>
/// <param name="Stride">1 or 2.</param>
internal sealed record FoldedConvolution(float[] Weight, float[] Bias, int Groups, int Kernel, int Stride)
{
    /// <summary>Output channels.</summary>
    public int Outputs => Bias.Length;

    /// <summary>
    /// Folds a batch norm in evaluation mode into the convolution (without bias) before it: gamma (W x - mean) /
    /// sqrt(variance + epsilon) + beta = W' x + b'.
    /// </summary>
    /// <param name="weight">[O, I / groups, K, K].</param>
    /// <param name="gamma">Batch norm's scale, [O].</param>
    /// <param name="beta">Batch norm's shift, [O].</param>
    /// <param name="mean">The running mean, [O].</param>
    /// <param name="variance">The running variance, [O].</param>
    /// <param name="epsilon">What batch norm adds to the variance; 1e-3 in the published networks.</param>
    /// <param name="groups">1, or the number of channels of a depthwise convolution.</param>
    /// <param name="kernel">Side of the kernel in pixels.</param>
    /// <param name="stride">1 or 2.</param>
    /// <exception cref="ArgumentException">The lengths do not match.</exception>
    public static FoldedConvolution Fold(
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> gamma,
        ReadOnlySpan<float> beta,
        ReadOnlySpan<float> mean,
        ReadOnlySpan<float> variance,
        double epsilon,
        int groups,
        int kernel,
        int stride
    )
    {
        int outputs = gamma.Length;
        if (
            outputs == 0
            || beta.Length != outputs
            || mean.Length != outputs
            || variance.Length != outputs
            || weight.Length % (outputs * kernel * kernel) != 0
        )
        {
            throw new ArgumentException(
                $"{weight.Length} weights of kernel {kernel} do not fit batch norm's {gamma.Length}, {beta.Length}, "
                    + $"{mean.Length} and {variance.Length} channels"
            );
        }

        int perOutput = weight.Length / outputs;
        float[] folded = new float[weight.Length];
        float[] bias = new float[outputs];
        for (int o = 0; o < outputs; o++)
        {
            double scale = gamma[o] / Math.Sqrt(variance[o] + epsilon);
            bias[o] = (float)(beta[o] - (scale * mean[o]));
            for (int i = o * perOutput; i < (o + 1) * perOutput; i++)
            {
                folded[i] = (float)(scale * weight[i]);
            }
        }

        return new FoldedConvolution(folded, bias, groups, kernel, stride);
    }
}
