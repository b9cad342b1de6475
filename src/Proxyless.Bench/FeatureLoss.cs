using Proxyless.Data;
using Proxyless.FineTuning;
using Proxyless.Networks;
using Proxyless.Runs;

namespace Proxyless.Bench;

/// <summary>
/// What smaller networks lose of the features of the whole one, on images that were not used to make them.
/// </summary>
internal sealed class FeatureLoss : IDisposable
{
    private const int MostImages = 300;

    private readonly BatchLoader _images;
    private readonly CancellationToken _cancellation;
    private readonly IReadOnlyList<float[]> _features;
    private readonly double _variance;

    /// <summary>Computes the features of the whole network.</summary>
    /// <param name="context">Has the test images, of which some are used.</param>
    /// <param name="whole">The network.</param>
    public FeatureLoss(RunContext context, CompactNetwork whole)
    {
        ArgumentNullException.ThrowIfNull(context);
        _images = context.Loaders.Evaluation(context.Images.Test.Spread(MostImages));
        _cancellation = context.CancellationToken;
        _features = FeaturesOf(whole);
        for (int channel = 0; channel < _features[0].Length; channel++)
        {
            double mean = _features.Average(row => (double)row[channel]);
            _variance += _features.Sum(row => (row[channel] - mean) * (row[channel] - mean));
        }
    }

    /// <summary>The share of the variance of the whole network's features that a network loses.</summary>
    /// <param name="network">The network, with as many features.</param>
    public double Of(CompactNetwork network)
    {
        double squares = 0;
        foreach ((float[] own, float[] wanted) in FeaturesOf(network).Zip(_features))
        {
            for (int channel = 0; channel < wanted.Length; channel++)
            {
                double difference = own[channel] - wanted[channel];
                squares += difference * difference;
            }
        }

        return squares / Math.Max(_variance, double.Epsilon);
    }

    /// <inheritdoc/>
    public void Dispose() => _images.Dispose();

    private IReadOnlyList<float[]> FeaturesOf(CompactNetwork network)
    {
        var features = new NetworkFeatures(network, 1);
        features.Add(_images, 0, _ => { }, _cancellation);
        return features.At(features.Depths.Last());
    }
}
