using Proxyless.Architectures;
using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// The operation of one <see cref="Block"/> with its weights: an inverted residual (MobileNetV2, arXiv 1801.04381,
/// section 3.3), a 1x1 convolution for an identity whose shape changes, or nothing.
/// </summary>
internal sealed class BlockPath : IDisposable
{
    private readonly Activation _activation;
    private readonly bool _usesOwnKernels;
    private readonly ExpansionMemory _expansionMemory;

    internal BlockPath(
        TensorFactory factory,
        string name,
        Block block,
        Activation activation,
        ConvolutionPadding padding = ConvolutionPadding.Centered
    )
    {
        Block = block;
        _activation = activation;
        _usesOwnKernels = factory.UsesOwnKernels;
        _expansionMemory = factory.ExpansionMemory;
        int hidden = block.HiddenWidth;
        switch (block.Operation.Kind)
        {
            case OperationKind.InvertedResidual:
                if (block.Operation.HasExpansion)
                {
                    Expand = new ConvolutionLayer(
                        factory,
                        $"{name}.expand",
                        block.InputWidth,
                        hidden,
                        1,
                        1,
                        1,
                        activation
                    );
                }

                Depthwise = new ConvolutionLayer(
                    factory,
                    $"{name}.depthwise",
                    hidden,
                    hidden,
                    block.Operation.Kernel,
                    block.Stride,
                    hidden,
                    activation,
                    padding
                );
                Project = new ConvolutionLayer(factory, $"{name}.project", hidden, block.OutputWidth, 1, 1, 1, null);
                break;
            case OperationKind.Identity when !block.KeepsShape:
                Project = new ConvolutionLayer(
                    factory,
                    $"{name}.project",
                    block.InputWidth,
                    block.OutputWidth,
                    1,
                    block.Stride,
                    1,
                    null
                );
                break;
        }
    }

    /// <summary>Its shapes.</summary>
    public Block Block { get; }

    /// <summary>1x1 expansion, or null.</summary>
    public ConvolutionLayer? Expand { get; }

    /// <summary>Depthwise convolution, or null.</summary>
    public ConvolutionLayer? Depthwise { get; }

    /// <summary>1x1 projection, or null if the path computes nothing.</summary>
    public ConvolutionLayer? Project { get; }

    /// <summary>Every tensor of the path.</summary>
    public IEnumerable<NetworkTensor> Tensors => Layers.SelectMany(layer => layer.Tensors);

    private IEnumerable<ConvolutionLayer> Layers => new[] { Expand, Depthwise, Project }.OfType<ConvolutionLayer>();

    /// <summary>The operation's own output o(x), without the shortcut.</summary>
    /// <param name="x">[N, C, H, W]; not disposed of.</param>
    /// <param name="pass">What batch norms do.</param>
    /// <returns>A tensor of its own, or null for an output of zeros.</returns>
    public Tensor? Output(Tensor x, NormPass pass)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (Project is null)
        {
            return Block.Operation.Kind == OperationKind.Zero ? null : x.alias();
        }

        if (Depthwise is null)
        {
            return Project.Forward(x, pass);
        }

        if (_usesOwnKernels)
        {
            return Fused(x, pass, addsShortcut: false);
        }

        using Tensor? expanded = Expand?.Forward(x, pass);
        using Tensor filtered = Depthwise.Forward(expanded ?? x, pass);
        return Project.Forward(filtered, pass);
    }

    /// <summary>The block's output: o(x), plus x if there is a shortcut.</summary>
    /// <param name="x">[N, C, H, W]; not disposed of.</param>
    /// <param name="pass">What batch norms do.</param>
    /// <returns>[N, C', H / stride, W / stride].</returns>
    public Tensor Forward(Tensor x, NormPass pass)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (_usesOwnKernels && Depthwise is not null)
        {
            return Fused(x, pass, Block.HasShortcut);
        }

        Tensor? output = Output(x, pass);
        if (output is null)
        {
            return Block.KeepsShape
                ? x.alias()
                : throw new InvalidOperationException($"'{Block.Key}' has neither output nor shortcut");
        }

        return Block.HasShortcut ? InPlace.Add(output, x) : output;
    }

    private Tensor Fused(Tensor x, NormPass pass, bool addsShortcut) =>
        FusedFunction.Run(
            x,
            [.. Tensors.Where(tensor => tensor.IsTrained).Select(tensor => tensor.Value)],
            wanted => new FusedBlock(this, _activation, pass, addsShortcut, wanted, _expansionMemory),
            pass.UsesBatch ? null : input => FoldedBlock.Of(this, _activation, addsShortcut, _expansionMemory, input)
        );

    /// <summary>The shape of the depthwise convolution.</summary>
    /// <param name="input">[N, H, W, C]: the block's input.</param>
    /// <exception cref="ArgumentException">It has another number of channels.</exception>
    internal DepthwiseShape ShapeOf(Tensor input) =>
        input.shape[3] == Block.InputWidth
            ? new DepthwiseShape(
                (int)input.shape[0],
                (int)input.shape[1],
                (int)input.shape[2],
                Block.HiddenWidth,
                Depthwise!.Kernel,
                Depthwise.Stride,
                Depthwise.ZerosBefore((int)input.shape[1])
            )
            : throw new ArgumentException(
                $"the block takes {Block.InputWidth} channels, not {input.shape[3]}",
                nameof(input)
            );

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ConvolutionLayer layer in Layers)
        {
            layer.Dispose();
        }
    }
}
