using Proxyless.Architectures;
using Proxyless.Measurement;

namespace Proxyless.Latency;

/// <summary>The measured latency of a whole network.</summary>
/// <param name="Milliseconds">
/// Its latency on the machine at its quietest: the ratio to the reference, times the reference's latency now or at the time of
/// the table, whichever is less. Other work on a machine only ever adds time.
/// </param>
/// <param name="Slowdown">The reference's latency now over that at the time of the table; far over 1 on a busy machine.</param>
/// <param name="IsMeasured">False where a target can only be asked for the sum of its table.</param>
public sealed record NetworkLatency(double Milliseconds, double Slowdown, bool IsMeasured = true)
{
    // Where ONNX Runtime's memory comes to lie makes a network some percent faster or slower for the life of a session.
    private const int Sessions = 5;
    private const double Disturbed = 1.15;
    private const double Faster = 0.9;

    /// <summary>Says so where the machine was busy, or the table was made while it was.</summary>
    public void WarnIfDisturbed(IRunObserver observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        if (Slowdown > Disturbed)
        {
            observer.Warning(
                $"the machine is {Slowdown:F2} times as slow as when the latency table was made; latencies are put into relation to that time, but are less certain: leave the machine alone while it measures");
        }
        else if (Slowdown < Faster)
        {
            observer.Warning(
                $"the machine is {1 / Slowdown:F2} times as fast as when the latency table was made, so the table's latencies are too high; make it again with 'proxyless profile' on an idle machine");
        }
    }

    /// <summary>
    /// Measures a network in turn with the reference network of a latency table, to be compared with a limit: the median over
    /// several sessions of ONNX Runtime.
    /// </summary>
    /// <param name="onnx">The bytes of the network's ONNX file.</param>
    /// <param name="space">The space of the table.</param>
    /// <param name="classes">Outputs of the reference's classifier.</param>
    /// <param name="table">The table of the space on the target.</param>
    /// <param name="target">The target.</param>
    /// <param name="options">How long.</param>
    /// <param name="cancellation">Stops between two runs.</param>
    public static NetworkLatency Measure(
        byte[] onnx,
        SearchSpace space,
        int classes,
        LatencyTable table,
        LocalTarget target,
        TimingOptions options,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(space);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(target);
        byte[] referenceOnnx = Export.NetworkExporter.Untrained(space.Architecture(table.Reference.Choice, classes, "reference"));
        var sessions = new List<IReadOnlyList<InterleavedTiming>>();
        for (int i = 0; i < Sessions; i++)
        {
            using var reference = new OnnxModel(referenceOnnx, target.Threads, target.Batch);
            using var model = new OnnxModel(onnx, target.Threads, target.Batch);
            sessions.Add(InterleavedTimer.Measure([reference, model], options with { MaxTime = options.MaxTime / Sessions }, cancellation));
        }

        IReadOnlyList<InterleavedTiming> middle = sessions.OrderBy(timings => timings[1].Ratio).ElementAt(Sessions / 2);
        double now = SampleStatistics.Median(sessions.Select(timings => timings[0].Timing.QuietMs));
        double then = table.Reference.Milliseconds;
        return new NetworkLatency(middle[1].Ratio * Math.Min(now, then), now / then);
    }
}
