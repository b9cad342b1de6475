using System.Diagnostics;
using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Measurement;

namespace Proxyless.Latency;

/// <summary>
/// Measures the time of each part of a space on this machine. A block is timed where it will work, inside whole
/// networks, by the node times of ONNX Runtime: alone it would also pay for converting its input and output to the
/// layout of its neighbors in a network, and its input would be in other caches. A few networks hold every candidate of
/// every block. Then whole networks are timed without recording, to calibrate the sums and to measure their error.
/// </summary>
public static class LatencyProfiler
{
    private const string Stage = "profile";
    private const int WarmUpRuns = 2;

    /// <summary>Profiles a space.</summary>
    /// <param name="space">The space, at the resolution of its use.</param>
    /// <param name="classes">Number of outputs of the classifier.</param>
    /// <param name="target">Threads and batch to measure with.</param>
    /// <param name="mode">How carefully to measure.</param>
    /// <param name="observer">Receives progress reports, and a warning of an error that is too large.</param>
    /// <param name="cancellationToken">Stops between two networks.</param>
    /// <exception cref="InvalidInputException">
    /// The target cannot run the networks, or lacks the memory for that many images.
    /// </exception>
    public static LatencyTable Profile(
        SearchSpace space,
        int classes,
        LocalTarget target,
        ProfileMode mode,
        IRunObserver observer,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(space);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(observer);

        var plan = ProfilePlan.Of(mode);
        var random = new Random(1);
        List<int[]> covering =
        [
            .. Enumerable.Range(0, plan.Rounds).SelectMany(_ => CoveringNetworks.Choices(space, random)),
        ];
        var progress = new Progress(observer, Stage, 0, covering.Count + plan.CalibrationNetworks + plan.CheckNetworks);

        var networks = new List<ILookup<string, double>>();
        foreach (int[] choice in covering)
        {
            cancellationToken.ThrowIfCancellationRequested();
            networks.Add(TimeParts(space.Architecture(choice, classes, "covering"), target, plan, cancellationToken));
            progress.Report(networks.Count, "blocks");
        }

        Head head = space.Head(classes);
        ILookup<string, double> samples = PartTimes.AtOneSpeed(
            networks,
            [space.Stem.Key, head.ConvolutionKey, head.ClassifierKey]
        );

        var table = new LatencyTable
        {
            Space = space.Name,
            Target = target.Name,
            TargetId = target.Id,
            Mode = mode,
            Created = DateTimeOffset.UtcNow,
            Entries = SpaceParts.Keys(space, classes).ToDictionary(key => key, key => Entry([.. samples[key]])),
            Calibration = new LatencyCalibration(Scale: 1, Offset: 0, Networks: 0, MeanAbsoluteError: 0, KendallTau: 0),
            Reference = new LatencyReference([], 0),
        };
        table = Calibrate(table, space, classes, target, plan, random, progress, covering.Count, cancellationToken);
        if (Disturbance.IsLikely(table))
        {
            observer.Warning(Disturbance.Text(table));
        }

        return table;
    }

    /// <summary>Runs a network and sorts the times of its nodes by part.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="target">This machine's processor.</param>
    /// <param name="plan">How long.</param>
    /// <param name="cancellationToken">Stops between two runs.</param>
    /// <exception cref="InvalidInputException">
    /// The target cannot run the network, or lacks the memory for that many images.
    /// </exception>
    internal static ILookup<string, double> TimeParts(
        Architecture architecture,
        LocalTarget target,
        ProfilePlan plan,
        CancellationToken cancellationToken
    )
    {
        byte[] model = target.Form(NetworkExporter.Untrained(architecture));
        return target.Work(() => PartTimes.Of(architecture, RunsOf(model, target, plan, cancellationToken)));
    }

    private static IReadOnlyList<IReadOnlyList<NodeTime>> RunsOf(
        byte[] model,
        LocalTarget target,
        ProfilePlan plan,
        CancellationToken cancellationToken
    )
    {
        using var profile = new NodeProfile(model, target.Threads, target.Batch);
        for (int i = 0; i < WarmUpRuns; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            profile.Run();
        }

        long start = Stopwatch.GetTimestamp();
        for (
            int i = 0;
            i < plan.MaxRuns && (i < plan.MinRuns || Stopwatch.GetElapsedTime(start) < plan.TimePerNetwork);
            i++
        )
        {
            cancellationToken.ThrowIfCancellationRequested();
            profile.Run();
        }

        return [.. profile.Finish().Skip(WarmUpRuns)];
    }

    private static LatencyEntry Entry(double[] rounds)
    {
        double middle = SampleStatistics.InterquartileMean(rounds);
        return new LatencyEntry(middle, SampleStatistics.SpreadAround(middle, rounds));
    }

    private static LatencyTable Calibrate(
        LatencyTable table,
        SearchSpace space,
        int classes,
        LocalTarget target,
        ProfilePlan plan,
        Random random,
        Progress progress,
        int done,
        CancellationToken cancellationToken
    )
    {
        SpaceCost cost = table.ToSpaceCost(space, classes);
        int[] reference = SpreadNetworks.Choices(cost, 1, random)[0];
        List<Architecture> networks =
        [
            .. SpreadNetworks
                .Choices(cost, plan.CalibrationNetworks, random)
                .Concat(SpreadNetworks.Choices(cost, plan.CheckNetworks, random))
                .Select(choice => space.Architecture(choice, classes, "whole")),
        ];
        using var timer = new NetworkTimer(
            space.Architecture(reference, classes, "reference"),
            target,
            plan.NetworkTiming
        );
        foreach (Architecture network in networks)
        {
            timer.Add(network, cancellationToken);
            progress.Report(++done, "whole networks");
        }

        double[] sums = [.. networks.Select(table.RawSum)];
        IReadOnlyList<double> measured = timer.Latencies;
        var calibration = LatencyCalibration.Fit(
            sums[..plan.CalibrationNetworks],
            [.. measured.Take(plan.CalibrationNetworks)],
            sums[plan.CalibrationNetworks..],
            [.. measured.Skip(plan.CalibrationNetworks)]
        );
        return table with
        {
            Calibration = calibration,
            Reference = new LatencyReference(reference, timer.ReferenceMs),
            Disturbance = timer.Disturbance,
        };
    }
}
