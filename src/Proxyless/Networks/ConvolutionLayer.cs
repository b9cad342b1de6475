using Proxyless.Architectures;
using Proxyless.Runtime.Kernels;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>A convolution without bias, its batch norm and, if there is one, the activation.</summary>
internal sealed class ConvolutionLayer : IDisposable
{
    private readonly Activation? _activation;
    private readonly bool _usesOwnKernels;
    private readonly long[] _stride;
    private readonly ConvolutionPadding _padding;

    internal ConvolutionLayer(
        TensorFactory factory,
        string name,
        int input,
        int output,
        int kernel,
        int stride,
        int groups,
        Activation? activation,
        ConvolutionPadding padding = ConvolutionPadding.Centered
    )
    {
        Weight = factory.Convolution($"{name}.weight", output, input / groups, kernel, groups);
        Scale = factory.Vector($"{name}.norm.scale", output, 1);
        Shift = factory.Vector($"{name}.norm.shift", output, 0);
        Mean = factory.Statistic($"{name}.norm.mean", output, 0);
        Variance = factory.Statistic($"{name}.norm.variance", output, 1);
        Stride = stride;
        Groups = groups;
        Kernel = kernel;
        _activation = activation;
        _usesOwnKernels = factory.UsesOwnKernels;
        _stride = [stride, stride];
        _padding = padding;
    }

    /// <summary>[O, I/groups, K, K].</summary>
    public NetworkTensor Weight { get; }

    /// <summary>[O], the batch norm's gamma.</summary>
    public NetworkTensor Scale { get; }

    /// <summary>[O], the batch norm's beta.</summary>
    public NetworkTensor Shift { get; }

    /// <summary>[O], the running mean.</summary>
    public NetworkTensor Mean { get; }

    /// <summary>[O], the running variance.</summary>
    public NetworkTensor Variance { get; }

    /// <summary>1 or 2.</summary>
    public int Stride { get; }

    /// <summary>1, or the number of channels for a depthwise convolution.</summary>
    public int Groups { get; }

    /// <summary>Side of the kernel in pixels.</summary>
    public int Kernel { get; }

    /// <summary>Every tensor of the layer.</summary>
    public IEnumerable<NetworkTensor> Tensors => [Weight, Scale, Shift, Mean, Variance];

    /// <summary>Convolution, batch norm, activation.</summary>
    /// <param name="x">[N, I, H, W]; not disposed of.</param>
    /// <param name="pass">What the batch norm does.</param>
    /// <returns>[N, O, H / stride, W / stride].</returns>
    public Tensor Forward(Tensor x, NormPass pass)
    {
        if (_usesOwnKernels && Kernel == 1 && Groups == 1)
        {
            return FusedFunction.Run(
                x,
                [Weight.Value, Scale.Value, Shift.Value],
                wanted => new FusedPointwise(this, _activation, pass, wanted),
                pass.UsesBatch ? null : input => FusedPointwise.Evaluate(this, _activation, input)
            );
        }

        if (_usesOwnKernels && Groups == 1 && !(is_grad_enabled() && x.requires_grad))
        {
            return FusedFunction.Run(
                x,
                [Weight.Value, Scale.Value, Shift.Value],
                wanted => new FusedConvolution(this, _activation, pass, wanted),
                pass.UsesBatch ? null : input => FusedConvolution.Evaluate(this, _activation, input)
            );
        }

        using Tensor convolved = Convolve(x);
        if (_usesOwnKernels)
        {
            return FusedFunction.Run(
                convolved,
                [Scale.Value, Shift.Value],
                wanted => new FusedNorm(this, _activation, pass, wanted)
            );
        }

        bool writes = !pass.UsesBatch || pass.Momentum > 0;
        Tensor normalized = nn.functional.batch_norm(
            convolved,
            writes ? Mean.Value : null,
            writes ? Variance.Value : null,
            Scale.Value,
            Shift.Value,
            pass.UsesBatch,
            pass.Momentum,
            BatchNorm.Epsilon
        );
        if (_activation is null)
        {
            return normalized;
        }

        // In place: the activation's gradient needs only its output, the batch norm's needs its input.
        return _activation == Activation.Relu6 ? normalized.relu6_() : normalized.relu_();
    }

    /// <summary>The zeros before the first row and the first column of an image.</summary>
    /// <param name="side">Side of the image in pixels.</param>
    internal int ZerosBefore(int side) => MarginsOf(side).Before;

    /// <summary>The shape of the convolution, which connects every input with every output.</summary>
    /// <param name="input">[N, H, W, I].</param>
    /// <exception cref="ArgumentException">It has another number of channels.</exception>
    internal ConvolutionShape ShapeOf(Tensor input)
    {
        long[] weight = Weight.Value.shape;
        if (input.shape[3] != weight[1])
        {
            throw new ArgumentException($"the layer takes {weight[1]} channels, not {input.shape[3]}", nameof(input));
        }

        (int before, int after) = MarginsOf(input.shape[1]);
        return new ConvolutionShape(
            (int)input.shape[0],
            (int)input.shape[1],
            (int)input.shape[2],
            (int)weight[1],
            (int)weight[0],
            Kernel,
            Stride,
            before,
            after
        );
    }

    private Tensor Convolve(Tensor x)
    {
        (int before, int after) = MarginsOf(x.shape[2]);
        if (before == after)
        {
            return nn.functional.conv2d(x, Weight.Value, null, _stride, [before, before], null, Groups);
        }

        using Tensor padded = nn.functional.pad(x, [before, after, before, after]);
        return nn.functional.conv2d(padded, Weight.Value, null, _stride, [0, 0], null, Groups);
    }

    // Images are square.
    private (int Before, int After) MarginsOf(long side) => PaddingMargins.Of(_padding, (int)side, Kernel, Stride);

    /// <summary>The pixels that a 1x1 convolution with this stride sees: a view.</summary>
    internal Tensor EveryStride(Tensor image)
    {
        using Tensor rows = image.slice(2, 0, image.shape[2], Stride);
        return rows.slice(3, 0, image.shape[3], Stride);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NetworkTensor tensor in Tensors)
        {
            tensor.Dispose();
        }
    }
}
