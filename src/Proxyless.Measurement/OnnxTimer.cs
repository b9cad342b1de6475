namespace Proxyless.Measurement;

/// <summary>Times one model.</summary>
public static class OnnxTimer
{
    /// <summary>
    /// Warms the model up, then runs it until its median is as certain as the options require or their bounds are
    /// reached.
    /// </summary>
    public static Timing Measure(
        OnnxModel model,
        TimingOptions options,
        CancellationToken cancellationToken = default
    ) => InterleavedTimer.Measure([model], options, cancellationToken)[0].Timing;
}
