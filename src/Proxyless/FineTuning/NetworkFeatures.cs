using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.FineTuning;

/// <summary>
/// The features that a network computes from images without being trained: the mean of each channel after some of its
/// blocks and after its last convolution. An image may have several rows, one for each time it was loaded.
/// </summary>
internal sealed class NetworkFeatures
{
    /// <summary>The fault of weights with which a network computes nothing, for messages.</summary>
    public const string NotFinite =
        "what the network computes of the images are no finite numbers; its weights are damaged, or too large for "
        + "single precision";

    private static readonly long[] Spatial = [2, 3];
    private readonly int _firstDepth;
    private readonly List<float[]>[] _rows;
    private readonly float[] _largest;

    /// <summary>Prepares the collection.</summary>
    /// <param name="network">The network.</param>
    /// <param name="depths">
    /// Number of places that are used: the last convolution, and the blocks before it from the last one on.
    /// </param>
    public NetworkFeatures(CompactNetwork network, int depths)
    {
        ArgumentNullException.ThrowIfNull(network);
        Network = network;
        _firstDepth = Math.Max(1, network.Blocks.Count + 2 - depths);
        _rows = [.. Depths.Select(_ => new List<float[]>())];
        _largest = new float[_rows.Length];
    }

    /// <summary>The network.</summary>
    public CompactNetwork Network { get; }

    /// <summary>
    /// The places, as the number of blocks before each; one more than there are stands for the last convolution.
    /// </summary>
    public IEnumerable<int> Depths => Enumerable.Range(_firstDepth, Network.Blocks.Count + 2 - _firstDepth);

    /// <summary>The image of each row, its number in the set.</summary>
    public List<int> Images { get; } = [];

    /// <summary>The class of each row.</summary>
    public List<int> Labels { get; } = [];

    /// <summary>The rows at a place.</summary>
    /// <param name="depth">One of <see cref="Depths"/>.</param>
    public IReadOnlyList<float[]> At(int depth) => _rows[depth - _firstDepth];

    /// <summary>The largest magnitude of a number after a block, over all images and pixels.</summary>
    /// <param name="depth">One of <see cref="Depths"/>.</param>
    public float LargestAt(int depth) => _largest[depth - _firstDepth];

    /// <summary>Adds the rows of an epoch.</summary>
    /// <param name="loader">The images.</param>
    /// <param name="epoch">The epoch, which determines augmentation.</param>
    /// <param name="added">Called after each batch with its number of images.</param>
    /// <param name="cancellationToken">Stops between two batches.</param>
    public void Add(BatchLoader loader, int epoch, Action<int> added, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(loader);
        ArgumentNullException.ThrowIfNull(added);
        using var withoutGraph = no_grad();
        foreach (Batch batch in loader.Epoch(epoch, 0, cancellationToken))
        {
            using (batch)
            {
                Add(batch.Images, batch.Labels.data<long>().ToArray(), batch.Positions);
                added(batch.Count);
            }
        }
    }

    /// <summary>Adds the rows of images.</summary>
    /// <param name="images">[N, C, H, W], normalized; not disposed of.</param>
    /// <param name="labels">[N], their classes.</param>
    /// <param name="positions">[N], their numbers in the set.</param>
    internal void Add(Tensor images, long[] labels, int[] positions)
    {
        Images.AddRange(positions);
        Labels.AddRange(labels.Select(label => (int)label));
        using Tensor local = images.to(Network.Options.Device);
        Tensor x = Network.Stem.Forward(local, NormPass.Evaluation);
        for (int depth = 1; depth <= Network.Blocks.Count; depth++)
        {
            using Tensor input = x;
            x = Network.Blocks[depth - 1].Forward(input, NormPass.Evaluation);
            Keep(x, depth);
        }

        using Tensor last = x;
        using Tensor features = Network.Head.Convolution.Forward(last, NormPass.Evaluation);
        Keep(features, Network.Blocks.Count + 1);
    }

    private void Keep(Tensor x, int depth)
    {
        if (depth < _firstDepth)
        {
            return;
        }

        int place = depth - _firstDepth;
        using Tensor magnitudes = x.abs();
        using Tensor largest = magnitudes.max();
        _largest[place] = Math.Max(_largest[place], (float)WithScalar.ToDouble(largest));
        using Tensor means = x.mean(Spatial);
        using Tensor local = means.cpu();
        int width = (int)local.shape[1];
        float[] values = local.data<float>().ToArray();
        for (int i = 0; i < values.Length; i += width)
        {
            _rows[place].Add(values[i..(i + width)]);
        }
    }
}
