namespace Proxyless.Export;

/// <summary>The convolutions a block can hold.</summary>
internal enum BlockConvolution
{
    /// <summary>The 1x1 convolution to the hidden width; absent where the expansion is 1.</summary>
    Expand,

    /// <summary>The depthwise convolution, which carries the stride.</summary>
    Depthwise,

    /// <summary>The 1x1 convolution to the output width, without activation.</summary>
    Project,

    /// <summary>
    /// The 1x1 convolution of an identity path that changes the shape, without activation; it carries the stride.
    /// </summary>
    Identity,
}

/// <summary>The last layer.</summary>
/// <param name="Weight">[classes, width], row-major.</param>
/// <param name="Bias">[classes].</param>
internal sealed record ClassifierWeights(float[] Weight, float[] Bias);

/// <summary>
/// The weights of one architecture in the form that the exporter needs: batch norm folded, plain arrays.
/// </summary>
internal interface INetworkWeights
{
    /// <summary>The first convolution.</summary>
    FoldedConvolution Stem { get; }

    /// <summary>The last 1x1 convolution.</summary>
    FoldedConvolution Head { get; }

    /// <summary>The last layer.</summary>
    ClassifierWeights Classifier { get; }

    /// <summary>A convolution of a block.</summary>
    /// <param name="block">The block's place in <see cref="Architectures.Architecture.Blocks"/>.</param>
    /// <param name="convolution">Which convolution of the block's operation.</param>
    FoldedConvolution Block(int block, BlockConvolution convolution);
}
