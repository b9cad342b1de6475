using Proxyless.Architectures;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// The over-parameterized network: every candidate of every block (ProxylessNAS, section 3.1). A pass runs one path, a
/// candidate's index for each block, and costs only the time and memory of that path.
/// </summary>
internal sealed class SuperNetwork : IDisposable
{
    private readonly MixedOperation[] _blocks;

    /// <summary>Builds the network with random weights.</summary>
    /// <param name="space">The search space.</param>
    /// <param name="classes">Outputs of the classifier.</param>
    /// <param name="options">Device, layout and seed.</param>
    public SuperNetwork(SearchSpace space, int classes, NetworkOptions options)
    {
        ArgumentNullException.ThrowIfNull(space);
        ArgumentNullException.ThrowIfNull(options);
        Space = space;
        Classes = classes;
        Options = options;
        using var factory = new TensorFactory(options);
        Stem = new ConvolutionLayer(
            factory,
            "stem",
            space.InputChannels,
            space.StemWidth,
            3,
            space.StemStride,
            1,
            space.Activation,
            space.Padding
        );
        FirstBlock = space.FirstBlock is { } first
            ? new BlockPath(factory, "first", first, space.Activation, space.Padding)
            : null;
        _blocks =
        [
            .. space.Blocks().Select(block => new MixedOperation(factory, block, space.Activation, space.Padding)),
        ];
        Head = new ClassifierHead(factory, "head", space.Head(classes), space.Activation);
    }

    /// <summary>The search space.</summary>
    public SearchSpace Space { get; }

    /// <summary>Outputs of the classifier.</summary>
    public int Classes { get; }

    /// <summary>Device, layout and seed.</summary>
    public NetworkOptions Options { get; }

    /// <summary>The first convolution.</summary>
    public ConvolutionLayer Stem { get; }

    /// <summary>The fixed first block, or null.</summary>
    public BlockPath? FirstBlock { get; }

    /// <summary>The searched blocks in order.</summary>
    public IReadOnlyList<MixedOperation> Blocks => _blocks;

    /// <summary>The classifier.</summary>
    public ClassifierHead Head { get; }

    /// <summary>Every remaining tensor, including statistics.</summary>
    public IEnumerable<NetworkTensor> Tensors =>
        [.. Stem.Tensors, .. FirstBlock?.Tensors ?? [], .. _blocks.SelectMany(block => block.Tensors), .. Head.Tensors];

    /// <summary>The tensors that take part in a path.</summary>
    /// <param name="path">A candidate's index for each block.</param>
    public IEnumerable<NetworkTensor> TensorsOf(IReadOnlyList<int> path) =>
        [
            .. Stem.Tensors,
            .. FirstBlock?.Tensors ?? [],
            .. _blocks.SelectMany((block, i) => block[path[i]].Tensors),
            .. Head.Tensors,
        ];

    /// <summary>Whether candidate j of block i was not pruned, at [i][j].</summary>
    public bool[][] IsThere() =>
        [.. _blocks.Select(block => block.Candidates.Select(candidate => candidate is not null).ToArray())];

    /// <summary>
    /// Whether candidate j of block i was not pruned and differs from those before it, at [i][j]: where a block keeps
    /// its shape, <c>identity</c> and <c>zero</c> make the same network.
    /// </summary>
    public bool[][] IsDifferent() =>
        [
            .. Space
                .Blocks()
                .Select(block =>
                    block
                        .Candidates.Select(
                            (_, j) => _blocks[block.Index].Candidates[j] is not null && WithoutCopy(block, j) == j
                        )
                        .ToArray()
                ),
        ];

    /// <summary>
    /// The path of the same network that <see cref="IsDifferent"/> allows, as far as its candidates were not pruned.
    /// </summary>
    /// <param name="path">A candidate's index for each block.</param>
    public int[] WithoutCopies(IReadOnlyList<int> path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return [.. Space.Blocks().Select(block => WithoutCopy(block, path[block.Index]))];
    }

    /// <summary>Whether no candidate of a path was pruned.</summary>
    /// <param name="path">A candidate's index for each block.</param>
    public bool HasAll(IReadOnlyList<int> path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return !path.Where((j, i) => _blocks[i].Candidates[j] is null).Any();
    }

    /// <summary>
    /// The path of the remaining candidates with the most hidden channels, and of those with the most multiply-adds: a
    /// candidate's index for each block. It contains all channels of the candidates that share their weights with it.
    /// </summary>
    public int[] Widest() =>
        [
            .. Space
                .Blocks()
                .Select(
                    (block, i) =>
                        Enumerable
                            .Range(0, block.Candidates.Count)
                            .Where(j => _blocks[i].Candidates[j] is not null)
                            .MaxBy(j =>
                                (block.Candidates[j].HiddenWidth, ArchitectureCost.Of(block.Candidates[j]).MultiplyAdds)
                            )
                ),
        ];

    /// <summary>The fixed beginning: stem and first block.</summary>
    /// <param name="images">[N, C, H, W], normalized; not disposed of.</param>
    /// <param name="pass">What batch norms do.</param>
    public Tensor Begin(Tensor images, NormPass pass)
    {
        Tensor stem = Stem.Forward(images, pass);
        if (FirstBlock is null)
        {
            return stem;
        }

        using Tensor input = stem;
        return FirstBlock.Forward(input, pass);
    }

    /// <summary>The scores of the classes along one path.</summary>
    /// <param name="images">[N, C, H, W], normalized; not disposed of.</param>
    /// <param name="path">A candidate's index for each block.</param>
    /// <param name="pass">What batch norms do.</param>
    /// <param name="dropout">Share of the pooled features that are dropped; 0 outside of training.</param>
    /// <returns>Logits [N, classes].</returns>
    public Tensor Forward(Tensor images, IReadOnlyList<int> path, NormPass pass, double dropout = 0)
    {
        ArgumentNullException.ThrowIfNull(path);
        Tensor x = Begin(images, pass);
        for (int i = 0; i < _blocks.Length; i++)
        {
            using Tensor input = x;
            x = _blocks[i][path[i]].Forward(input, pass);
        }

        using Tensor last = x;
        return Head.Forward(last, pass, dropout);
    }

    /// <summary>The network of one path as a fixed network, with a copy of its weights.</summary>
    /// <param name="path">A candidate's index for each block.</param>
    public CompactNetwork Extract(IReadOnlyList<int> path)
    {
        var network = new CompactNetwork(Space.Architecture(path, Classes, $"{Space.Name} path"), Options);
        NetworkTensor.CopyAll(TensorsOf(path), network.Tensors);
        return network;
    }

    private int WithoutCopy(SearchBlock block, int candidate) =>
        block.FirstAlike(candidate, j => _blocks[block.Index].Candidates[j] is not null);

    /// <inheritdoc/>
    public void Dispose()
    {
        Stem.Dispose();
        FirstBlock?.Dispose();
        foreach (MixedOperation block in _blocks)
        {
            block.Dispose();
        }

        Head.Dispose();
    }
}
