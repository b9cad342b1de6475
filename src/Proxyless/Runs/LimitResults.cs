namespace Proxyless.Runs;

/// <summary>What a job for several limits or targets ends with.</summary>
/// <typeparam name="T">What it ends with for one of them.</typeparam>
public sealed record LimitResults<T>
{
    /// <summary>The folder that holds a run for each of them.</summary>
    public required string Run { get; init; }

    /// <summary>What was found, in the order of the limits.</summary>
    public required IReadOnlyList<T> Networks { get; init; }

    /// <summary>What was not; empty where every limit has its network.</summary>
    public required IReadOnlyList<LimitFailure> Failures { get; init; }
}

/// <summary>One of several limits that has no network, while others have.</summary>
/// <param name="Target">The target's name or file.</param>
/// <param name="LatencyLimitMs">The limit in milliseconds; null: the middle of what the space offers.</param>
/// <param name="Message">Why, with the remedy.</param>
public sealed record LimitFailure(string Target, double? LatencyLimitMs, string Message);
