using Proxyless.Quantization;

namespace Proxyless.Runs;

/// <summary>The result of <c>quantize</c>: an integer model beside the model of floats that it was made of.</summary>
public sealed record QuantizeResult
{
    /// <summary>The integer model's file.</summary>
    public required string Model { get; init; }

    /// <summary>The file of the model of floats.</summary>
    public required string FloatModel { get; init; }

    /// <summary>The integer model's size in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>The float model's size in bytes.</summary>
    public required long FloatBytes { get; init; }

    /// <summary>
    /// The integer model's latency on the target at its quietest, in milliseconds; null if the target runs no models.
    /// </summary>
    public required double? LatencyMs { get; init; }

    /// <summary>The float model's latency, measured alternately with it; null if the target runs no models.</summary>
    public required double? FloatLatencyMs { get; init; }

    /// <summary>Names of the layers that stayed in float.</summary>
    public required IReadOnlyList<string> InFloat { get; init; }

    /// <summary>Bits of a weight.</summary>
    public required int WeightBits { get; init; }

    /// <summary>How the ranges of activations were chosen.</summary>
    public required RangeMethod Ranges { get; init; }

    /// <summary>Steps of quantization-aware training; 0 if there was none, or if it did not help.</summary>
    public long QatSteps { get; init; }

    /// <summary>Number of images for calibration.</summary>
    public required int CalibrationImages { get; init; }

    /// <summary>Number of other images on which both models were compared.</summary>
    public required int ComparedImages { get; init; }

    /// <summary>Share of these for which both give the same class.</summary>
    public required double Agreement { get; init; }

    /// <summary>
    /// The root of the mean squared difference of the scores, over the standard deviation of the float model's.
    /// </summary>
    public required double ScoreError { get; init; }

    /// <summary>The integer model's share of correct answers; null for photographs without labels.</summary>
    public double? Top1 { get; init; }

    /// <summary>The float model's share of correct answers; null for photographs without labels.</summary>
    public double? FloatTop1 { get; init; }

    /// <summary>
    /// Its answers on the target's own processor; null if the target is this machine, or runs no models on images.
    /// </summary>
    public TargetAccuracy? OnTarget { get; init; }

    /// <summary>What each layer's output loses, in the order of execution.</summary>
    public required IReadOnlyList<LayerNoise> Layers { get; init; }
}
