using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// Creates the tensors of a network from one seeded generator, in the layout and on the device of the options.
/// </summary>
internal sealed class TensorFactory : IDisposable
{
    private readonly NetworkOptions _options;
    private readonly Generator _generator;

    /// <summary>Starts the sequence of random weights.</summary>
    public TensorFactory(NetworkOptions options)
    {
        _options = options;
        _generator = new Generator(SeedSequence.Mix(options.Seed, RandomUse.Weights, 0) >> 1, CPU);
    }

    /// <summary>Whether blocks are computed by our own kernels.</summary>
    public bool UsesOwnKernels => _options.UsesOwnKernels;

    /// <summary>What our own kernels do with the output of expansions.</summary>
    public ExpansionMemory ExpansionMemory => _options.ExpansionMemory;

    /// <summary>Whether the candidates of a block share their convolutions.</summary>
    public bool SharesWeights => _options.SharesWeights;

    /// <summary>
    /// Convolution weights [O, I/groups, K, K], normal with variance 2 / fan-out (He et al., arXiv 1502.01852).
    /// </summary>
    public NetworkTensor Convolution(string name, int output, int inputPerGroup, int kernel, int groups)
    {
        double fanOut = (double)kernel * kernel * output / groups;
        using Tensor normal = randn(
            output,
            inputPerGroup,
            kernel,
            kernel,
            dtype: _options.Precision,
            generator: _generator
        );
        InPlace.Multiply(normal, Math.Sqrt(2 / fanOut));
        Tensor laid = _options.ChannelsLast ? MemoryLayout.ChannelsLast(normal) : normal.clone();
        return Trained(name, laid, TensorRole.Weight);
    }

    /// <summary>A matrix [O, I], uniform within 1 / sqrt(I).</summary>
    public NetworkTensor Matrix(string name, int output, int input)
    {
        double bound = 1 / Math.Sqrt(input);
        using Tensor uniform = rand(output, input, dtype: _options.Precision, generator: _generator);
        InPlace.Multiply(uniform, 2 * bound);
        return Trained(name, WithScalar.Plus(uniform, -bound), TensorRole.Weight);
    }

    /// <summary>A trained vector [length] of one value.</summary>
    public NetworkTensor Vector(string name, int length, float value) =>
        Trained(name, WithScalar.Full(length, value, _options.Precision), TensorRole.ScaleOrBias);

    /// <summary>A statistic [length] of one value.</summary>
    public NetworkTensor Statistic(string name, int length, float value)
    {
        using Tensor values = WithScalar.Full(length, value, _options.Precision);
        return new NetworkTensor(
            name,
            values.to(_options.Device, copy: true).DetachFromDisposeScope(),
            TensorRole.Statistic
        );
    }

    /// <inheritdoc/>
    public void Dispose() => _generator.Dispose();

    private NetworkTensor Trained(string name, Tensor values, TensorRole role)
    {
        // On a CPU this is the same storage under a second handle.
        Tensor placed = values.to(_options.Device);
        values.Dispose();
        return new NetworkTensor(name, placed.requires_grad_().DetachFromDisposeScope(), role);
    }
}
