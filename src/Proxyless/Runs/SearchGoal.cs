using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>The goal of a search: the target, its latencies and the limits.</summary>
/// <param name="Target">The target; the caller that opened it disposes of it.</param>
/// <param name="Table">The latency table of the space on the target.</param>
/// <param name="Limits">The limits, one on latency among them.</param>
internal sealed record SearchGoal(ITarget Target, LatencyTable Table, SearchLimits Limits)
{
    private const int RandomNetworks = 10_000;

    /// <summary>The limit on latency, which every search has.</summary>
    public CostLimit Latency => Limits.Latency!;

    /// <summary>The limit on latency in milliseconds.</summary>
    public double LatencyMs => Latency.Limit;

    /// <summary>Reads or creates the table and checks the limits; writes nothing into a run.</summary>
    /// <param name="context">The images, the space and the requested limits.</param>
    /// <param name="target">The target.</param>
    /// <param name="before">A run whose table is used if it is of the same target, or null.</param>
    /// <exception cref="LimitNotMetException">No network of the space is within the limits.</exception>
    public static SearchGoal Find(RunContext context, ITarget target, RunDirectory? before) =>
        Of(context, target, TableOf(context, target, before));

    /// <summary>Checks the limits; writes nothing into a run.</summary>
    /// <param name="context">The images, the space and the requested limits.</param>
    /// <param name="target">The target.</param>
    /// <param name="table">Its table.</param>
    /// <exception cref="LimitNotMetException">No network of the space is within the limits.</exception>
    /// <exception cref="InvalidInputException">By the table, networks take no time or less.</exception>
    public static SearchGoal Of(RunContext context, ITarget target, LatencyTable table)
    {
        SearchLimits limits = LimitsOf(context, table);
        double[][] even =
        [
            .. context.Space.Blocks().Select(block => Enumerable.Repeat(1.0, block.Candidates.Count).ToArray()),
        ];
        foreach (CostLimit limit in limits.All)
        {
            limit.RequirePossible(limit.IsOnLatency ? $" on {target.Name}" : "");
        }

        return
            LimitFeasibility.Find(even, limits.All, out bool impossible) is null
            && (impossible || ExcludeEachOther(limits, context.CancellationToken))
            ? throw new LimitNotMetException(
                $"each of the limits can be met, but no network of the space meets all of them ({limits}); raise one "
                    + $"of them"
            )
            : new SearchGoal(target, table, limits);
    }

    /// <summary>
    /// Whether the fastest network within the other limits is over the one on latency. Means of networks may be within
    /// all of them, and <see cref="LimitFeasibility"/> proves nothing then.
    /// </summary>
    private static bool ExcludeEachOther(SearchLimits limits, CancellationToken cancellationToken)
    {
        CostLimit latency = limits.Latency!;
        Maximum fastest = ArchitectureDerivation.Maximize(
            [.. latency.Cost.Candidates.Select(block => block.Select(milliseconds => -milliseconds).ToArray())],
            limits.Others,
            slack: 0,
            ArchitectureDerivation.MostPartials,
            cancellationToken
        );
        return fastest.Choice is { } choice ? !latency.Allows(latency.Cost.Of(choice) - fastest.Gap) : fastest.Gap <= 0;
    }

    /// <summary>
    /// Returns the table of a target: an earlier run's if it can be used, otherwise from the cache or measured.
    /// </summary>
    /// <param name="context">The images and the space.</param>
    /// <param name="target">The target.</param>
    /// <param name="before">A run whose table is used if it is of the same target, or null.</param>
    /// <exception cref="InvalidInputException">
    /// The earlier run's table is damaged, or its reference network is not of the space.
    /// </exception>
    public static LatencyTable TableOf(RunContext context, ITarget target, RunDirectory? before)
    {
        if (before is not null && File.Exists(before.Latency))
        {
            (target as IAskedTarget)?.Ask(context.CancellationToken);
            LatencyTable made = LatencyTableFile.Read(before.Latency);
            if (made.TargetId != target.Id)
            {
                context.Observer.Warning(
                    $"the latency table of '{before.Root}' is of {made.Target} ({made.TargetId}); {target.Name} "
                        + $"({target.Id}) is profiled"
                );
            }
            else if (IsCarefulEnough(made, context.Options))
            {
                made.RequireReference(context.Space, target, before.Latency);
                string kept = LatencyTableCache.Default.PathOf(context.Space, context.Classes, target, made.Mode);
                LatencyTableCache.WarnOfReuse(
                    made,
                    target,
                    $"this run keeps it; a new one measures it again once '{kept}' is removed",
                    context.Observer
                );
                return made;
            }
            else
            {
                context.Observer.Message(
                    $"the latency table of '{before.Root}' was made quickly; a thorough one is requested"
                );
            }
        }

        LatencyTable table = Profile(context, target);
        LatencyCalibration calibration = table.Calibration;
        context.Observer.Message(
            calibration.Networks == 0
                ? $"latency table: {table.Entries.Count} parts of {table.Target}; no network can be measured there, "
                    + $"so its error is not known"
                : Invariant(
                    $"latency table: {table.Entries.Count} parts; over {calibration.Networks} other networks the "
                        + $"mean error is {calibration.MeanAbsoluteError:P1}, Kendall tau {calibration.KendallTau:F2}"
                )
        );
        return table;
    }

    /// <summary>Returns the table of the run's space on a target, from the cache if it is there.</summary>
    /// <param name="context">The common context of all stages.</param>
    /// <param name="target">The target.</param>
    public static LatencyTable Profile(RunContext context, ITarget target) =>
        LatencyTableCache.Default.GetOrProfile(
            context.Space,
            context.Classes,
            target,
            context.Options.Target.Thorough ? ProfileMode.Thorough : ProfileMode.Quick,
            context.Observer,
            context.CancellationToken
        );

    /// <summary>
    /// Whether a table of an earlier run is as careful as the options require. A resumed run keeps the table that it
    /// began with.
    /// </summary>
    internal static bool IsCarefulEnough(LatencyTable made, RunOptions options) =>
        options.Resume || !options.Target.Thorough || made.Mode == ProfileMode.Thorough;

    private static SearchLimits LimitsOf(RunContext context, LatencyTable table)
    {
        SpaceCost latency = table.ToSpaceTimes(context.Space, context.Classes);
        double milliseconds = context.Options.Target.LatencyMs ?? latency.EvenExpectation;
        double within =
            latency.OfRandomNetworks(RandomNetworks, seed: 0).Count(cost => cost <= milliseconds)
            / (double)RandomNetworks;
        string why = context.Options.Target.LatencyMs is null
            ? " (no TargetOptions.LatencyMs: the mean latency of the space's networks)"
            : "";
        context.Observer.Message(
            $"limit: {MillisecondText.Of(milliseconds)} ms{why}; networks of space '{context.Space.Name}' take "
                + $"{MillisecondText.AtLeast(latency.Smallest)} to {MillisecondText.Of(latency.Largest)} ms, "
                + Invariant($"{within:P0} of random ones are within the limit")
        );
        var others = new List<CostLimit>();
        if (context.Options.Target.MaxParameters is { } parameters)
        {
            others.Add(new CostLimit(SpaceCost.Parameters(context.Space, context.Classes), parameters));
        }

        if (context.Options.Target.MaxMacs is { } macs)
        {
            others.Add(new CostLimit(SpaceCost.MultiplyAdds(context.Space, context.Classes), macs));
        }

        return new SearchLimits(new CostLimit(latency, milliseconds), others);
    }
}
