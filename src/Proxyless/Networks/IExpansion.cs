using Proxyless.Runtime.Kernels;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// The part of a <see cref="FusedBlock"/> that is as wide as its depthwise convolution: the expansion with its batch
/// norm and activation, if there is one, and that convolution.
/// </summary>
internal interface IExpansion
{
    /// <summary>Computes <see cref="FusedBlockChunk.Filtered"/> of each chunk.</summary>
    /// <param name="chunks">The batch; the inputs of its chunks follow one another in memory.</param>
    /// <param name="sums">
    /// Those of the depthwise convolution's output are added to them; null if they are not needed.
    /// </param>
    void Forward(FusedBlockChunk[] chunks, ChannelSums? sums);

    /// <summary>
    /// Computes the gradients from <see cref="FusedBlockChunk.OfActivated"/>; releases the chunks as it goes.
    /// </summary>
    /// <param name="chunks">The batch.</param>
    /// <param name="norm">The norm after the depthwise convolution.</param>
    /// <param name="factors">Its gradient.</param>
    /// <param name="depthwiseWeights">The gradient of the depthwise weights is added; null if not wanted.</param>
    /// <param name="ofInput">[N, H, W, C]: receives the gradient of the block's input; null if not wanted.</param>
    /// <param name="shortcut">[N, H, W, C]: is added to that gradient, or null.</param>
    /// <returns>
    /// The gradients of the expansion's weights [O, I], scale and shift; null if there is none, or if those of weights
    /// are not wanted.
    /// </returns>
    (Tensor Weights, float[] Gamma, float[] Beta)? Backward(
        FusedBlockChunk[] chunks,
        ChannelNorm norm,
        ChannelNormGradient factors,
        Tensor? depthwiseWeights,
        Tensor? ofInput,
        Tensor? shortcut
    );
}
