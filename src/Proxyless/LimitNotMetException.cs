namespace Proxyless;

/// <summary>
/// No network is within the limits: the space has none, the search left none, or the fastest that was derived takes
/// longer than the limit as measured. The same call may succeed with a higher limit.
/// </summary>
public sealed class LimitNotMetException : ProxylessException
{
    /// <summary>Creates the exception without a message of its own.</summary>
    public LimitNotMetException() { }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">Which limit, how near a network comes to it, and the remedy.</param>
    public LimitNotMetException(string message)
        : base(message) { }

    /// <summary>Creates the exception with its cause.</summary>
    /// <param name="message">Which limit, how near a network comes to it, and the remedy.</param>
    /// <param name="innerException">What was caught.</param>
    public LimitNotMetException(string message, Exception innerException)
        : base(message, innerException) { }

    /// <summary>What is limited, such as <c>latency</c>; null where several limits cannot be met at once.</summary>
    public string? Quantity { get; init; }

    /// <summary>The limit: milliseconds of a latency, else a count; null where there are several.</summary>
    public double? Limit { get; init; }

    /// <summary>The least that a network has, in the unit of <see cref="Limit"/>; null where it is not known.</summary>
    public double? Least { get; init; }
}
