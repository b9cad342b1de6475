using Proxyless.Architectures;
using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// An expansion whose output is never in memory: a tile of it is computed from the block's input when the depthwise
/// convolution reads it, forward and again backward. The statistics of its batch norm follow from those of the input
/// (<see cref="InputMoments"/>), its gradients from sums over tiles (<see cref="ExpansionGradient"/>,
/// <see cref="StatisticsGradient"/>).
/// </summary>
/// <param name="path">The block; it has an expansion.</param>
/// <param name="activation">The activation between its convolutions.</param>
/// <param name="pass">What batch norms do.</param>
/// <param name="wanted">Which gradients will be computed.</param>
/// <param name="pixels">Pixels of the block's input in the whole batch.</param>
internal sealed unsafe class TiledExpansion(
    BlockPath path,
    Activation activation,
    NormPass pass,
    WantedGradients wanted,
    int pixels
) : IExpansion
{
    private const int LeastPixels = 12 * 12;

    private readonly ConvolutionLayer _expand = path.Expand!;
    private readonly ConvolutionLayer _depthwise = path.Depthwise!;
    private float[] _weights = [];
    private InputMoments? _moments;
    private double[] _covariances = [];
    private ChannelNorm? _norm;

    /// <summary>
    /// Whether this is faster than a <see cref="StoredExpansion"/>. Below, the products of a tile have too few terms,
    /// and the stored output is small (measured by block: bench/README.md).
    /// </summary>
    public static bool IsFaster(DepthwiseShape shape) => shape.Height * shape.Width >= LeastPixels;

    /// <summary>Whether an expansion is tiled.</summary>
    /// <param name="memory">What happens to the output of the expansion.</param>
    /// <param name="shape">The depthwise convolution behind it.</param>
    public static bool IsChosen(ExpansionMemory memory, DepthwiseShape shape) =>
        memory switch
        {
            ExpansionMemory.Stored => false,
            ExpansionMemory.Tiled => true,
            _ => IsFaster(shape),
        };

    /// <inheritdoc/>
    public void Forward(FusedBlockChunk[] chunks, ChannelSums? sums)
    {
        _weights = PointwiseConvolution.Matrix(_expand.Weight.Value);
        ChannelSums own = FusedLayerNorm.Sums(_expand, pixels);
        if (pass.UsesBatch)
        {
            float* input = TensorMemory.Pointer(chunks[0].Input);
            _moments = InputMoments.Of(input, pixels, path.Block.InputWidth);
            _covariances = _moments.OfOutputs(_weights, own);
        }

        _norm = FusedLayerNorm.Of(_expand, activation, pass, own);
        using FoldedExpansion folded = Folded();
        foreach (FusedBlockChunk chunk in chunks)
        {
            DepthwiseForward.Run(
                chunk.Shape,
                folded.Source(TensorMemory.Pointer(chunk.Input)),
                TensorMemory.Pointer(_depthwise.Weight.Value),
                TensorMemory.Pointer(chunk.NewFiltered()),
                sums
            );
        }
    }

    /// <inheritdoc/>
    public (Tensor Weights, float[] Gamma, float[] Beta)? Backward(
        FusedBlockChunk[] chunks,
        ChannelNorm norm,
        ChannelNormGradient factors,
        Tensor? depthwiseWeights,
        Tensor? ofInput,
        Tensor? shortcut
    )
    {
        double[]? products = wanted.OfWeights ? new double[_weights.Length] : null;
        var sums = new ChannelSums(new float[_norm!.Channels], pixels);
        using FoldedExpansion folded = Folded();
        foreach (FusedBlockChunk chunk in chunks)
        {
            using Tensor? destination = ofInput is null ? null : chunk.Of(ofInput);
            DepthwiseBackward.Run(
                chunk.Shape,
                new DepthwiseBackward.Operands
                {
                    Sums = sums,
                    Output = TensorMemory.Pointer(chunk.Filtered!),
                    Gradient = TensorMemory.Pointer(chunk.OfActivated!),
                    Norm = norm,
                    Factors = factors,
                    Weights = TensorMemory.Pointer(_depthwise.Weight.Value),
                    WeightGradient = depthwiseWeights is null ? null : TensorMemory.Pointer(depthwiseWeights),
                },
                new ExpansionProducts(
                    folded,
                    TensorMemory.Pointer(chunk.Input),
                    products,
                    destination is null ? null : TensorMemory.Pointer(destination)
                )
            );
            chunk.OfActivated = null;
            chunk.Filtered = null;
        }

        StatisticsGradient? ofStatistics =
            wanted.OfInput && _moments is not null
                ? new StatisticsGradient(sums, _weights, _norm, _moments.Mean)
                : null;
        foreach (FusedBlockChunk chunk in chunks)
        {
            if (ofInput is not null)
            {
                Complete(chunk, ofStatistics, ofInput, shortcut);
            }

            chunk.Dispose();
        }

        if (products is null)
        {
            return null;
        }

        ExpansionGradient gradient = _moments is null
            ? ExpansionGradient.OfRunning(products, sums.First, _weights, _norm)
            : ExpansionGradient.OfBatch(products, sums.First, _weights, _norm, _covariances);
        using Tensor weights = tensor(gradient.Weights);
        return (weights.view(_expand.Weight.Value.shape[..2]), gradient.Gamma, gradient.Beta);
    }

    private FoldedExpansion Folded() => new(_weights, _norm!, _moments?.Mean ?? new float[path.Block.InputWidth]);

    // What passes through the statistics of the batch, and the shortcut.
    private static void Complete(
        FusedBlockChunk chunk,
        StatisticsGradient? ofStatistics,
        Tensor ofInput,
        Tensor? shortcut
    )
    {
        using Tensor destination = chunk.Of(ofInput);
        if (ofStatistics is not null)
        {
            int inputs = ofStatistics.Constant.Length;
            fixed (
                float* factor = ofStatistics.Factor,
                    constant = ofStatistics.Constant
            )
            {
                MatrixProducts.Add(
                    TensorMemory.Pointer(chunk.Input),
                    factor,
                    chunk.Shape.Pixels,
                    inputs,
                    inputs,
                    constant,
                    TensorMemory.Pointer(destination)
                );
            }
        }

        chunk.AddTo(destination, shortcut);
    }
}
