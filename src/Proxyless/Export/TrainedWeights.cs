using Proxyless.Architectures;
using Proxyless.Networks;
using static TorchSharp.torch;

namespace Proxyless.Export;

/// <summary>A network's weights in the form that the exporter needs, with batch norms folded in.</summary>
/// <param name="network">The network; read on demand.</param>
internal sealed class TrainedWeights(CompactNetwork network) : INetworkWeights
{
    /// <inheritdoc/>
    public FoldedConvolution Stem => Fold(network.Stem);

    /// <inheritdoc/>
    public FoldedConvolution Head => Fold(network.Head.Convolution);

    /// <inheritdoc/>
    public ClassifierWeights Classifier => new(Values(network.Head.Weight), Values(network.Head.Bias));

    /// <inheritdoc/>
    public FoldedConvolution Block(int block, BlockConvolution convolution)
    {
        BlockPath path = network.Blocks[block];
        ConvolutionLayer? layer = convolution switch
        {
            BlockConvolution.Expand => path.Expand,
            BlockConvolution.Depthwise => path.Depthwise,
            _ => path.Project,
        };
        return Fold(
            layer
                ?? throw new ArgumentException(
                    $"block {block} ({path.Block.Key}) has no {convolution}",
                    nameof(convolution)
                )
        );
    }

    private static FoldedConvolution Fold(ConvolutionLayer layer) =>
        FoldedConvolution.Fold(
            Values(layer.Weight),
            Values(layer.Scale),
            Values(layer.Shift),
            Values(layer.Mean),
            Values(layer.Variance),
            BatchNorm.Epsilon,
            layer.Groups,
            layer.Kernel,
            layer.Stride
        );

    private static float[] Values(NetworkTensor tensor)
    {
        using Tensor detached = tensor.Value.detach();
        using Tensor local = detached.cpu();
        using Tensor packed = local.contiguous();
        return packed.data<float>().ToArray();
    }
}
