using Proxyless.Architectures;
using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// One pass through an inverted residual block with our own kernels. In a training step it keeps only the outputs of
/// the convolutions, of the expansion only where that is faster (<see cref="IExpansion"/>); the results of batch norms
/// and activations are computed again where the backward pass needs them. It processes the batch a few images at a
/// time: between two batch norms, which need the whole batch, the output of one operation is still in the cache when
/// the next one reads it.
/// </summary>
/// <param name="path">The block.</param>
/// <param name="activation">The activation between its convolutions.</param>
/// <param name="pass">What batch norms do.</param>
/// <param name="addsShortcut">Whether the input is added to the output.</param>
/// <param name="wanted">Which gradients will be computed.</param>
/// <param name="expansionMemory">What happens to the output of the expansion.</param>
internal sealed unsafe class FusedBlock(
    BlockPath path,
    Activation activation,
    NormPass pass,
    bool addsShortcut,
    WantedGradients wanted,
    ExpansionMemory expansionMemory
) : IFusedPass
{
    // Of the widest tensor of the block. Smaller chunks cost more in calls than the faster caches save (bench: 2 MB is
    // 1.1x slower).
    private const long ChunkBytes = 8 << 20;

    private readonly ConvolutionLayer _depthwise = path.Depthwise!;
    private readonly ConvolutionLayer _project = path.Project!;
    private FusedBlockChunk[] _chunks = [];
    private DepthwiseShape _shape;
    private IExpansion? _expansion;
    private ChannelNorm? _depthwiseNorm;
    private ChannelNorm? _projectNorm;

    /// <summary>The block's output.</summary>
    /// <param name="x">[N, C, H, W].</param>
    /// <returns>[N, C', H / stride, W / stride], channels-last.</returns>
    public Tensor Forward(Tensor x)
    {
        Cut(x);
        _expansion =
            path.Expand is not null && TiledExpansion.IsChosen(expansionMemory, _shape)
                ? new TiledExpansion(path, activation, pass, wanted, _shape.Pixels)
                : new StoredExpansion(path, activation, pass, wanted, _shape.Pixels);
        Filter();
        Project();
        using Tensor output = empty(_shape.Images, _shape.OutputHeight, _shape.OutputWidth, path.Block.OutputWidth);
        foreach (FusedBlockChunk chunk in _chunks)
        {
            using Tensor destination = chunk.Of(output);
            PixelKernels.Normalize(
                TensorMemory.Pointer(chunk.Projected!),
                chunk.Shape.OutputPixels,
                _projectNorm!,
                addsShortcut ? TensorMemory.Pointer(chunk.Input) : null,
                TensorMemory.Pointer(destination)
            );
        }

        if (!wanted.Any)
        {
            Dispose();
        }

        return output.permute(0, 3, 1, 2);
    }

    /// <summary>The gradients; called once, since it releases what was kept.</summary>
    /// <param name="gradient">[N, C', H / stride, W / stride] of the output.</param>
    /// <returns>
    /// The gradient of the input, then those of weight, scale and shift of each layer; null where none was wanted.
    /// </returns>
    public List<Tensor?> Backward(Tensor gradient)
    {
        if (_chunks.Length == 0)
        {
            throw new InvalidOperationException("the backward pass has run already");
        }

        using Tensor outer = TensorMemory.PixelsFirst(gradient);
        ChannelNormGradient project = GradientOfOutput(outer);
        Tensor? projectWeights = wanted.OfWeights ? zeros(_project.Weight.Value.shape[..2]) : null;
        ChannelNormGradient depthwise = BackThroughProjection(outer, project, projectWeights);
        Tensor? depthwiseWeights = wanted.OfWeights ? zeros(_depthwise.Weight.Value.shape) : null;
        using Tensor? ofInput = wanted.OfInput
            ? empty(_shape.Images, _shape.Height, _shape.Width, path.Block.InputWidth)
            : null;
        var expand = _expansion!.Backward(
            _chunks,
            _depthwiseNorm!,
            depthwise,
            depthwiseWeights,
            ofInput,
            addsShortcut ? outer : null
        );
        Dispose();

        var gradients = new List<Tensor?> { ofInput?.permute(0, 3, 1, 2) };
        if (wanted.OfWeights)
        {
            if (expand is var (expandWeights, gamma, beta))
            {
                gradients.AddRange(InShapeOf(path.Expand!, expandWeights), tensor(gamma), tensor(beta));
            }

            gradients.AddRange(
                depthwiseWeights,
                tensor(depthwise.Gamma),
                tensor(depthwise.Beta),
                InShapeOf(_project, projectWeights!),
                tensor(project.Gamma),
                tensor(project.Beta)
            );
        }

        return gradients;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Some are missing if splitting the batch failed.
        Array.ForEach(_chunks, chunk => chunk?.Dispose());
        _chunks = [];
        _expansion = null;
    }

    private static Tensor InShapeOf(ConvolutionLayer layer, Tensor matrix)
    {
        using (matrix)
        {
            return matrix.view(layer.Weight.Value.shape);
        }
    }

    private void Cut(Tensor x)
    {
        using Tensor input = TensorMemory.PixelsFirst(x);
        _shape = path.ShapeOf(input);
        long bytes = sizeof(float) * (long)_shape.Height * _shape.Width * _shape.Channels;

        // The same number of images for each thread, since threads share the images; the last chunk may have fewer.
        int threads = KernelThreads.Count;
        int most = (int)
            Math.Clamp(ChunkBytes / bytes / threads * threads, threads, TilePlan.RoundUp(_shape.Images, threads));
        _chunks = new FusedBlockChunk[(_shape.Images + most - 1) / most];
        for (int i = 0; i < _chunks.Length; i++)
        {
            int first = i * most;
            int images = Math.Min(most, _shape.Images - first);
            _chunks[i] = new FusedBlockChunk(input.narrow(0, first, images), _shape with { Images = images }, first);
        }
    }

    private void Filter()
    {
        ChannelSums sums = FusedLayerNorm.Sums(_depthwise, _shape.OutputPixels);
        _expansion!.Forward(_chunks, pass.UsesBatch ? sums : null);
        _depthwiseNorm = FusedLayerNorm.Of(_depthwise, activation, pass, sums);
    }

    private void Project()
    {
        ChannelSums sums = FusedLayerNorm.Sums(_project, _shape.OutputPixels);
        using Tensor weights = PointwiseConvolution.Transposed(_project.Weight.Value);
        foreach (FusedBlockChunk chunk in _chunks)
        {
            Tensor projected = chunk.Projected = empty(
                chunk.Shape.Images,
                _shape.OutputHeight,
                _shape.OutputWidth,
                path.Block.OutputWidth
            );
            ProjectionKernels.Forward(
                TensorMemory.Pointer(chunk.Filtered!),
                chunk.Shape.OutputPixels,
                _depthwiseNorm!,
                TensorMemory.Pointer(weights),
                path.Block.OutputWidth,
                TensorMemory.Pointer(projected),
                pass.UsesBatch ? sums : null
            );
            if (!wanted.Any)
            {
                chunk.Filtered = null;
            }
        }

        _projectNorm = FusedLayerNorm.Of(_project, null, pass, sums);
    }

    private ChannelNormGradient GradientOfOutput(Tensor outer)
    {
        var sums = new ChannelSums(_projectNorm!.Mean, _shape.OutputPixels);
        foreach (FusedBlockChunk chunk in _chunks)
        {
            using Tensor gradient = chunk.Of(outer);
            PixelKernels.GradientSums(
                TensorMemory.Pointer(chunk.Projected!),
                TensorMemory.Pointer(gradient),
                chunk.Shape.OutputPixels,
                _projectNorm,
                sums
            );
        }

        return _projectNorm.Gradient(sums);
    }

    private ChannelNormGradient BackThroughProjection(Tensor outer, ChannelNormGradient project, Tensor? weights)
    {
        var sums = new ChannelSums(_depthwiseNorm!.Mean, _shape.OutputPixels);
        using Tensor matrix = PointwiseConvolution.Packed(_project.Weight.Value);
        foreach (FusedBlockChunk chunk in _chunks)
        {
            using Tensor gradient = chunk.Of(outer);
            Tensor ofActivated = chunk.OfActivated = empty_like(chunk.Filtered!);
            ProjectionKernels.Backward(
                chunk.Shape.OutputPixels,
                new ProjectionKernels.Operands
                {
                    Y = TensorMemory.Pointer(chunk.Filtered!),
                    Norm = _depthwiseNorm,
                    Output = TensorMemory.Pointer(chunk.Projected!),
                    Gradient = TensorMemory.Pointer(gradient),
                    OutputNorm = _projectNorm!,
                    Factors = project,
                    Weights = TensorMemory.Pointer(matrix),
                    OfActivated = TensorMemory.Pointer(ofActivated),
                    WeightGradient = weights is null ? null : TensorMemory.Pointer(weights),
                    Sums = sums,
                }
            );
            chunk.Projected = null;
        }

        return _depthwiseNorm.Gradient(sums);
    }
}
