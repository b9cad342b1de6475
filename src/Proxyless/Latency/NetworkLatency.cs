using System.Globalization;
using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Measurement;

namespace Proxyless.Latency;

/// <summary>
/// The latency of a whole network, in two readings. A limit is compared with the quiet one; the median is what a user
/// of the machine experiences.
/// </summary>
/// <param name="QuietMs">
/// The quiet latency in milliseconds, on the machine at its quietest: the ratio to the reference, times the reference's
/// latency now or at the time of the table, whichever is lower. Other work on a machine only adds time.
/// </param>
/// <param name="MedianMs">The median latency in milliseconds of the runs just made, other work included.</param>
/// <param name="P90Ms">The 90th percentile of the runs just made, in milliseconds.</param>
/// <param name="Slowdown">
/// The reference's latency now over that at the time of the table; far above 1 on a busy machine.
/// </param>
/// <param name="IsMeasured">
/// False if the target can only give the sum of its table, which is then the value of all readings.
/// </param>
public sealed record NetworkLatency(
    double QuietMs,
    double MedianMs,
    double P90Ms,
    double Slowdown,
    bool IsMeasured = true
)
{
    private const double Disturbed = 1.15;
    private const double Faster = 0.9;
    private const string SumFormat = "G14";

    /// <summary>Warns if the machine was busy, or was busy when the table was made.</summary>
    public void WarnIfDisturbed(IRunObserver observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        if (Slowdown > Disturbed)
        {
            observer.Warning(
                Invariant(
                    $"the machine is {Slowdown:F1} times as slow as when the latency table was made; latencies are "
                        + $"put into relation to that time, but are less certain: leave the machine alone while it "
                        + $"measures"
                )
            );
        }
        else if (Slowdown < Faster)
        {
            observer.Warning(
                Invariant(
                    $"the machine is {1 / Slowdown:F1} times as fast as when the latency table was made, so the "
                        + $"table's latencies are too high; have it measured again on an idle "
                        + $"machine (docs/targets.md)"
                )
            );
        }
    }

    /// <summary>
    /// Measures the latency of a network on a target: beside the reference network of the space's table if the target
    /// runs models, otherwise the sum of the target's table.
    /// </summary>
    /// <param name="target">The target.</param>
    /// <param name="architecture">The network.</param>
    /// <param name="onnx">The bytes of its ONNX file.</param>
    /// <param name="space">The space of the table.</param>
    /// <param name="classes">Number of outputs of the reference network's classifier.</param>
    /// <param name="table">The table of the space on the target.</param>
    /// <param name="cancellationToken">Stops between two runs.</param>
    /// <exception cref="TargetUnavailableException">The target cannot be reached.</exception>
    /// <exception cref="InvalidInputException">
    /// The target cannot run the network, its table lacks a part of the network, or the reference network is not of the
    /// space.
    /// </exception>
    public static NetworkLatency Measure(
        ITarget target,
        Architecture architecture,
        byte[] onnx,
        SearchSpace space,
        int classes,
        LatencyTable table,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(space);
        ArgumentNullException.ThrowIfNull(table);
        table.RequireReference(space, target);
        return target switch
        {
            IModelTimer timer => timer.Compare(
                onnx,
                NetworkExporter.Untrained(space.Architecture(table.Reference.Choice, classes, "reference")),
                table.Reference.Milliseconds,
                cancellationToken
            ),

            // From the whole file: a network may be outside the space that the run's table was cut down to.
            TableTarget known => Summed(known.Predict(architecture, NullRunObserver.Instance)),
            _ => throw new ArgumentException($"'{target.Name}' neither runs models nor has a table", nameof(target)),
        };
    }

    /// <summary>The latency of a model without a table: it is its own reference, without an earlier latency.</summary>
    /// <param name="timing">The times of its runs.</param>
    public static NetworkLatency Alone(Timing timing) => Of([(timing, timing)], own => own.QuietMs, referenceMs: null);

    /// <summary>Computes both readings from a network and a reference that were timed alternately.</summary>
    /// <param name="turns">At least one turn.</param>
    /// <param name="compared">Which of a turn's runs is compared with the reference.</param>
    /// <param name="referenceMs">
    /// The reference's latency in milliseconds at the time of the table; null if unknown.
    /// </param>
    internal static NetworkLatency Of(
        IReadOnlyList<(Timing Reference, Timing Network)> turns,
        Func<Timing, double> compared,
        double? referenceMs
    )
    {
        double ratio = SampleStatistics.Median(turns.Select(turn => compared(turn.Network) / compared(turn.Reference)));
        double now = SampleStatistics.Median(turns.Select(turn => compared(turn.Reference)));
        double then = referenceMs ?? now;
        return new NetworkLatency(
            ratio * Math.Min(now, then),
            SampleStatistics.Median(turns.Select(turn => turn.Network.MedianMs)),
            SampleStatistics.Median(turns.Select(turn => turn.Network.P90Ms)),
            now / then
        );
    }

    private static NetworkLatency Summed(double milliseconds)
    {
        // Entries of few digits add up to a limit of few digits, not to one a rounding error above it.
        double sum = double.Parse(
            milliseconds.ToString(SumFormat, CultureInfo.InvariantCulture),
            CultureInfo.InvariantCulture
        );
        return new NetworkLatency(sum, sum, sum, Slowdown: 1, IsMeasured: false);
    }
}
