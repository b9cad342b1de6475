using System.Numerics.Tensors;

namespace Proxyless.Runtime.Kernels;

/// <summary>
/// A convolution that connects every input with every output, with its batch norm and activation:
/// clamp(scale W x + shift). The norm is folded into the weights, so that nothing but the input is needed.
/// </summary>
internal sealed unsafe class FoldedConvolution : IDisposable
{
    private readonly AlignedBuffer _weights;
    private readonly AlignedBuffer _shift;
    private readonly float _low;
    private readonly float _high;

    /// <summary>Folds a norm into weights.</summary>
    /// <param name="weights">[inputs, outputs]: W^T; or [kernel, kernel, inputs, outputs].</param>
    /// <param name="norm">The norm and the activation.</param>
    public FoldedConvolution(ReadOnlySpan<float> weights, ChannelNorm norm)
    {
        Outputs = norm.Channels;
        Inputs = weights.Length / Outputs;
        (_low, _high) = (norm.Low, norm.High);
        _weights = new AlignedBuffer(weights.Length);
        _shift = new AlignedBuffer(Outputs);
        norm.Shift.CopyTo(new Span<float>(_shift.Data, Outputs));
        for (int i = 0; i < Inputs; i++)
        {
            TensorPrimitives.Multiply(
                weights.Slice(i * Outputs, Outputs),
                norm.Scale,
                new Span<float>(_weights.Data + (i * Outputs), Outputs)
            );
        }
    }

    /// <summary>Numbers that a pixel of the output depends on: the input's channels for a 1x1 convolution.</summary>
    public int Inputs { get; }

    /// <summary>Channels of the output.</summary>
    public int Outputs { get; }

    private ActivatedSum Activation => new(_shift.Data, _low, _high);

    /// <summary>The activated output of a 1x1 convolution, from the input, tile by tile.</summary>
    /// <param name="x">[pixels, inputs].</param>
    public ExpandedSource Source(float* x) =>
        new()
        {
            X = x,
            Inputs = Inputs,
            Weights = _weights.Data,
            Shift = _shift.Data,
            Low = _low,
            High = _high,
            Channels = Outputs,
        };

    /// <summary>Computes the activated output of a 1x1 convolution.</summary>
    /// <param name="x">[pixels, inputs].</param>
    /// <param name="pixels">Number of pixels.</param>
    /// <param name="result">[pixels, outputs].</param>
    public void Run(float* x, int pixels, float* result) =>
        MatrixProducts.MultiplyActivated(x, _weights.Data, pixels, Inputs, Outputs, Activation, result);

    /// <summary>Computes the activated output of a larger kernel.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="x">[images, height, width, inputs].</param>
    /// <param name="result">[images, output height, output width, outputs].</param>
    public void Run(ConvolutionShape shape, float* x, float* result) =>
        PatchConvolution.Forward(shape, x, _weights.Data, Activation, result);

    /// <summary>Adds the output of a 1x1 convolution that no activation follows.</summary>
    /// <param name="x">[pixels, inputs].</param>
    /// <param name="pixels">Number of pixels.</param>
    /// <param name="result">[pixels, outputs].</param>
    public void Add(float* x, int pixels, float* result) =>
        MatrixProducts.Add(x, _weights.Data, pixels, Inputs, Outputs, _shift.Data, result);

    /// <inheritdoc/>
    public void Dispose()
    {
        _weights.Dispose();
        _shift.Dispose();
    }
}
