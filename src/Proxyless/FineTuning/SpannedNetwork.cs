using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.FineTuning;

/// <summary>
/// The super-network of the space that a network spans (<see cref="SpannedSpace"/>), with the network's own weights. A
/// candidate with fewer hidden channels lacks those whose removal costs least (<see cref="ChannelElimination"/>), and
/// its projection is the least-squares fit to the block's own output (He et al., arXiv 1707.06168); a smaller kernel is
/// the middle of the larger one, or what <see cref="KernelTransforms"/> makes of that, with its own statistics. Nothing
/// is trained, and no label is used.
/// </summary>
internal sealed class SpannedNetwork : IDisposable
{
    // A fraction of the mean variance of a hidden channel, which pulls the weights toward their old values.
    private const double Ridge = 1e-3;

    // Neighboring pixels carry nearly the same information.
    private const int MostPixels = 144;

    // Enough to tell the candidates of a block from one another: 64 images at 112x112, fewer larger ones.
    private const int MostImagesOfErrors = 64;
    private const int FewestImagesOfErrors = 24;
    private const int PixelsOfErrors = MostImagesOfErrors * 112 * 112;

    private static readonly long[] OfImages = [0];
    private static readonly long[] OfPixels = [2, 3];

    private readonly CompactNetwork _network;

    // Some images behind the stem, the features that the network has of them, and the sum of their variances.
    private readonly Tensor _judged;
    private readonly Tensor _features;
    private readonly double _scale;

    /// <summary>Creates the super-network.</summary>
    /// <param name="network">The network; not disposed of, and kept as long as this.</param>
    /// <param name="batches">Images [N, C, H, W] to learn the covariances from; not disposed of.</param>
    /// <param name="judged">Images [N, C, H, W] to measure errors on; not disposed of.</param>
    /// <param name="computed">Called after each block with the number of those that are done.</param>
    /// <param name="cancellationToken">Stops.</param>
    public SpannedNetwork(
        CompactNetwork network,
        IReadOnlyList<Tensor> batches,
        IReadOnlyList<Tensor> judged,
        Action<int> computed,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(judged);
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
        using var withoutGraph = no_grad();
        try
        {
            Fill(batches, computed, cancellationToken);
            using Tensor some = Spread(judged, network.Architecture.Resolution);
            _judged = Begin(some);
            _features = FeaturesBehind(_judged, Whole, 0);
        }
        catch
        {
            _judged?.Dispose();
            Super.Dispose();
            throw;
        }

        using Tensor variances = _features.var(OfImages, unbiased: false);
        using Tensor variance = variances.sum();
        _scale = Math.Max(WithScalar.ToDouble(variance), double.Epsilon) * _features.shape[0];
    }

    /// <summary>The super-network; its first candidates are the network itself.</summary>
    public SuperNetwork Super { get; }

    private IReadOnlyList<BlockPath> Whole => _network.Blocks;

    /// <summary>
    /// The error of a network of the space: the share of the variance of the whole network's features over images that
    /// it loses.
    /// </summary>
    /// <param name="choice">A candidate for each block.</param>
    public double ErrorOf(IReadOnlyList<int> choice)
    {
        using var withoutGraph = no_grad();
        return ErrorBehind(_judged, Paths(choice), 0);
    }

    /// <summary>
    /// The errors of all networks that differ from one network in one block: with block i's candidate j at [i][j].
    /// </summary>
    /// <param name="choice">The network: a candidate for each block.</param>
    /// <param name="cancellationToken">Stops between two blocks.</param>
    public IReadOnlyList<double[]> ErrorsBeside(IReadOnlyList<int> choice, CancellationToken cancellationToken)
    {
        using var withoutGraph = no_grad();
        using var scope = NewDisposeScope();
        BlockPath[] paths = Paths(choice);
        var errors = new List<double[]>();
        Tensor input = _judged.alias();
        for (int i = 0; i < paths.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            errors.Add([
                .. Super
                    .Blocks[i]
                    .Candidates.Select(path =>
                    {
                        using Tensor output = path!.Forward(input, NormPass.Evaluation);
                        return ErrorBehind(output, paths, i + 1);
                    }),
            ]);
            input = Next(input, paths[i]);
        }

        return errors;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _judged.Dispose();
        _features.Dispose();
        Super.Dispose();
    }

    private static Tensor Spread(IReadOnlyList<Tensor> batches, int resolution)
    {
        using var scope = NewDisposeScope();
        long count = batches.Sum(batch => batch.shape[0]);
        int most = Math.Clamp(PixelsOfErrors / (resolution * resolution), FewestImagesOfErrors, MostImagesOfErrors);
        long used = Math.Min(count, most);
        long[] chosen = [.. Enumerable.Range(0, (int)used).Select(i => i * count / used)];
        long first = 0;
        var some = new List<Tensor>();
        foreach (Tensor batch in batches)
        {
            long last = first + batch.shape[0];
            long[] own = [.. chosen.Where(i => i >= first && i < last).Select(i => i - first)];
            if (own.Length > 0)
            {
                some.Add(batch.index_select(0, tensor(own)));
            }

            first = last;
        }

        return cat([.. some], 0).MoveToOuterDisposeScope();
    }

    private static Tensor Next(Tensor x, BlockPath path)
    {
        using Tensor input = x;
        return path.Forward(input, NormPass.Evaluation);
    }

    private BlockPath[] Paths(IReadOnlyList<int> choice) =>
        [.. choice.Select((candidate, i) => Super.Blocks[i].Candidates[candidate]!)];

    /// <summary>Gives every candidate its weights, block by block.</summary>
    private void Fill(IReadOnlyList<Tensor> batches, Action<int> computed, CancellationToken cancellationToken)
    {
        using var scope = NewDisposeScope();
        List<Tensor> inputs = [.. batches.Select(Begin)];
        for (int i = 0; i < Whole.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Fill(i, inputs, cancellationToken);
            inputs = [.. inputs.Select(input => Next(input, Whole[i]))];
            computed(i + 1);
        }
    }

    private Tensor Begin(Tensor images)
    {
        using Tensor local = images.to(_network.Options.Device);
        return _network.Stem.Forward(local, NormPass.Evaluation);
    }

    /// <summary>The mean of each channel of the last convolution, from the input of a block on.</summary>
    private Tensor FeaturesBehind(Tensor input, IReadOnlyList<BlockPath> paths, int block)
    {
        Tensor x = input.alias();
        for (int i = block; i < paths.Count; i++)
        {
            x = Next(x, paths[i]);
        }

        using Tensor last = x;
        using Tensor features = _network.Head.Convolution.Forward(last, NormPass.Evaluation);
        return features.mean(OfPixels);
    }

    private double ErrorBehind(Tensor input, IReadOnlyList<BlockPath> paths, int block)
    {
        using Tensor features = FeaturesBehind(input, paths, block);
        using Tensor difference = features - _features;
        using Tensor squares = difference * difference;
        using Tensor sum = squares.sum();
        return WithScalar.ToDouble(sum) / _scale;
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
                TakeKernel(i, narrower[0], inputs);
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
