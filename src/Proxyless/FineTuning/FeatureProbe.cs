using Proxyless.Data;
using Proxyless.Networks;
using static TorchSharp.torch;

namespace Proxyless.FineTuning;

/// <summary>
/// Measures how useful a network's features are for some images, without any training: the cross-validated loss of a
/// linear classifier on them. The images are decoded once.
/// </summary>
internal sealed class FeatureProbe : IDisposable
{
    private const int PartsOfImages = 5;
    private const double Penalty = 1e-2;

    // One to learn from, and one to classify.
    private const int FewestParts = 2;

    private readonly int _classes;
    private readonly IReadOnlyList<double>? _classWeights;
    private readonly int[] _positions;
    private readonly int[] _labels;
    private readonly List<Tensor> _images = [];
    private readonly int[][] _parts;

    /// <summary>Decodes the images.</summary>
    /// <param name="loader">The images, in order and not augmented.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="classWeights">A weight for each class, or null for equal ones.</param>
    /// <param name="content">Returns a number that the copies of an image share, by its number in the loader.</param>
    /// <param name="seed">Seed of the division into parts.</param>
    /// <param name="loaded">Called after each batch with its number of images.</param>
    /// <param name="cancellationToken">Stops between two batches.</param>
    public FeatureProbe(
        BatchLoader loader,
        int classes,
        IReadOnlyList<double>? classWeights,
        Func<int, int> content,
        int seed,
        Action<int> loaded,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(loader);
        ArgumentNullException.ThrowIfNull(loaded);
        _classes = classes;
        _classWeights = classWeights;
        var positions = new List<int>();
        var labels = new List<int>();
        foreach (Batch batch in loader.Epoch(0, 0, cancellationToken))
        {
            using (batch)
            {
                _images.Add(batch.Images.alias());
                positions.AddRange(batch.Positions);
                labels.AddRange(batch.Labels.data<long>().Select(label => (int)label));
                loaded(batch.Count);
            }
        }

        _positions = [.. positions];
        _labels = [.. labels];
        int[] rows = [.. Enumerable.Range(0, _labels.Length)];
        _parts =
        [
            .. StratifiedParts.Of(rows, row => _labels[row], row => content(_positions[row]), PartsOfImages, seed),
        ];
    }

    /// <summary>The images in batches [N, C, H, W].</summary>
    public IReadOnlyList<Tensor> Images => _images;

    /// <summary>Scores a network.</summary>
    /// <param name="network">The network; its own classifier is not used.</param>
    /// <param name="depth">Where the features are: one of <see cref="NetworkFeatures.Depths"/>.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>
    /// The mean cross entropy, which compares networks with less noise than the share of correct answers. Images of a
    /// class that the classifier could not learn count as 0: their loss is any large number.
    /// </returns>
    /// <exception cref="InvalidInputException">Fewer than two different images can be read.</exception>
    public double LossOf(CompactNetwork network, int depth, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (_parts.Length < FewestParts)
        {
            throw new InvalidInputException(
                $"{_parts.Length} of {_labels.Length} images that a network is chosen on are different; a classifier "
                    + $"needs {FewestParts}; add images"
            );
        }

        var features = new NetworkFeatures(network, network.Blocks.Count + 2 - depth);
        using var withoutGraph = no_grad();
        int first = 0;
        foreach (Tensor images in _images)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = (int)images.shape[0];
            long[] labels = [.. _labels.Skip(first).Take(count).Select(label => (long)label)];
            features.Add(images, labels, _positions[first..(first + count)]);
            first += count;
        }

        IReadOnlyList<float[]> rows = features.At(depth);
        double loss = 0;
        foreach (int[] part in _parts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int[] others = [.. Enumerable.Range(0, _labels.Length).Except(part)];
            using var regression = new LogisticRegression(
                [.. others.Select(row => rows[row])],
                [.. others.Select(row => _labels[row])],
                _classes,
                Penalty,
                _classWeights
            );
            LinearClassifier classifier = regression.Solve(cancellationToken);
            HashSet<int> learned = [.. others.Select(row => _labels[row])];
            loss -= part.Where(row => learned.Contains(_labels[row]))
                .Sum(row => (_classWeights?[_labels[row]] ?? 1) * classifier.LogProbabilities(rows[row])[_labels[row]]);
        }

        return loss / _labels.Length;
    }

    /// <inheritdoc/>
    public void Dispose() => _images.ForEach(images => images.Dispose());
}
