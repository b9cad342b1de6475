namespace Proxyless.Runs;

/// <summary>Where the model will run, and its limits there.</summary>
public sealed record TargetOptions
{
    /// <summary>The numbers that each property accepts, by its name.</summary>
    public static IReadOnlyDictionary<string, NumberRange> Ranges { get; } =
        new Dictionary<string, NumberRange>
        {
            [nameof(LatencyMs)] = new(1e-6, 1e9, Note: "milliseconds"),
            [nameof(MaxParameters)] = new(1, 1e15, IsWhole: true),
            [nameof(MaxMacs)] = new(1, 1e15, IsWhole: true),
        };

    /// <summary>
    /// <c>cpu</c>, <c>cpu:THREADS</c>, <c>cpu:THREADS:BATCH</c>, a target's YAML file, a latency
    /// table's <c>.json</c> or <c>.csv</c>, or the name of a target that is kept.
    /// </summary>
    public string Name { get; init; } = "cpu";

    /// <summary>
    /// The highest latency of the model on the target, in milliseconds; null: the mean latency of the space's networks,
    /// or with <see cref="TrainingOptions.Weights"/> half of the whole network's latency.
    /// </summary>
    public double? LatencyMs { get; init; }

    /// <summary>
    /// Further limits, each with its target, such as <c>cpu=5,cpu=8,board=30</c>: for this target, which
    /// then needs <see cref="LatencyMs"/>, or for others; null for none. Each limit gets its own network, of
    /// a search with shared weights or of the same pretrained one
    /// (<see cref="ProxylessRun.RunAll(RunOptions, IRunObserver?, CancellationToken)"/>).
    /// </summary>
    public string? AlsoFor { get; init; }

    /// <summary>The maximum number of parameters of the model.</summary>
    public long? MaxParameters { get; init; }

    /// <summary>The maximum number of multiply-adds of the model for an image.</summary>
    public long? MaxMacs { get; init; }

    /// <summary>Whether the latency table is measured thoroughly (minutes) instead of quickly (seconds).</summary>
    public bool Thorough { get; init; }

    internal void Validate()
    {
        var ranges = new OptionRanges(nameof(TargetOptions), Ranges);
        ranges.Require(nameof(LatencyMs), LatencyMs);
        ranges.Require(nameof(MaxParameters), MaxParameters);
        ranges.Require(nameof(MaxMacs), MaxMacs);
    }
}
