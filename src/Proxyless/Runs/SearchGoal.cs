using Proxyless.Latency;
using Proxyless.Search;
using Proxyless.Spaces;

namespace Proxyless;

/// <summary>What a search works towards: the target's latencies and the limits.</summary>
/// <param name="Table">The latency table of the space on the target.</param>
/// <param name="Limits">The limits; the first is that on latency.</param>
internal sealed record SearchGoal(LatencyTable Table, IReadOnlyList<CostLimit> Limits)
{
    private const int RandomNetworks = 10_000;

    /// <summary>The limit on latency in milliseconds.</summary>
    public double LatencyMs => Limits[0].Limit;

    /// <summary>Reads or makes the table and checks the limits; writes nothing into a run.</summary>
    /// <param name="data">The images and the space.</param>
    /// <param name="before">A run whose table is used where it is of the same target, or null.</param>
    /// <param name="observer">Hears of progress.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="InvalidInputException">No network of the space is within the limits.</exception>
    public static SearchGoal Find(RunData data, RunDirectory? before, IRunObserver observer, CancellationToken cancellation)
    {
        LatencyTable table = TableOf(data, before, observer, cancellation);
        List<CostLimit> limits = LimitsOf(data, table, observer);
        double[][] even = [.. data.Space.Blocks().Select(block => Enumerable.Repeat(1.0, block.Candidates.Count).ToArray())];
        limits.ForEach(limit => limit.RequirePossible());
        LimitFeasibility.Find(even, limits, out bool impossible);
        return impossible
            ? throw new InvalidInputException($"each of the limits can be met, but no network of the space meets all of them ({string.Join(", ", limits)}); raise one of them")
            : new SearchGoal(table, limits);
    }

    private static LatencyTable TableOf(RunData data, RunDirectory? before, IRunObserver observer, CancellationToken cancellation)
    {
        if (before is not null && File.Exists(before.Latency))
        {
            LatencyTable made = LatencyTableFile.Read(before.Latency);
            if (made.TargetId == data.Target.Id)
            {
                return made;
            }

            observer.Warning($"the latency table of '{before.Root}' is of another machine ({made.TargetId}); this one ({data.Target.Id}) is profiled");
        }

        ProfileMode mode = data.Options.Thorough ? ProfileMode.Thorough : ProfileMode.Quick;
        LatencyTable table = LatencyTableCache.Default.GetOrProfile(data.Space, data.Classes, data.Target, mode, observer, cancellation);
        LatencyCalibration calibration = table.Calibration;
        observer.Message(calibration.Networks == 0
            ? $"latency table: {table.Entries.Count} parts of {table.Target}; no network can be measured there, so its error is not known"
            : $"latency table: {table.Entries.Count} parts; over {calibration.Networks} other networks the mean error is {calibration.MeanAbsoluteError:P1}, Kendall tau {calibration.KendallTau:F2}");
        return table;
    }

    private static List<CostLimit> LimitsOf(RunData data, LatencyTable table, IRunObserver observer)
    {
        SpaceCost latency = table.ToSpaceCost(data.Space, data.Classes);
        double milliseconds = data.Options.LatencyMs ?? latency.EvenExpectation;
        double within = latency.OfRandomNetworks(RandomNetworks, seed: 0).Count(cost => cost <= milliseconds) / (double)RandomNetworks;
        observer.Message(
            $"limit: {milliseconds:F3} ms{(data.Options.LatencyMs is null ? " (no --latency: the middle of the space)" : "")}; "
            + $"networks of space '{data.Space.Name}' take {latency.Smallest:F3} to {latency.Largest:F3} ms, {within:P0} of random ones are within the limit");
        var limits = new List<CostLimit> { new(latency, milliseconds) };
        if (data.Options.MaxParameters is { } parameters)
        {
            limits.Add(new CostLimit(SpaceCost.Parameters(data.Space, data.Classes), parameters));
        }

        if (data.Options.MaxMacs is { } macs)
        {
            limits.Add(new CostLimit(SpaceCost.MultiplyAdds(data.Space, data.Classes), macs));
        }

        return limits;
    }
}
