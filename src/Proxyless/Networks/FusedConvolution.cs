using Proxyless.Architectures;
using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// A convolution of images, which want no gradient, with its batch norm and activation: the first layer of a network.
/// </summary>
/// <param name="layer">The layer.</param>
/// <param name="activation">The activation after the norm, or null.</param>
/// <param name="pass">What the norm does.</param>
/// <param name="wanted">Which gradients will be computed; not that of the input.</param>
internal sealed unsafe class FusedConvolution(
    ConvolutionLayer layer,
    Activation? activation,
    NormPass pass,
    WantedGradients wanted
) : IFusedPass
{
    private readonly FusedNorm _norm = new(layer, activation, pass, wanted);
    private Tensor? _input;
    private ConvolutionShape _shape;

    /// <summary>The output with the running statistics, where no gradient is wanted.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="activation">The activation after the norm, or null.</param>
    /// <param name="x">[N, C, H, W].</param>
    /// <returns>[N, C', H / stride, W / stride], channels-last.</returns>
    public static Tensor Evaluate(ConvolutionLayer layer, Activation? activation, Tensor x)
    {
        using Tensor input = TensorMemory.PixelsFirst(x);
        ConvolutionShape shape = layer.ShapeOf(input);
        using FoldedConvolution folded = FusedLayerNorm.FoldedConvolution(layer, activation);
        using Tensor output = Empty(shape);
        folded.Run(shape, TensorMemory.Pointer(input), TensorMemory.Pointer(output));
        return output.permute(0, 3, 1, 2);
    }

    /// <summary>The weights [O, I, K, K] of a convolution as a contiguous tensor [K, K, I, O].</summary>
    public static Tensor PatchesFirst(ConvolutionLayer layer)
    {
        using Tensor fixedWeight = layer.Weight.Value.detach();
        using Tensor turned = fixedWeight.permute(2, 3, 1, 0);
        return turned.contiguous();
    }

    /// <inheritdoc/>
    public Tensor Forward(Tensor x)
    {
        Tensor input = TensorMemory.PixelsFirst(x);
        _shape = layer.ShapeOf(input);
        using Tensor weights = PatchesFirst(layer);
        using Tensor convolved = Empty(_shape);
        PatchConvolution.Forward(
            _shape,
            TensorMemory.Pointer(input),
            TensorMemory.Pointer(weights),
            default(StoredSum),
            TensorMemory.Pointer(convolved)
        );
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
        gradients[0] = null;
        using Tensor sum = zeros(_shape.Kernel, _shape.Kernel, _shape.Inputs, _shape.Outputs);
        PatchConvolution.AddWeightGradient(
            _shape,
            TensorMemory.Pointer(_input!),
            TensorMemory.Pointer(ofConvolved),
            TensorMemory.Pointer(sum)
        );
        using Tensor turned = sum.permute(3, 0, 1, 2);
        using Tensor packed = turned.contiguous();
        gradients.Insert(1, packed.permute(0, 3, 1, 2));
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

    private static Tensor Empty(ConvolutionShape shape) =>
        empty(shape.Images, shape.OutputHeight, shape.OutputWidth, shape.Outputs);
}
