namespace Proxyless.Runs;

/// <summary>The result of a job for several limits or targets.</summary>
/// <typeparam name="T">The result for one of them.</typeparam>
public sealed record LimitResults<T>
{
    /// <summary>The folder that holds a run for each of them.</summary>
    public required string Run { get; init; }

    /// <summary>The results, in the order of the limits.</summary>
    public required IReadOnlyList<T> Networks { get; init; }

    /// <summary>The failures; empty if every limit has its network.</summary>
    public required IReadOnlyList<LimitFailure> Failures { get; init; }
}

/// <summary>One of several limits that has no network, while others have one.</summary>
/// <param name="Target">The target's name or file.</param>
/// <param name="LatencyLimitMs">The limit in milliseconds; null: the default.</param>
/// <param name="Message">The reason, with the remedy.</param>
public sealed record LimitFailure(string Target, double? LatencyLimitMs, string Message);
