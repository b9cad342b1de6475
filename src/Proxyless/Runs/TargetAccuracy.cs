namespace Proxyless.Runs;

/// <summary>
/// What an integer model answers on the processor of its target, which may add and round otherwise than this one.
/// </summary>
public sealed record TargetAccuracy
{
    /// <summary>Number of images.</summary>
    public required int Images { get; init; }

    /// <summary>Share of them for which it gives the same class there as here.</summary>
    public required double Agreement { get; init; }

    /// <summary>
    /// The root of the mean squared difference of the scores there and here, over the standard deviation of those here.
    /// </summary>
    public required double ScoreError { get; init; }

    /// <summary>Share of correct answers there; null for photographs without labels.</summary>
    public double? Top1 { get; init; }

    /// <summary>Share of correct answers here, on the same images; null for photographs without labels.</summary>
    public double? Top1Here { get; init; }
}
