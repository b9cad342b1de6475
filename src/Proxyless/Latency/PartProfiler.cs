using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Measurement;

namespace Proxyless.Latency;

/// <summary>
/// Profiles a space on devices that can only time whole models. Each part is a separate model; a reference network,
/// measured again after every few parts, shows how the machine's speed drifts, and whole networks calibrate the sums.
/// Several equal devices divide the measurements: the reference network, measured on each, brings them to the speed of
/// the first. Every measurement is written to disk at once, so that an interrupted profile can be continued; whoever
/// stores the table removes that file then.
/// </summary>
/// <param name="target">The target of the table.</param>
/// <param name="timers">The devices; usually the target itself.</param>
internal sealed class PartProfiler(ITarget target, IReadOnlyList<IPartTimer> timers)
{
    private const double LargeError = 0.05;

    /// <summary>Makes the table.</summary>
    /// <inheritdoc cref="IModelTimer.Profile"/>
    public LatencyTable Profile(
        SearchSpace space,
        int classes,
        ProfileMode mode,
        string? partial,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        var plan = ProfilePlan.Of(mode);
        var random = new Random(1);
        (string Key, Func<byte[]> Model)[] parts =
        [
            .. PartExporter.Parts(space, classes).Select(part => (part.Key, part.Value)),
        ];

        // No latencies are known yet: networks are spread over multiply-adds.
        var counted = SpaceCost.MultiplyAdds(space, classes);
        int[] reference = SpreadNetworks.Choices(counted, 1, random)[0];
        List<int[]> networks =
        [
            .. SpreadNetworks.Choices(counted, plan.CalibrationNetworks, random),
            .. SpreadNetworks.Choices(counted, plan.CheckNetworks, random),
        ];
        byte[] referenceModel = Untrained(space, reference, classes);
        var log = new PartialProfile(partial, observer, parts.Length + networks.Count);
        PartTimer[] devices = [.. timers.Select(timer => new PartTimer(timer, mode, referenceModel))];

        // A profile that is continued has it in its log, and the first device measures it anew before its first part:
        // the machine may be at another speed.
        double referenceMs = log.Measure("reference", () => devices[0].ReferenceMs(cancellationToken));
        var entries = new LatencyEntry[parts.Length];
        double[] measured = new double[networks.Count];

        void MeasurePart(PartTimer device, int i, CancellationToken stop)
        {
            double[] rounds =
            [
                .. Enumerable
                    .Range(0, plan.Rounds)
                    .Select(round =>
                        log.Measure(
                            $"{parts[i].Key} #{round}",
                            () => device.Milliseconds(parts[i].Model(), referenceMs, stop)
                        )
                    ),
            ];
            double median = SampleStatistics.Median(rounds);
            entries[i] = new LatencyEntry(median, SampleStatistics.SpreadAround(median, rounds));
            log.Step("parts");
        }

        void MeasureNetwork(PartTimer device, int i, CancellationToken stop)
        {
            measured[i] = log.Measure(
                $"network {i}",
                () => device.Milliseconds(Untrained(space, networks[i], classes), referenceMs, stop)
            );
            log.Step("whole networks");
        }

        DividedWork.Run(
            devices,
            parts.Length + networks.Count,
            (device, i, stop) =>
            {
                if (i < parts.Length)
                {
                    MeasurePart(device, i, stop);
                }
                else
                {
                    MeasureNetwork(device, i - parts.Length, stop);
                }

                device.FollowDrift();
            },
            cancellationToken
        );

        // One that was replaced between two calls has lost none of them.
        foreach (IPartTimer timer in timers)
        {
            timer.RequireSame(cancellationToken);
        }

        double[] disturbances = [.. devices.SelectMany(device => device.Disturbances)];
        var table = new LatencyTable
        {
            Space = space.Name,
            Target = target.Name,
            TargetId = target.Id,
            Mode = mode,
            Created = DateTimeOffset.UtcNow,
            Entries = parts.Index().ToDictionary(part => part.Item.Key, part => entries[part.Index]),
            Calibration = new LatencyCalibration(Scale: 1, Offset: 0, Networks: 0, MeanAbsoluteError: 0, KendallTau: 0),
            Reference = new LatencyReference(reference, referenceMs),
        };
        double[] sums = [.. networks.Select(choice => table.RawSum(space.Architecture(choice, classes, "whole")))];
        var calibration = LatencyCalibration.Fit(
            sums[..plan.CalibrationNetworks],
            measured[..plan.CalibrationNetworks],
            sums[plan.CalibrationNetworks..],
            measured[plan.CalibrationNetworks..]
        );
        if (calibration.MeanAbsoluteError > LargeError)
        {
            observer.Warning(
                Invariant(
                    $"predictions are off by {calibration.MeanAbsoluteError:P1} on average; ProfileMode.Thorough, or "
                        + $"more repeats in the target's file, may help"
                )
            );
        }

        table = table with { Calibration = calibration };
        table = disturbances.Length == 0 ? table : table with { Disturbance = SampleStatistics.Median(disturbances) };
        if (table.Disturbance > Disturbance.Tolerable)
        {
            observer.Warning(Disturbance.Text(table));
        }

        return table;
    }

    private static byte[] Untrained(SearchSpace space, IReadOnlyList<int> choice, int classes) =>
        NetworkExporter.Untrained(space.Architecture(choice, classes, "whole"));
}
