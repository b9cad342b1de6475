using Proxyless.Architectures;
using Proxyless.Latency;

namespace Proxyless.Bench;

/// <summary>How alike two targets order networks of a space.</summary>
internal sealed record OrderBenchResult
{
    /// <summary>The names of the targets.</summary>
    public required IReadOnlyList<string> Targets { get; init; }

    /// <summary>Number of random networks, by the tables.</summary>
    public required int Networks { get; init; }

    /// <summary>Kendall's tau of the tables' sums over random networks, which have similar latencies.</summary>
    public required double TauOfRandom { get; init; }

    /// <summary>Kendall's tau of the tables' sums over as many networks, spread over all latencies.</summary>
    public required double TauOfSpread { get; init; }

    /// <summary>The fastest quarter, half and three quarters of the random networks on each target.</summary>
    public required IReadOnlyList<SharedRank> Ranks { get; init; }

    /// <summary>Whole networks that were measured on both; none where one of the targets is a table.</summary>
    public required IReadOnlyList<MeasuredTwice> Measured { get; init; }

    /// <summary>Kendall's tau of the measured latencies; null if nothing was measured.</summary>
    public double? TauOfMeasured { get; init; }

    /// <summary>
    /// The bounds of its 95 % interval; null if all networks took the same time on one of the targets.
    /// </summary>
    public IReadOnlyList<double>? IntervalOfMeasured { get; init; }
}

/// <summary>Limits of equal rank on two targets.</summary>
/// <param name="Rank">The share of random networks that meet each limit.</param>
/// <param name="FirstMs">The limit on the first target, in milliseconds.</param>
/// <param name="SecondMs">The limit on the second target, in milliseconds.</param>
/// <param name="Both">The share of those that meet the first which meet the second as well.</param>
internal sealed record SharedRank(double Rank, double FirstMs, double SecondMs, double Both);

/// <summary>A network on two targets.</summary>
/// <param name="Choice">Its candidates.</param>
/// <param name="FirstMs">Its latency on the first target, in milliseconds.</param>
/// <param name="SecondMs">Its latency on the second target, in milliseconds.</param>
internal sealed record MeasuredTwice(IReadOnlyList<int> Choice, double FirstMs, double SecondMs);

/// <summary>
/// Compares the orders in which two targets put the networks of a space: if they are the same, a search for one finds
/// what a search for the other does.
/// </summary>
internal static class OrderBench
{
    private const int Networks = 1000;
    private static readonly double[] Ranks = [0.25, 0.5, 0.75];

    /// <summary>Makes both tables, compares their sums, and measures random networks on both.</summary>
    /// <param name="space">The space.</param>
    /// <param name="classes">Number of outputs of the classifier.</param>
    /// <param name="first">One target.</param>
    /// <param name="second">The other target.</param>
    /// <param name="measured">Number of random networks to measure.</param>
    /// <param name="mode">How carefully the tables are measured.</param>
    /// <param name="observer">Receives progress reports and messages.</param>
    /// <param name="cancellationToken">Stops between two measurements.</param>
    public static OrderBenchResult Measure(
        SearchSpace space,
        int classes,
        ITarget first,
        ITarget second,
        int measured,
        ProfileMode mode,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(space);
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        LatencyTable[] tables =
        [
            .. new[] { first, second }.Select(target =>
                LatencyTableCache.Default.Profile(space, classes, target, mode, observer, cancellationToken)
            ),
        ];
        SpaceCost[] costs = [.. tables.Select(table => table.ToSpaceCost(space, classes))];
        var random = new Random(0);
        int[][] choices = [.. Enumerable.Range(0, Networks).Select(_ => Draw(costs[0], random))];
        (double[] a, double[] b) = (Of(costs[0], choices), Of(costs[1], choices));
        IReadOnlyList<int[]> spread = SpreadNetworks.Choices(costs[0], Networks, random);
        MeasuredTwice[] twice =
            first is IModelTimer && second is IModelTimer
                ? MeasureBoth(space, classes, [first, second], tables, choices[..measured], observer, cancellationToken)
                : [];
        double[] onFirst = [.. twice.Select(network => network.FirstMs)];
        double[] onSecond = [.. twice.Select(network => network.SecondMs)];
        return new OrderBenchResult
        {
            Targets = [first.Name, second.Name],
            Networks = Networks,
            TauOfRandom = RankCorrelation.KendallTau(a, b),
            TauOfSpread = RankCorrelation.KendallTau(Of(costs[0], spread), Of(costs[1], spread)),
            Ranks = [.. Ranks.Select(rank => Shared(rank, a, b))],
            Measured = twice,
            TauOfMeasured = twice.Length > 1 ? RankCorrelation.KendallTau(onFirst, onSecond) : null,
            IntervalOfMeasured = Varies(onFirst) && Varies(onSecond) ? Interval(onFirst, onSecond) : null,
        };
    }

    /// <summary>Limits of a rank, and how many networks meet both.</summary>
    internal static SharedRank Shared(double rank, double[] first, double[] second)
    {
        int count = (int)(rank * first.Length);
        double limit = first.Order().ElementAt(count - 1);
        double other = second.Order().ElementAt(count - 1);
        int within = first.Count(value => value <= limit);
        int both = first.Zip(second).Count(pair => pair.First <= limit && pair.Second <= other);
        return new SharedRank(rank, limit, other, (double)both / within);
    }

    private static MeasuredTwice[] MeasureBoth(
        SearchSpace space,
        int classes,
        ITarget[] targets,
        LatencyTable[] tables,
        int[][] choices,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        var progress = new Progress(observer, "networks", 0, choices.Length, Progress.Unreported);
        var measured = new List<MeasuredTwice>();
        foreach (int[] choice in choices)
        {
            Architecture architecture = space.Architecture(choice, classes, "random");
            byte[] onnx = Export.NetworkExporter.Untrained(architecture);
            double[] latencies =
            [
                .. targets.Zip(
                    tables,
                    (target, table) =>
                        NetworkLatency
                            .Measure(target, architecture, onnx, space, classes, table, cancellationToken)
                            .QuietMs
                ),
            ];
            measured.Add(new MeasuredTwice(choice, latencies[0], latencies[1]));
            progress.Report(
                measured.Count,
                $"{MillisecondText.Of(latencies[0])} and {MillisecondText.Of(latencies[1])} ms"
            );
        }

        return [.. measured];
    }

    private static bool Varies(double[] latencies) => latencies.Distinct().Count() > 1;

    private static IReadOnlyList<double> Interval(double[] first, double[] second)
    {
        (double low, double high) = RankCorrelation.KendallInterval(first, second, seed: 0);
        return [low, high];
    }

    private static int[] Draw(SpaceCost cost, Random random) =>
        [.. cost.Candidates.Select(block => random.Next(block.Length))];

    private static double[] Of(SpaceCost cost, IReadOnlyList<int[]> choices) => [.. choices.Select(cost.Of)];
}
