using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.FineTuning;

/// <summary>
/// The super-network of the space that a network spans (<see cref="SpannedSpace"/>), with the network's own weights. A
/// candidate with fewer hidden channels lacks those whose removal costs least (<see cref="ChannelElimination"/>), and
/// its projection is the least-squares fit to the block's own output (He et al., arXiv 1707.06168); a smaller kernel is
/// the middle of the larger one, with its own statistics. Nothing is trained, and no label is used.
/// </summary>
internal sealed class SpannedNetwork : IDisposable
{
    // A fraction of the mean variance of a hidden channel, which pulls the weights toward their old values.
    private const double Ridge = 1e-3;

    // Neighboring pixels carry nearly the same information.
    private const int MostPixels = 144;

    // Enough to tell the candidates of a block from one another.
    private const int ImagesOfErrors = 64;

    private static readonly long[] OfImages = [0];
    private static readonly long[] OfPixels = [2, 3];

    private readonly CompactNetwork _network;

    /// <summary>Creates the super-network.</summary>
    /// <param name="network">The network; not disposed of, and kept as long as this.</param>
    /// <param name="batches">Images [N, C, H, W] to learn the covariances from; not disposed of.</param>
    /// <param name="computed">Called after each block with the number of those that are done.</param>
    /// <param name="cancellationToken">Stops.</param>
    public SpannedNetwork(
        CompactNetwork network,
        IReadOnlyList<Tensor> batches,
        Action<int> computed,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(computed);
        _network = network;
        Super = new SuperNetwork(
            SpannedSpace.Of(network.Architecture),
            network.Architecture.Classes,
            network.Options with
            {
                SharesWeights = false,
            }
        );
        NetworkTensor.CopyAll(network.Stem.Tensors, Super.Stem.Tensors);
        NetworkTensor.CopyAll(network.Head.Tensors, Super.Head.Tensors);
        try
        {
            Errors = Fill(batches, computed, cancellationToken);
        }
        catch
        {
            Super.Dispose();
            throw;
        }
    }

    /// <summary>The super-network; its first candidates are the network itself.</summary>
    public SuperNetwork Super { get; }

    /// <summary>
    /// The share of the variance of the network's features over images that is lost if block i becomes its candidate j,
    /// at [i][j]: 0 for the block itself.
    /// </summary>
    public IReadOnlyList<double[]> Errors { get; }

    /// <inheritdoc/>
    public void Dispose() => Super.Dispose();

    private static Tensor Spread(IReadOnlyList<Tensor> batches)
    {
        using Tensor all = cat([.. batches], 0);
        long count = all.shape[0];
        long most = Math.Min(count, ImagesOfErrors);
        using Tensor index = tensor([.. Enumerable.Range(0, (int)most).Select(i => i * count / most)]);
        return all.index_select(0, index);
    }

    /// <summary>Gives every candidate its weights, block by block, and measures its error.</summary>
    private List<double[]> Fill(
        IReadOnlyList<Tensor> batches,
        Action<int> computed,
        CancellationToken cancellationToken
    )
    {
        using var withoutGraph = no_grad();
        using var scope = NewDisposeScope();
        Tensor some = Spread(batches);
        List<Tensor> inputs = [.. batches.Select(Begin)];
        Tensor judged = Begin(some);
        Tensor expected = FeaturesBehind(judged, 0);
        var errors = new List<double[]>();
        for (int i = 0; i < _network.Blocks.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Fill(i, inputs, cancellationToken);
            errors.Add(ErrorsOf(i, judged, expected));
            inputs = [.. inputs.Select(input => Next(input, i))];
            judged = Next(judged, i);
            computed(i + 1);
        }

        return errors;
    }

    private Tensor Begin(Tensor images)
    {
        using Tensor local = images.to(_network.Options.Device);
        return _network.Stem.Forward(local, NormPass.Evaluation);
    }

