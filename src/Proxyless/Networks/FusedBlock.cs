using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;
using Proxyless.Spaces;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// One pass through an inverted residual block with kernels of our own. Of a training step it keeps the outputs of the three
/// convolutions alone; what batch norms and activations made of them is computed again where the backward pass needs it.
/// </summary>
/// <param name="path">The block.</param>
/// <param name="activation">Between its convolutions.</param>
/// <param name="pass">What batch norms do.</param>
/// <param name="addsShortcut">Whether the input is added to the output.</param>
internal sealed unsafe class FusedBlock(BlockPath path, Activation activation, NormPass pass, bool addsShortcut) : IDisposable
{
    private readonly ConvolutionLayer? _expand = path.Expand;
    private readonly ConvolutionLayer _depthwise = path.Depthwise!;
    private readonly ConvolutionLayer _project = path.Project!;
    private Tensor? _input;
    private Tensor? _expanded;
    private Tensor? _filtered;
    private Tensor? _projected;
    private ChannelNorm? _expandNorm;
    private ChannelNorm? _depthwiseNorm;
    private ChannelNorm? _projectNorm;
    private DepthwiseShape _shape;

    /// <summary>Whether a backward pass will follow.</summary>
    public bool KeepsForBackward { get; init; }

    /// <summary>Whether that pass computes the gradient of the input.</summary>
    public bool NeedsInputGradient { get; init; }

    /// <summary>Whether it computes those of the weights.</summary>
    public bool NeedsWeightGradients { get; init; }

    /// <summary>The block's output.</summary>
    /// <param name="x">[N, C, H, W].</param>
    /// <returns>[N, C', H / stride, W / stride], channels-last.</returns>
    public Tensor Forward(Tensor x)
    {
        Tensor input = TensorMemory.PixelsFirst(x);
        long[] size = input.shape;
        int hidden = path.Block.HiddenWidth;
        _shape = new DepthwiseShape((int)size[0], (int)size[1], (int)size[2], hidden, _depthwise.Kernel, _depthwise.Stride);
        Tensor? expanded = null;
        if (_expand is not null)
        {
            expanded = Multiply(input, _expand);
            _expandNorm = NormOf(_expand, activation, () => PixelKernels.Statistics(TensorMemory.Pointer(expanded), _shape.Pixels, Reference(_expand)));
        }

        Tensor filtered = empty(size[0], _shape.OutputHeight, _shape.OutputWidth, hidden);
        ChannelSums sums = DepthwiseForward.Run(
            _shape,
            TensorMemory.Pointer(expanded ?? input),
            _expandNorm,
            TensorMemory.Pointer(_depthwise.Weight.Value),
            TensorMemory.Pointer(filtered),
            Reference(_depthwise));
        _depthwiseNorm = NormOf(_depthwise, activation, () => sums);
        if (!KeepsForBackward)
        {
            expanded?.Dispose();
            expanded = null;
        }

        Tensor projected;
        using (Tensor activated = KeepsForBackward ? empty_like(filtered) : filtered.alias())
        {
            PixelKernels.Normalise(TensorMemory.Pointer(filtered), _shape.OutputPixels, _depthwiseNorm, null, TensorMemory.Pointer(activated));
            projected = Multiply(activated, _project);
        }

        _projectNorm = NormOf(_project, null, () => PixelKernels.Statistics(TensorMemory.Pointer(projected), _shape.OutputPixels, Reference(_project)));
        Tensor output = empty(size[0], _shape.OutputHeight, _shape.OutputWidth, path.Block.OutputWidth);
        PixelKernels.Normalise(
            TensorMemory.Pointer(projected), _shape.OutputPixels, _projectNorm, addsShortcut ? TensorMemory.Pointer(input) : null, TensorMemory.Pointer(output));
        (_input, _expanded, _filtered, _projected) = (input, expanded, filtered, projected);
        if (!KeepsForBackward)
        {
            Dispose();
        }

        using (output)
        {
            return output.permute(0, 3, 1, 2);
        }
    }

