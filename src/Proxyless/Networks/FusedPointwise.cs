using Proxyless.Architectures;
using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// A 1x1 convolution with its batch norm and activation. With a stride, it computes only the pixels that it keeps.
/// </summary>
/// <param name="layer">The layer.</param>
/// <param name="activation">The activation after the norm, or null.</param>
/// <param name="pass">What the norm does.</param>
/// <param name="wanted">Which gradients will be computed.</param>
internal sealed class FusedPointwise(
    ConvolutionLayer layer,
    Activation? activation,
    NormPass pass,
    WantedGradients wanted
) : IFusedPass
{
    private readonly FusedNorm _norm = new(layer, activation, pass, wanted);
    private Tensor? _input;
    private long[] _shape = [];

    /// <summary>The output with the running statistics, where no gradient is wanted.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="activation">The activation after the norm, or null.</param>
    /// <param name="x">[N, C, H, W].</param>
    /// <returns>[N, C', H / stride, W / stride], channels-last.</returns>
    public static unsafe Tensor Evaluate(ConvolutionLayer layer, Activation? activation, Tensor x)
    {
        using Tensor kept = layer.EveryStride(x);
        using Tensor input = TensorMemory.PixelsFirst(kept);
        using FoldedConvolution folded = FusedLayerNorm.FoldedConvolution(layer, activation);
        PointwiseConvolution.Require(input.shape[3] == folded.Inputs, input, layer.Weight.Value);
        using Tensor output = empty(input.shape[0], input.shape[1], input.shape[2], folded.Outputs);
        folded.Run(
            TensorMemory.Pointer(input),
            checked((int)(input.numel() / folded.Inputs)),
            TensorMemory.Pointer(output)
        );
        return output.permute(0, 3, 1, 2);
    }

    /// <inheritdoc/>
    public Tensor Forward(Tensor x)
    {
        _shape = x.shape;
        using Tensor kept = layer.EveryStride(x);
        Tensor input = TensorMemory.PixelsFirst(kept);
        using Tensor convolved = PointwiseConvolution.Forward(input, layer.Weight.Value);
        if (wanted.OfWeights)
        {
            _input = input;
        }
        else
        {
            input.Dispose();
        }

        using Tensor image = convolved.permute(0, 3, 1, 2);
        return _norm.Forward(image);
    }

    /// <inheritdoc/>
    public List<Tensor?> Backward(Tensor gradient)
    {
        List<Tensor?> gradients = _norm.Backward(gradient);
        using Tensor image = gradients[0]!;
        using Tensor ofConvolved = TensorMemory.PixelsFirst(image);
        gradients[0] = wanted.OfInput ? OfInput(ofConvolved) : null;
        if (wanted.OfWeights)
        {
            using Tensor sum = zeros(layer.Weight.Value.shape[..2]);
            PointwiseConvolution.AddWeightGradient(ofConvolved, _input!, sum);
            gradients.Insert(1, sum.view(layer.Weight.Value.shape));
        }

        Dispose();
        return gradients;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _norm.Dispose();
        _input?.Dispose();
        _input = null;
    }

    private Tensor OfInput(Tensor ofConvolved)
    {
        using Tensor ofKept = PointwiseConvolution.InputGradient(ofConvolved, layer.Weight.Value);
        Tensor image = ofKept.permute(0, 3, 1, 2);
        if (layer.Stride == 1)
        {
            return image;
        }

        using (image)
        using (Tensor pixelsFirst = zeros(_shape[0], _shape[2], _shape[3], _shape[1]))
        {
            Tensor whole = pixelsFirst.permute(0, 3, 1, 2);
            using Tensor kept = layer.EveryStride(whole);
            kept.copy_(image);
            return whole;
        }
    }
}