    private Tensor Next(Tensor x, int block)
    {
        using Tensor input = x;
        return _network.Blocks[block].Forward(input, NormPass.Evaluation);
    }

    /// <summary>The mean of each channel of the last convolution, from the input of a block on.</summary>
    private Tensor FeaturesBehind(Tensor input, int block)
    {
        Tensor x = input.alias();
        for (int i = block; i < _network.Blocks.Count; i++)
        {
            x = Next(x, i);
        }

        using Tensor last = x;
        using Tensor features = _network.Head.Convolution.Forward(last, NormPass.Evaluation);
        return features.mean(OfPixels);
    }

    private double[] ErrorsOf(int i, Tensor input, Tensor expected)
    {
        using Tensor variances = expected.var(OfImages, unbiased: false);
        using Tensor variance = variances.sum();
        double scale = Math.Max(WithScalar.ToDouble(variance), double.Epsilon) * expected.shape[0];
        return [.. Super.Blocks[i].Candidates.Select((path, j) => j == 0 ? 0 : Difference(path!) / scale)];

        double Difference(BlockPath path)
        {
            using Tensor output = path.Forward(input, NormPass.Evaluation);
            using Tensor features = FeaturesBehind(output, i + 1);
            using Tensor difference = features - expected;
            using Tensor squares = difference * difference;
            using Tensor sum = squares.sum();
            return WithScalar.ToDouble(sum);
        }
    }

    private void Fill(int i, List<Tensor> inputs, CancellationToken cancellationToken)
    {
        BlockPath whole = _network.Blocks[i];
        BlockPath[] candidates = [.. Super.Blocks[i].Candidates.Select(path => path!)];
        NetworkTensor.CopyAll(whole.Tensors, candidates[0].Tensors);
        if (candidates.Length == 1)
        {
            return;
        }

        foreach (
            IGrouping<int, BlockPath> alike in candidates
                .Where(path => path.Depthwise is not null)
                .GroupBy(path => path.Block.Operation.Kernel)
        )
        {
            BlockPath[] narrower = [.. alike.OrderByDescending(path => path.Block.HiddenWidth)];
            if (alike.Key != whole.Block.Operation.Kernel)
            {
                TakeMiddle(whole, narrower[0], inputs);
            }

            var statistics = HiddenStatistics.Of(whole, narrower[0], inputs, MostPixels);
            ChannelElimination elimination = statistics.Begin(Ridge);
            foreach (BlockPath path in narrower.Where(path => path != candidates[0]))
            {
                elimination.RemoveTo(path.Block.HiddenWidth, cancellationToken);
                statistics.Write(elimination, path);
            }
        }
    }

    /// <summary>
    /// Gives a block the weights of another one with a larger kernel, of which it keeps the middle, and the statistics
    /// of its own depthwise convolution on the same inputs.
    /// </summary>
    private static void TakeMiddle(BlockPath from, BlockPath to, List<Tensor> inputs)
    {
        NetworkTensor.CopyAll(from.Expand?.Tensors ?? [], to.Expand?.Tensors ?? []);
        NetworkTensor.CopyAll(from.Project!.Tensors, to.Project!.Tensors);
        NetworkTensor.CopyAll(from.Depthwise!.Tensors.Skip(1), to.Depthwise!.Tensors.Skip(1));
        long margin = (from.Depthwise.Kernel - to.Depthwise.Kernel) / 2;
        using Tensor rows = from.Depthwise.Weight.Value.narrow(2, margin, to.Depthwise.Kernel);
        using Tensor middle = rows.narrow(3, margin, to.Depthwise.Kernel);
        to.Depthwise.Weight.CopyFrom(middle);
        for (int n = 0; n < inputs.Count; n++)
        {
            using Tensor? expanded = from.Expand?.Forward(inputs[n], NormPass.Evaluation);
            to.Depthwise.Forward(expanded ?? inputs[n], NormPass.Reestimation(n + 1)).Dispose();
        }
    }
}
