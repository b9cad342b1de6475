using Proxyless.Architectures;
using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// Batch norm and activation after a convolution, libtorch's or ours, in one pass that keeps only the convolution's
/// output.
/// </summary>
/// <param name="layer">The layer of the convolution.</param>
/// <param name="activation">The activation after the norm, or null.</param>
/// <param name="pass">What the norm does.</param>
/// <param name="wanted">Which gradients will be computed.</param>
internal sealed unsafe class FusedNorm(
    ConvolutionLayer layer,
    Activation? activation,
    NormPass pass,
    WantedGradients wanted
) : IFusedPass
{
    private Tensor? _convolved;
    private ChannelNorm? _norm;
    private int _pixels;

    /// <inheritdoc/>
    public Tensor Forward(Tensor x)
    {
        Tensor convolved = TensorMemory.PixelsFirst(x);
        _pixels = checked((int)(convolved.numel() / x.shape[1]));
        ChannelSums sums = FusedLayerNorm.Sums(layer, _pixels);
        if (pass.UsesBatch)
        {
            PixelKernels.Statistics(TensorMemory.Pointer(convolved), _pixels, sums);
        }

        _norm = FusedLayerNorm.Of(layer, activation, pass, sums);
        using Tensor output = empty_like(convolved);
        PixelKernels.Normalize(TensorMemory.Pointer(convolved), _pixels, _norm, null, TensorMemory.Pointer(output));
        if (wanted.Any)
        {
            _convolved = convolved;
        }
        else
        {
            convolved.Dispose();
        }

        return output.permute(0, 3, 1, 2);
    }

    /// <inheritdoc/>
    public List<Tensor?> Backward(Tensor gradient)
    {
        if (_convolved is null)
        {
            throw new InvalidOperationException("the backward pass has run already");
        }

        using Tensor outer = TensorMemory.PixelsFirst(gradient);
        var sums = new ChannelSums(_norm!.Mean, _pixels);
        PixelKernels.GradientSums(TensorMemory.Pointer(_convolved), TensorMemory.Pointer(outer), _pixels, _norm, sums);
        ChannelNormGradient factors = _norm.Gradient(sums);
        using Tensor inner = empty_like(_convolved);
        PixelKernels.Gradient(
            TensorMemory.Pointer(_convolved),
            TensorMemory.Pointer(outer),
            _pixels,
            _norm,
            factors,
            isMasked: false,
            TensorMemory.Pointer(inner)
        );
        var gradients = new List<Tensor?> { inner.permute(0, 3, 1, 2) };
        if (wanted.OfWeights)
        {
            gradients.AddRange(tensor(factors.Gamma), tensor(factors.Beta));
        }

        return gradients;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _convolved?.Dispose();
        _convolved = null;
    }
}
