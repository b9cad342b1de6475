using Proxyless.Architectures;
using Proxyless.Networks;

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
    public ClassifierWeights Classifier => new(network.Head.Weight.ToArray(), network.Head.Bias.ToArray());

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
            layer.Weight.ToArray(),
            layer.Scale.ToArray(),
            layer.Shift.ToArray(),
            layer.Mean.ToArray(),
            layer.Variance.ToArray(),
            BatchNorm.Epsilon,
            layer.Groups,
            layer.Kernel,
            layer.Stride
        );
}
