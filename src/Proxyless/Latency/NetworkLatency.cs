using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Measurement;

namespace Proxyless.Latency;

/// <summary>
/// The latency of a whole network, in two readings. A limit is held against the quiet one; what a user of the machine
/// meets is the median.
/// </summary>
/// <param name="QuietMs">
/// The quiet latency in milliseconds, on the machine at its quietest: the ratio to the reference, times the reference's
/// latency now or at the time of the table, whichever is less. Other work on a machine only ever adds time.
/// </param>
/// <param name="MedianMs">
/// The median latency in milliseconds: half of the runs just now, other work included, stayed under it.
/// </param>
/// <param name="P90Ms">Nine in ten runs just now stayed under it, in milliseconds.</param>
/// <param name="Slowdown">
/// The reference's latency now over that at the time of the table; far over 1 on a busy machine.
/// </param>
/// <param name="IsMeasured">
/// False where a target can only be asked for the sum of its table, which all readings are then.
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

    /// <summary>Says so where the machine was busy, or the table was made while it was.</summary>
    public void WarnIfDisturbed(IRunObserver observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        if (Slowdown > Disturbed)
        {
            observer.Warning(
                Invariant(
                    $"the machine is {Slowdown:F2} times as slow as when the latency table was made; latencies are "
                        + $"put into relation to that time, but are less certain: leave the machine alone while it "
                        + $"measures"
                )
            );
        }
        else if (Slowdown < Faster)
        {
            observer.Warning(
                Invariant(
                    $"the machine is {1 / Slowdown:F2} times as fast as when the latency table was made, so the "
                        + $"table's latencies are too high; make it again with LatencyTableCache.Profile on an idle "
                        + $"machine"
                )
            );
        }
    }

    /// <summary>
    /// The latency of a network on a target: beside the reference network of the space's table where the target runs
    /// models, else the sum of the target's table.
    /// </summary>
    /// <param name="target">The target.</param>
    /// <param name="architecture">The network.</param>
    /// <param name="onnx">The bytes of its ONNX file.</param>
    /// <param name="space">The space of the table.</param>
    /// <param name="classes">Outputs of the reference's classifier.</param>
    /// <param name="table">The table of the space on the target.</param>
    /// <param name="cancellationToken">Stops between two runs.</param>
    /// <exception cref="TargetUnavailableException">The target cannot be reached.</exception>
    /// <exception cref="InvalidInputException">
    /// The target cannot run the network, or its table lacks a part of it.
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
        return target switch
        {
            IModelTimer timer => timer.Compare(
                onnx,
                NetworkExporter.Untrained(space.Architecture(table.Reference.Choice, classes, "reference")),
                table.Reference.Milliseconds,
                cancellationToken
            ),

            // From the whole file, for a network may be none of the space that the run's table was cut down to.
            TableTarget known => Summed(known.Predict(architecture, NullRunObserver.Instance)),
            _ => throw new ArgumentException($"'{target.Name}' neither runs models nor has a table", nameof(target)),
        };
    }

    /// <summary>
    /// The latency of a model without a table: it is its own reference, of which no earlier latency is known.
    /// </summary>
    /// <param name="timing">What its runs took.</param>
    public static NetworkLatency Alone(Timing timing) => Of([(timing, timing)], own => own.QuietMs, referenceMs: null);

    /// <summary>Both readings from a network and a reference that were timed in turn.</summary>
    /// <param name="turns">At least one turn.</param>
    /// <param name="compared">What of a turn's runs is set into relation to the reference.</param>
    /// <param name="referenceMs">
    /// The reference's latency in milliseconds at the time of the table; null: not known.
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

    private static NetworkLatency Summed(double milliseconds) =>
        new(milliseconds, milliseconds, milliseconds, Slowdown: 1, IsMeasured: false);
}
