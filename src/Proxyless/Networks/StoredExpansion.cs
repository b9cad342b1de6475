using Proxyless.Architectures;
using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// An expansion whose output is kept from the forward pass to the backward pass, or none: then the block's input is
/// filtered.
/// </summary>
/// <param name="path">The block.</param>
/// <param name="activation">The activation between its convolutions.</param>
/// <param name="pass">What batch norms do.</param>
/// <param name="wanted">Which gradients will be computed.</param>
/// <param name="pixels">Pixels of the block's input in the whole batch.</param>
internal sealed unsafe class StoredExpansion(
    BlockPath path,
    Activation activation,
    NormPass pass,
    WantedGradients wanted,
    int pixels
) : IExpansion
{
    private readonly ConvolutionLayer? _expand = path.Expand;
    private readonly ConvolutionLayer _depthwise = path.Depthwise!;
    private ChannelNorm? _norm;

    /// <inheritdoc/>
    public void Forward(FusedBlockChunk[] chunks, ChannelSums? sums)
    {
        Expand(chunks);
        foreach (FusedBlockChunk chunk in chunks)
        {
            DepthwiseForward.Run(
                chunk.Shape,
                TensorMemory.Pointer(chunk.Expanded ?? chunk.Input),
                _norm,
                TensorMemory.Pointer(_depthwise.Weight.Value),
                TensorMemory.Pointer(chunk.NewFiltered()),
                sums
            );
            if (!wanted.Any)
            {
                chunk.Expanded = null;
            }
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
        ChannelNormGradient? own = BackThroughDepthwise(chunks, norm, factors, depthwiseWeights, ofInput);
        Tensor? weights = wanted.OfWeights && _expand is not null ? zeros(_expand.Weight.Value.shape[..2]) : null;
        foreach (FusedBlockChunk chunk in chunks)
        {
            BackThroughExpansion(chunk, own, weights, ofInput, shortcut);
            chunk.Dispose();
        }

        return own is null || weights is null ? null : (weights, own.Gamma, own.Beta);
    }

    private void Expand(FusedBlockChunk[] chunks)
    {
        if (_expand is null)
        {
            return;
        }

        ChannelSums sums = FusedLayerNorm.Sums(_expand, pixels);
        foreach (FusedBlockChunk chunk in chunks)
        {
            Tensor expanded = chunk.Expanded = PointwiseConvolution.Forward(chunk.Input, _expand.Weight.Value);
            if (pass.UsesBatch)
            {
                PixelKernels.Statistics(TensorMemory.Pointer(expanded), chunk.Shape.Pixels, sums);
            }
        }

        _norm = FusedLayerNorm.Of(_expand, activation, pass, sums);
    }

    private ChannelNormGradient? BackThroughDepthwise(
        FusedBlockChunk[] chunks,
        ChannelNorm norm,
        ChannelNormGradient factors,
        Tensor? weights,
        Tensor? ofInput
    )
    {
        ChannelSums? sums = _norm is null ? null : new ChannelSums(_norm.Mean, pixels);
        foreach (FusedBlockChunk chunk in chunks)
        {
            // Without an expansion this is the gradient of the block's input.
            using Tensor? whole = _expand is null && ofInput is not null ? chunk.Of(ofInput) : null;
            DepthwiseBackward.Run(
                chunk.Shape,
                new DepthwiseBackward.Operands
                {
                    Input = TensorMemory.Pointer(chunk.Expanded ?? chunk.Input),
                    InputNorm = _norm,
                    Sums = sums,
                    Output = TensorMemory.Pointer(chunk.Filtered!),
                    Gradient = TensorMemory.Pointer(chunk.OfActivated!),
                    Norm = norm,
                    Factors = factors,
                    Weights = TensorMemory.Pointer(_depthwise.Weight.Value),
                    InputGradient = TensorMemory.Pointer(whole ?? chunk.NewOfInner()),
                    WeightGradient = weights is null ? null : TensorMemory.Pointer(weights),
                }
            );
            chunk.OfActivated = null;
            chunk.Filtered = null;
        }

        return sums is null ? null : _norm!.Gradient(sums);
    }

    private void BackThroughExpansion(
        FusedBlockChunk chunk,
        ChannelNormGradient? gradient,
        Tensor? weights,
        Tensor? ofInput,
        Tensor? shortcut
    )
    {
        if (gradient is not null)
        {
            Tensor inner = chunk.OfInner!;
            PixelKernels.Gradient(
                TensorMemory.Pointer(chunk.Expanded!),
                TensorMemory.Pointer(inner),
                chunk.Shape.Pixels,
                _norm!,
                gradient,
                isMasked: true,
                TensorMemory.Pointer(inner)
            );
            if (weights is not null)
            {
                PointwiseConvolution.AddWeightGradient(inner, chunk.Input, weights);
            }
        }

        if (ofInput is null)
        {
            return;
        }

        using Tensor destination = chunk.Of(ofInput);
        if (gradient is not null)
        {
            PointwiseConvolution.InputGradient(chunk.OfInner!, _expand!.Weight.Value, destination);
        }

        chunk.AddTo(destination, shortcut);
    }
}
