using Proxyless.Architectures;
using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;
using static TorchSharp.torch;

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
        if (!pass.UsesBatch)
        {
            return OfRunning(layer, activation);
        }

        if (pass.Momentum > 0)
        {
            Follow(layer, pass.Momentum, sums);
        }

        (float low, float high) = RangeOf(activation);
        return ChannelNorm.OfBatch(
            TensorMemory.ToArray(layer.Scale.Value),
            TensorMemory.ToArray(layer.Shift.Value),
            sums,
            BatchNorm.Epsilon,
            low,
            high
        );
    }

    /// <summary>
    /// A convolution that connects every input with every output, with its batch norm's running statistics and its
    /// activation.
    /// </summary>
    /// <param name="layer">The layer.</param>
    /// <param name="activation">The activation after the norm, or null.</param>
    public static FoldedConvolution FoldedConvolution(ConvolutionLayer layer, Activation? activation)
    {
        using Tensor weights = FusedConvolution.PatchesFirst(layer);
        return new FoldedConvolution(
            new ReadOnlySpan<float>(TensorMemory.Pointer(weights), checked((int)weights.numel())),
            OfRunning(layer, activation)
        );
    }

    /// <summary>A depthwise convolution with its batch norm's running statistics, and its activation.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="activation">The activation after the norm, or null.</param>
    public static FoldedDepthwise FoldedDepthwise(ConvolutionLayer layer, Activation? activation) =>
        new(TensorMemory.ToArray(layer.Weight.Value), OfRunning(layer, activation));

    private static ChannelNorm OfRunning(ConvolutionLayer layer, Activation? activation)
    {
        (float low, float high) = RangeOf(activation);
        return ChannelNorm.OfRunning(
            TensorMemory.ToArray(layer.Scale.Value),
            TensorMemory.ToArray(layer.Shift.Value),
            TensorMemory.ToArray(layer.Mean.Value),
            TensorMemory.ToArray(layer.Variance.Value),
            BatchNorm.Epsilon,
            low,
            high
        );
    }

    private static (float Low, float High) RangeOf(Activation? activation) =>
        (activation is null ? float.NegativeInfinity : 0, activation == Activation.Relu6 ? 6 : float.PositiveInfinity);

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