    /// <summary>The gradients, once; what was kept is released on the way.</summary>
    /// <param name="gradient">[N, C', H / stride, W / stride] of the output.</param>
    /// <returns>That of the input, then those of weight, scale and shift of each layer; null where none was wanted.</returns>
    public List<Tensor?> Backward(Tensor gradient)
    {
        using Tensor outer = TensorMemory.PixelsFirst(gradient);
        (Tensor input, Tensor filtered) = (_input!, _filtered!);
        using Tensor ofProjected = empty_like(_projected!);
        ChannelNormGradient project = _projectNorm!.Gradient(
            PixelKernels.GradientSums(TensorMemory.Pointer(_projected!), TensorMemory.Pointer(outer), _shape.OutputPixels, _projectNorm));
        PixelKernels.Gradient(
            TensorMemory.Pointer(_projected!), TensorMemory.Pointer(outer), _shape.OutputPixels, _projectNorm, project, isMasked: true, TensorMemory.Pointer(ofProjected));
        Release(ref _projected);

        Tensor? projectWeights = NeedsWeightGradients ? ProjectWeights(ofProjected, filtered) : null;
        Tensor ofActivated = MultiplyBack(ofProjected, _project);
        ofProjected.Dispose();
        ChannelNormGradient depthwise = _depthwiseNorm!.Gradient(
            PixelKernels.GradientSums(TensorMemory.Pointer(filtered), TensorMemory.Pointer(ofActivated), _shape.OutputPixels, _depthwiseNorm));
        Tensor inner = empty(_shape.Images, _shape.Height, _shape.Width, _shape.Channels);
        Tensor? depthwiseWeights = NeedsWeightGradients ? empty(_shape.Channels, 1, _shape.Kernel, _shape.Kernel) : null;
        ChannelSums? sums = DepthwiseBackward.Run(_shape, new DepthwiseBackward.Operands
        {
            Input = TensorMemory.Pointer(_expanded ?? input),
            InputNorm = _expandNorm,
            Output = TensorMemory.Pointer(filtered),
            Gradient = TensorMemory.Pointer(ofActivated),
            Norm = _depthwiseNorm,
            Factors = depthwise,
            Weights = TensorMemory.Pointer(_depthwise.Weight.Value),
            InputGradient = TensorMemory.Pointer(inner),
            WeightGradient = depthwiseWeights is null ? null : TensorMemory.Pointer(depthwiseWeights),
        });
        ofActivated.Dispose();
        Release(ref _filtered);

        var gradients = new List<Tensor?>();
        if (_expand is not null)
        {
            ChannelNormGradient expand = _expandNorm!.Gradient(sums!);
            PixelKernels.Gradient(
                TensorMemory.Pointer(_expanded!), TensorMemory.Pointer(inner), _shape.Pixels, _expandNorm, expand, isMasked: true, TensorMemory.Pointer(inner));
            Release(ref _expanded);
            if (NeedsWeightGradients)
            {
                gradients.AddRange(WeightsOf(inner, input, _expand), Vector(expand.Gamma), Vector(expand.Beta));
            }

            using Tensor ofExpanded = inner;
            inner = NeedsInputGradient ? MultiplyBack(ofExpanded, _expand) : empty(0);
        }

        if (NeedsWeightGradients)
        {
            gradients.AddRange(
                depthwiseWeights, Vector(depthwise.Gamma), Vector(depthwise.Beta), projectWeights, Vector(project.Gamma), Vector(project.Beta));
        }

        using (inner)
        {
            if (NeedsInputGradient && addsShortcut)
            {
                inner.add_(outer);
            }

            gradients.Insert(0, NeedsInputGradient ? inner.permute(0, 3, 1, 2) : null);
        }

        Dispose();
        return gradients;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Release(ref _input);
        Release(ref _expanded);
        Release(ref _filtered);
        Release(ref _projected);
    }

    private static void Release(ref Tensor? tensor)
    {
        tensor?.Dispose();
        tensor = null;
    }

    private static float[] Reference(ConvolutionLayer layer) => TensorMemory.ToArray(layer.Mean.Value);

    private static Tensor Vector(float[] values) => tensor(values);

    // A 1x1 convolution and the gradient of its input, which is one with the transposed weights. As convolutions both are
    // faster than as products of matrices (docs/decisions/kernels.md).
    private static Tensor Multiply(Tensor x, ConvolutionLayer layer)
    {
        using Tensor weight = layer.Weight.Value.detach();
        return Convolve(x, weight);
    }

    private static Tensor MultiplyBack(Tensor gradient, ConvolutionLayer layer)
    {
        using Tensor weight = layer.Weight.Value.detach();
        using Tensor transposed = weight.transpose(0, 1);
        using Tensor packed = transposed.contiguous();
        return Convolve(gradient, packed);
    }

    private static Tensor Convolve(Tensor pixelsFirst, Tensor weight)
    {
        using Tensor image = pixelsFirst.permute(0, 3, 1, 2);
        using Tensor result = nn.functional.conv2d(image, weight);
        return TensorMemory.PixelsFirst(result);
    }

    // g^T x, the gradient of W, in the shape of W.
    private static Tensor WeightsOf(Tensor gradient, Tensor x, ConvolutionLayer layer)
    {
        using Tensor flat = gradient.view(-1, layer.Weight.Value.shape[0]);
        using Tensor transposed = flat.t();
        using Tensor input = x.view(flat.shape[0], -1);
        using Tensor product = transposed.mm(input);
        return product.view(layer.Weight.Value.shape);
    }

    private Tensor ProjectWeights(Tensor gradient, Tensor filtered)
    {
        using Tensor activated = empty_like(filtered);
        PixelKernels.Normalise(TensorMemory.Pointer(filtered), _shape.OutputPixels, _depthwiseNorm!, null, TensorMemory.Pointer(activated));
        return WeightsOf(gradient, activated, _project);
    }

    private ChannelNorm NormOf(ConvolutionLayer layer, Activation? act, Func<ChannelSums> statistics)
    {
        float low = act is null ? float.NegativeInfinity : 0;
        float high = act == Activation.Relu6 ? 6 : float.PositiveInfinity;
        float[] gamma = TensorMemory.ToArray(layer.Scale.Value);
        float[] beta = TensorMemory.ToArray(layer.Shift.Value);
        if (!pass.UsesBatch)
        {
            return ChannelNorm.OfRunning(
                gamma, beta, TensorMemory.ToArray(layer.Mean.Value), TensorMemory.ToArray(layer.Variance.Value), ConvolutionLayer.Epsilon, low, high);
        }

        ChannelSums sums = statistics();
        if (pass.Momentum > 0)
        {
            Follow(layer, sums);
        }

        return ChannelNorm.OfBatch(gamma, beta, sums, ConvolutionLayer.Epsilon, low, high);
    }

    // The running statistics move towards the batch's: its mean and its unbiased variance.
    private void Follow(ConvolutionLayer layer, ChannelSums sums)
    {
        float* mean = TensorMemory.Pointer(layer.Mean.Value);
        float* variance = TensorMemory.Pointer(layer.Variance.Value);
        double unbiased = (double)sums.Pixels / Math.Max(1, sums.Pixels - 1);
        for (int c = 0; c < sums.First.Length; c++)
        {
            mean[c] += (float)(pass.Momentum * (sums.Mean(c) - mean[c]));
            variance[c] += (float)(pass.Momentum * ((unbiased * sums.Variance(c)) - variance[c]));
        }
    }
}
