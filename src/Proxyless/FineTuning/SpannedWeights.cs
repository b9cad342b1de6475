using Proxyless.Architectures;
using Proxyless.Networks;
using static TorchSharp.torch;

namespace Proxyless.FineTuning;

/// <summary>
/// Gives the networks that one spans (<see cref="SpannedSpace"/>) their weights. A candidate with fewer hidden channels
/// lacks those whose removal costs least (<see cref="ChannelElimination"/>), and its projection is the least-squares
/// fit to the block's own output (He et al., arXiv 1707.06168); a smaller kernel is the middle of the larger one, or
/// what <see cref="KernelTransforms"/> makes of that, with its own statistics. Nothing is trained, and no label is
/// used.
/// </summary>
internal sealed class SpannedWeights
{
    // A fraction of the mean variance of a hidden channel, which pulls the weights toward their old values.
    private const double Ridge = 1e-3;

    // Neighboring pixels carry nearly the same information.
    private const int MostPixels = 144;

    private readonly CompactNetwork _network;
    private readonly SuperNetwork _super;
    private readonly IReadOnlyList<int>? _choice;

    private SpannedWeights(CompactNetwork network, SuperNetwork super, IReadOnlyList<int>? choice)
    {
        _network = network;
        _super = super;
        _choice = choice;
    }

    /// <summary>Creates the super-network of the space, with weights for all candidates.</summary>
    /// <param name="network">The network; not disposed of.</param>
    /// <param name="batches">Images [N, C, H, W] to learn the covariances from; not disposed of.</param>
    /// <param name="computed">Called after each block with the number of those that are done.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>
    /// The super-network, whose first candidates are the network itself; the receiver disposes of it.
    /// </returns>
    public static SuperNetwork OfAll(
        CompactNetwork network,
        IReadOnlyList<Tensor> batches,
        Action<int> computed,
        CancellationToken cancellationToken
    ) => Of(network, batches, choice: null, computed, cancellationToken);

    /// <summary>Creates one network of the space; the weights are those that it has among all candidates.</summary>
    /// <param name="network">The network that spans the space; not disposed of.</param>
    /// <param name="batches">Images [N, C, H, W] to learn the covariances from; not disposed of.</param>
    /// <param name="choice">A candidate for each block.</param>
    /// <param name="computed">Called after each block with the number of those that are done.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>The network; the receiver disposes of it.</returns>
    public static CompactNetwork OfOne(
        CompactNetwork network,
        IReadOnlyList<Tensor> batches,
        IReadOnlyList<int> choice,
        Action<int> computed,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(choice);
        using SuperNetwork super = Of(network, batches, choice, computed, cancellationToken);
        return super.Extract(choice);
    }

    /// <summary>What a network's first convolution makes of images [N, C, H, W].</summary>
    public static Tensor BehindStem(CompactNetwork network, Tensor images)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(images);
        using Tensor local = images.to(network.Options.Device);
        return network.Stem.Forward(local, NormPass.Evaluation);
    }

    /// <summary>What a block makes of its input, which is disposed of.</summary>
    public static Tensor Behind(BlockPath path, Tensor input)
    {
        ArgumentNullException.ThrowIfNull(path);
        using Tensor own = input;
        return path.Forward(own, NormPass.Evaluation);
    }

    private static SuperNetwork Of(
        CompactNetwork network,
        IReadOnlyList<Tensor> batches,
        IReadOnlyList<int>? choice,
        Action<int> computed,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(computed);
        var super = new SuperNetwork(
            SpannedSpace.Of(network.Architecture),
            network.Architecture.Classes,
            network.Options with
            {
                SharesWeights = false,
            }
        );
        try
        {
            NetworkTensor.CopyAll(network.Stem.Tensors, super.Stem.Tensors);
            NetworkTensor.CopyAll(network.Head.Tensors, super.Head.Tensors);
            new SpannedWeights(network, super, choice).Fill(batches, computed, cancellationToken);
            return super;
        }
        catch
        {
            super.Dispose();
            throw;
        }
    }

    private void Fill(IReadOnlyList<Tensor> batches, Action<int> computed, CancellationToken cancellationToken)
    {
        using var withoutGraph = no_grad();
        using var scope = NewDisposeScope();
        List<Tensor> inputs = [.. batches.Select(images => BehindStem(_network, images))];
        for (int i = 0; i < _network.Blocks.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Fill(i, inputs, cancellationToken);
            inputs = [.. inputs.Select(input => Behind(_network.Blocks[i], input))];
            computed(i + 1);
        }
    }

    private void Fill(int i, List<Tensor> inputs, CancellationToken cancellationToken)
    {
        BlockPath whole = _network.Blocks[i];
        BlockPath[] candidates = [.. _super.Blocks[i].Candidates.Select(path => path!)];
        NetworkTensor.CopyAll(whole.Tensors, candidates[0].Tensors);
        foreach (
            IGrouping<int, BlockPath> alike in candidates
                .Where(path => path.Depthwise is not null)
                .GroupBy(path => path.Block.Operation.Kernel)
        )
        {
            BlockPath[] all = [.. alike.OrderByDescending(path => path.Block.HiddenWidth)];
            BlockPath[] wanted =
            [
                .. all.Where(path => path != candidates[0] && (_choice is null || path == candidates[_choice[i]])),
            ];
            if (wanted.Length == 0)
            {
                continue;
            }

            if (alike.Key != whole.Block.Operation.Kernel)
            {
                TakeKernel(i, all[0], inputs);
            }

            var statistics = HiddenStatistics.Of(whole, all[0], inputs, MostPixels);
            ChannelElimination elimination = statistics.Begin(Ridge);
            foreach (BlockPath path in wanted)
            {
                elimination.RemoveTo(path.Block.HiddenWidth, cancellationToken);
                statistics.Write(elimination, path);
            }
        }
    }

    /// <summary>
    /// Gives a candidate the weights of the network's block, with a smaller kernel made of the larger one, and the
    /// statistics of its own depthwise convolution on the same inputs.
    /// </summary>
    private void TakeKernel(int block, BlockPath to, List<Tensor> inputs)
    {
        BlockPath from = _network.Blocks[block];
        NetworkTensor.CopyAll(from.Expand?.Tensors ?? [], to.Expand?.Tensors ?? []);
        NetworkTensor.CopyAll(from.Project!.Tensors, to.Project!.Tensors);
        NetworkTensor.CopyAll(from.Depthwise!.Tensors.Skip(1), to.Depthwise!.Tensors.Skip(1));
        KernelTransforms transforms = _network.KernelTransforms ?? new KernelTransforms();
        using Tensor kernels = transforms.Smaller(block, from.Depthwise.Weight.Value, to.Depthwise.Kernel);
        to.Depthwise.Weight.CopyFrom(kernels);
        long seen = 0;
        foreach (Tensor input in inputs)
        {
            using Tensor? expanded = from.Expand?.Forward(input, NormPass.Evaluation);
            seen += input.shape[0];
            to.Depthwise.Forward(expanded ?? input, NormPass.Reestimation(input.shape[0], seen)).Dispose();
        }
    }
}
