namespace Proxyless.Runs;

/// <summary>Where the model will run, and what it may cost there.</summary>
public sealed record TargetOptions
{
    /// <summary>The numbers that each property takes, by its name.</summary>
    public static IReadOnlyDictionary<string, NumberRange> Ranges { get; } =
        new Dictionary<string, NumberRange>
        {
            [nameof(LatencyMs)] = new(1e-6, 1e9, Note: "milliseconds"),
            [nameof(MaxParameters)] = new(1, 1e15, IsWhole: true),
            [nameof(MaxMacs)] = new(1, 1e15, IsWhole: true),
        };

    /// <summary>
    /// <c>cpu</c>, <c>cpu:THREADS</c>, <c>cpu:THREADS:BATCH</c>, a target's YAML file, or the name of one that is kept.
    /// </summary>
    public string Name { get; init; } = "cpu";

    /// <summary>
    /// The most the model may take on the target, in milliseconds; null: the middle of what the space offers.
    /// </summary>
    public double? LatencyMs { get; init; }

    /// <summary>
    /// Further limits of a search, each with its target, as <c>cpu=5,cpu=8,board=30</c>: of this target, which has
    /// <see cref="LatencyMs"/> then, or of others; null for none. Weights are shared, each limit gets a network of its
    /// own (<see cref="ProxylessRun.RunAll"/>).
    /// </summary>
    public string? AlsoFor { get; init; }

    /// <summary>The most parameters the model may have.</summary>
    public long? MaxParameters { get; init; }

    /// <summary>The most multiply-adds the model may need for an image.</summary>
    public long? MaxMacs { get; init; }

    /// <summary>Measure the latency table thoroughly (minutes) instead of quickly (seconds).</summary>
    public bool Thorough { get; init; }

    internal void Validate()
    {
        var ranges = new OptionRanges(nameof(TargetOptions), Ranges);
        ranges.Require(nameof(LatencyMs), LatencyMs);
        ranges.Require(nameof(MaxParameters), MaxParameters);
        ranges.Require(nameof(MaxMacs), MaxMacs);
    }
}
