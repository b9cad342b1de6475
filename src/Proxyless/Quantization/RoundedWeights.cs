using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;
using static TorchSharp.torch;

namespace Proxyless.Quantization;

/// <summary>
/// The weights of a layer while they are trained to be integers: weights in units of their scales, biases in steps of
/// the layer's output. One learning rate then means the same in every layer.
/// </summary>
internal sealed class RoundedWeights : IDisposable
{
    private readonly QuantizedWeights _start;
    private readonly RoundingKernel _kernel;
    private readonly Tensor _scales;
    private readonly Tensor _startBiases;
    private readonly double _outputStep;

    /// <summary>Begins with integers.</summary>
    /// <param name="name">The layer.</param>
    /// <param name="start">Its integers.</param>
    /// <param name="exact">The weights before they were rounded, row-major.</param>
    /// <param name="shape">The shape of its weights: output channels first.</param>
    /// <param name="outputStep">The unit of changes of biases.</param>
    /// <param name="largest">The largest integer of a weight.</param>
    public RoundedWeights(
        string name,
        QuantizedWeights start,
        float[] exact,
        long[] shape,
        double outputStep,
        int largest
    )
    {
        _start = start;
        _kernel = new RoundingKernel(1, -largest, largest);
        _outputStep = outputStep;
        long outputs = shape[0];
        using var scope = NewDisposeScope();
        long[] perOutput = [outputs, .. Enumerable.Repeat(1L, shape.Length - 1)];
        _scales = tensor(start.Scales, perOutput).DetachFromDisposeScope();
        float[] biases = [.. start.Biases.Zip(start.BiasScales, (bias, scale) => (float)(bias * (double)scale))];
        _startBiases = tensor(biases).DetachFromDisposeScope();
        Tensor values = tensor(exact, shape) / _scales;
        Tensor ordered = shape.Length == 4 ? MemoryLayout.ChannelsLast(values) : values;
        Weight = Trained($"{name}.weight", ordered);
        Bias = Trained($"{name}.bias", zeros(outputs));
    }

    /// <summary>The weights in units of their channel's scale, of the layer's shape.</summary>
    public NetworkTensor Weight { get; }

    /// <summary>What was added to the biases, in steps of the output.</summary>
    public NetworkTensor Bias { get; }

    /// <summary>The rounded weights, as floats.</summary>
    public Tensor Weights()
    {
        using Tensor rounded = RoundedPass.Run(Weight.Value, _kernel);
        return rounded * _scales;
    }

    /// <summary>The biases, as floats.</summary>
    public Tensor Biases()
    {
        using Tensor change = WithScalar.Times(Bias.Value, _outputStep);
        return WithScalar.Sum(change, _startBiases);
    }

    /// <summary>The integers.</summary>
    public QuantizedWeights ToIntegers()
    {
        using var scope = NewDisposeScope();
        using var withoutGraph = no_grad();
        Tensor rows = RoundedPass.Run(Weight.Value, _kernel).contiguous();
        Tensor biases = Biases();
        return _start with
        {
            Weights = [.. TensorMemory.ToArray(rows).Select(value => (sbyte)value)],
            Biases =
            [
                .. TensorMemory
                    .ToArray(biases)
                    .Zip(_start.BiasScales, (bias, scale) => (int)Math.Round(bias / (double)scale)),
            ],
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _scales.Dispose();
        _startBiases.Dispose();
        Weight.Dispose();
        Bias.Dispose();
    }

    private static NetworkTensor Trained(string name, Tensor value) =>
        new(name, value.requires_grad_().DetachFromDisposeScope(), TensorRole.Weight);
}
