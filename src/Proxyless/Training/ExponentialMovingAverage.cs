using Proxyless.Networks;
using static TorchSharp.torch;

namespace Proxyless.Training;

/// <summary>
/// A moving average of a network's tensors, including statistics: average += (1 - decay) (value - average). The decay
/// rises from small values, min(decay, (1 + n) / (10 + n)) at the n-th update, so that a short training is not
/// dominated by its start.
/// </summary>
internal sealed class ExponentialMovingAverage : IDisposable
{
    private readonly double _decay;
    private readonly (NetworkTensor Source, NetworkTensor Average)[] _pairs;

    /// <summary>Starts from the present values of <paramref name="source"/>.</summary>
    /// <param name="source">The network that is trained.</param>
    /// <param name="average">A network of the same architecture; it holds the average.</param>
    /// <param name="decay">Share of the old average that is kept in the long run, such as 0.999.</param>
    public ExponentialMovingAverage(CompactNetwork source, CompactNetwork average, double decay)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(average);
        Average = average;
        _decay = decay;
        _pairs = [.. source.Tensors.Zip(average.Tensors)];
        foreach ((NetworkTensor from, NetworkTensor to) in _pairs)
        {
            to.CopyFrom(from.Value);
        }
    }

    /// <summary>Starts from the present values of a network; null without a decay.</summary>
    /// <param name="source">The network that is trained.</param>
    /// <param name="decay">As for the constructor; null for no average.</param>
    public static ExponentialMovingAverage? Of(CompactNetwork source, double? decay)
    {
        ArgumentNullException.ThrowIfNull(source);
        return decay is { } known
            ? new ExponentialMovingAverage(source, new CompactNetwork(source.Architecture, source.Options), known)
            : null;
    }

    /// <summary>The averaged network.</summary>
    public CompactNetwork Average { get; }

    /// <summary>Adds the present values.</summary>
    /// <param name="updates">Updates before this one.</param>
    public void Update(long updates)
    {
        double decay = Math.Min(_decay, (1.0 + updates) / (10.0 + updates));
        using var withoutGraph = no_grad();
        using Tensor weight = 1 - decay;
        foreach ((NetworkTensor source, NetworkTensor average) in _pairs)
        {
            using Tensor detached = source.Value.detach();
            average.Value.lerp_(detached, weight);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Average.Dispose();
}
