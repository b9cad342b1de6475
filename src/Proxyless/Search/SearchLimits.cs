namespace Proxyless.Search;

/// <summary>What the network of a search must stay within: a limit on latency and limits on other costs.</summary>
internal sealed class SearchLimits
{
    /// <summary>Creates the limits.</summary>
    /// <param name="latency">That on latency, or null.</param>
    /// <param name="others">Those on other costs.</param>
    /// <exception cref="ArgumentException">A limit is on another quantity than its place says.</exception>
    public SearchLimits(CostLimit? latency, params IReadOnlyList<CostLimit> others)
    {
        ArgumentNullException.ThrowIfNull(others);
        if (latency is not null && !latency.IsOnLatency)
        {
            throw new ArgumentException($"a limit on {latency.Cost.Quantity} is none on latency", nameof(latency));
        }

        if (others.Any(limit => limit.IsOnLatency))
        {
            throw new ArgumentException("a limit on latency is among the others", nameof(others));
        }

        Latency = latency;
        Others = [.. others];
        All = latency is null ? Others : [latency, .. Others];
    }

    /// <summary>No limits.</summary>
    public static SearchLimits None { get; } = new(null);

    /// <summary>That on latency, or null.</summary>
    public CostLimit? Latency { get; }

    /// <summary>Those on other costs.</summary>
    public IReadOnlyList<CostLimit> Others { get; }

    /// <summary>
    /// All of them, in the order in which checkpoints keep their multipliers: that on latency first, where there is
    /// one.
    /// </summary>
    public IReadOnlyList<CostLimit> All { get; }

    /// <summary>Every limit, for messages.</summary>
    public override string ToString() => string.Join(", ", All);
}
