using Proxyless.Architectures;
using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;

namespace Proxyless.Networks;

/// <summary>
/// The batch norm of a <see cref="ConvolutionLayer"/> for our own kernels: its sums, its function, its running
/// statistics.
/// </summary>
internal static unsafe class FusedLayerNorm
{
    /// <summary>Sums for the layer's output, relative to its running mean.</summary>
    public static ChannelSums Sums(ConvolutionLayer layer, int pixels) =>
        new(TensorMemory.ToArray(layer.Mean.Value), pixels);

    /// <summary>
    /// The layer's batch norm and activation in a pass; updates the running statistics if the pass says so.
    /// </summary>
    /// <param name="layer">The layer.</param>
    /// <param name="activation">The activation after the norm, or null.</param>
    /// <param name="pass">What batch norms do.</param>
    /// <param name="sums">Sums over the layer's output; unused if the pass uses the running statistics.</param>
    public static ChannelNorm Of(ConvolutionLayer layer, Activation? activation, NormPass pass, ChannelSums sums)
    {
        float low = activation is null ? float.NegativeInfinity : 0;
        float high = activation == Activation.Relu6 ? 6 : float.PositiveInfinity;
        float[] gamma = TensorMemory.ToArray(layer.Scale.Value);
        float[] beta = TensorMemory.ToArray(layer.Shift.Value);
        if (!pass.UsesBatch)
        {
            return ChannelNorm.OfRunning(
                gamma,
                beta,
                TensorMemory.ToArray(layer.Mean.Value),
                TensorMemory.ToArray(layer.Variance.Value),
                BatchNorm.Epsilon,
                low,
                high
            );
        }

        if (pass.Momentum > 0)
        {
            Follow(layer, pass.Momentum, sums);
        }

        return ChannelNorm.OfBatch(gamma, beta, sums, BatchNorm.Epsilon, low, high);
    }

    // The running statistics move towards the batch's: its mean and its unbiased variance.
    private static void Follow(ConvolutionLayer layer, double momentum, ChannelSums sums)
    {
        float* mean = TensorMemory.Pointer(layer.Mean.Value);
        float* variance = TensorMemory.Pointer(layer.Variance.Value);
        double unbiased = (double)sums.Pixels / Math.Max(1, sums.Pixels - 1);
        for (int c = 0; c < sums.First.Length; c++)
        {
            mean[c] = (float)(mean[c] + (momentum * (sums.Mean(c) - mean[c])));
            variance[c] = (float)(variance[c] + (momentum * ((unbiased * sums.Variance(c)) - variance[c])));
        }
    }
}
