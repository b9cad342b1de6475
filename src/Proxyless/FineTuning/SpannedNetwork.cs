using Proxyless.Networks;
using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.FineTuning;

/// <summary>
/// The super-network of the space that a network spans, with the weights of <see cref="SpannedWeights"/>, and the
/// errors of its networks: what they lose of the network's features.
/// </summary>
internal sealed class SpannedNetwork : IDisposable
{
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
    /// <exception cref="InvalidInputException">What the network computes of the images is not finite.</exception>
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
        using var withoutGraph = no_grad();
        using (Tensor some = Spread(judged, network.Architecture.Resolution))
        {
            _judged = SpannedWeights.BehindStem(network, some);
        }

        try
        {
            _features = FeaturesBehind(_judged, Whole, 0);
            using Tensor variances = _features.var(OfImages, unbiased: false);
            using Tensor variance = variances.sum();
            double total = WithScalar.ToDouble(variance);

            // Every error would be none, and no network within any limit.
            if (!double.IsFinite(total))
            {
                throw new InvalidInputException($"TrainingOptions.Weights: {NetworkFeatures.NotFinite}");
            }

            _scale = Math.Max(total, double.Epsilon) * _features.shape[0];
            Super = SpannedWeights.OfAll(network, batches, computed, cancellationToken);
        }
        catch
        {
            _judged.Dispose();
            _features?.Dispose();
            throw;
        }
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
            errors.Add([
                .. Super
                    .Blocks[i]
                    .Candidates.Select(path =>
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        using Tensor output = path!.Forward(input, NormPass.Evaluation);
                        return ErrorBehind(output, paths, i + 1);
                    }),
            ]);
            input = SpannedWeights.Behind(paths[i], input);
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

    private BlockPath[] Paths(IReadOnlyList<int> choice) =>
        [.. choice.Select((candidate, i) => Super.Blocks[i].Candidates[candidate]!)];

    /// <summary>The mean of each channel of the last convolution, from the input of a block on.</summary>
    private Tensor FeaturesBehind(Tensor input, IReadOnlyList<BlockPath> paths, int block)
    {
        Tensor x = input.alias();
        for (int i = block; i < paths.Count; i++)
        {
            x = SpannedWeights.Behind(paths[i], x);
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
}
