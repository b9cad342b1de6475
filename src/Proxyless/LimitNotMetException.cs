namespace Proxyless;

/// <summary>
/// No network is within the limits: the space has none, the search left none, or the fastest derived one is measured
/// over the limit. The same call may succeed with a higher limit.
/// </summary>
public sealed class LimitNotMetException : ProxylessException
{
    /// <summary>Creates the exception without a message of its own.</summary>
    public LimitNotMetException() { }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">Which limit, how close a network comes to it, and the remedy.</param>
    public LimitNotMetException(string message)
        : base(message) { }

    /// <summary>Creates the exception with its cause.</summary>
    /// <param name="message">Which limit, how close a network comes to it, and the remedy.</param>
    /// <param name="innerException">The exception that was caught.</param>
    public LimitNotMetException(string message, Exception innerException)
        : base(message, innerException) { }

    /// <summary>The limited quantity, such as <c>latency</c>; null if several limits cannot be met together.</summary>
    public string? Quantity { get; init; }

    /// <summary>The limit: milliseconds for a latency, otherwise a count; null if there are several.</summary>
    public double? Limit { get; init; }

    /// <summary>The lowest value of a network, in the unit of <see cref="Limit"/>; null if it is not known.</summary>
    public double? Least { get; init; }

    /// <summary>The same limit with another message; this exception is the cause.</summary>
    internal LimitNotMetException Saying(string message) =>
        new(message, this)
        {
            Quantity = Quantity,
            Limit = Limit,
            Least = Least,
        };
}
