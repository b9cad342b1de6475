using Proxyless.Architectures;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>One <see cref="Architecture"/> with its weights: what is trained, evaluated and exported.</summary>
internal sealed class CompactNetwork : IDisposable
{
    private readonly BlockPath[] _blocks;

    /// <summary>Builds the network with random weights.</summary>
    /// <param name="architecture">What to build.</param>
    /// <param name="options">Device, layout and seed.</param>
    public CompactNetwork(Architecture architecture, NetworkOptions options)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        ArgumentNullException.ThrowIfNull(options);
        Architecture = architecture;
        Options = options;
        using var factory = new TensorFactory(options);
        Stem = new ConvolutionLayer(
            factory,
            "stem",
            architecture.InputChannels,
            architecture.Stem.Width,
            3,
            architecture.Stem.Stride,
            1,
            architecture.Activation,
            architecture.Padding
        );
        _blocks =
        [
            .. architecture.Blocks.Select(
                (block, i) =>
                    new BlockPath(factory, $"blocks.{i}", block, architecture.Activation, architecture.Padding)
            ),
        ];
        Head = new ClassifierHead(factory, "head", architecture.Head, architecture.Activation);
    }

    /// <summary>Returns the same network, with copies of the weights, for images of another size.</summary>
    /// <param name="resolution">Their side in pixels.</param>
    /// <returns>The network; the receiver disposes of it.</returns>
    public CompactNetwork At(int resolution)
    {
        var sized = new CompactNetwork(
            Architecture.WithInput(resolution, Architecture.InputChannels, Architecture.Classes),
            Options
        )
        {
            KernelTransforms = KernelTransforms,
        };
        NetworkTensor.CopyAll(Tensors, sized.Tensors);
        return sized;
    }

    /// <summary>What was built.</summary>
    public Architecture Architecture { get; }

    /// <summary>Device, layout and seed.</summary>
    public NetworkOptions Options { get; }

    /// <summary>
    /// What makes smaller kernels of the kernels here, if the network was cut out of one that was trained with both;
    /// null: smaller kernels are the middle of these.
    /// </summary>
    public KernelTransforms? KernelTransforms { get; set; }

    /// <summary>The first convolution.</summary>
    public ConvolutionLayer Stem { get; }

    /// <summary>The blocks in order, one for each of the architecture's.</summary>
    public IReadOnlyList<BlockPath> Blocks => _blocks;

    /// <summary>The classifier.</summary>
    public ClassifierHead Head { get; }

    /// <summary>Every tensor of the network, including statistics.</summary>
    public IEnumerable<NetworkTensor> Tensors =>
        [.. Stem.Tensors, .. _blocks.SelectMany(block => block.Tensors), .. Head.Tensors];

    /// <summary>The scores of the classes.</summary>
    /// <param name="images">[N, C, H, W], normalized; not disposed of.</param>
    /// <param name="pass">What batch norms do.</param>
    /// <param name="dropout">Share of the pooled features that are dropped; 0 outside of training.</param>
    /// <returns>Logits [N, classes].</returns>
    public Tensor Forward(Tensor images, NormPass pass, double dropout = 0)
    {
        Tensor x = Stem.Forward(images, pass);
        foreach (BlockPath block in _blocks)
        {
            using Tensor input = x;
            x = block.Forward(input, pass);
        }

        using Tensor last = x;
        return Head.Forward(last, pass, dropout);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stem.Dispose();
        foreach (BlockPath block in _blocks)
        {
            block.Dispose();
        }

        Head.Dispose();
    }
}
