namespace Proxyless.Search;

/// <summary>The limits on the network of a search: one on latency, and others on other costs.</summary>
internal sealed class SearchLimits
{
    /// <summary>Creates the limits.</summary>
    /// <param name="latency">The limit on latency, or null.</param>
    /// <param name="others">The limits on other costs.</param>
    /// <exception cref="ArgumentException">A limit is on another quantity than its parameter says.</exception>
    public SearchLimits(CostLimit? latency, params IReadOnlyList<CostLimit> others)
    {
        ArgumentNullException.ThrowIfNull(others);
        if (latency is not null && !latency.IsOnLatency)
        {
            throw new ArgumentException($"a limit on {latency.Cost.Quantity} is not one on latency", nameof(latency));
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

    /// <summary>The limit on latency, or null.</summary>
    public CostLimit? Latency { get; }

    /// <summary>The limits on other costs.</summary>
    public IReadOnlyList<CostLimit> Others { get; }

    /// <summary>
    /// All limits, in the order in which checkpoints keep their multipliers: the one on latency first, if there is one.
    /// </summary>
    public IReadOnlyList<CostLimit> All { get; }

    /// <summary>Every limit, for messages.</summary>
    public override string ToString() => string.Join(", ", All);
}
