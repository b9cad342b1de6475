namespace Proxyless;

/// <summary>
/// A target cannot be reached, or does not answer: a device that is switched off, a network that is down, an agent that
/// does not run. The user's input is not wrong, and the same call may succeed later. The message names the target and
/// the remedy.
/// </summary>
public sealed class TargetUnavailableException : ProxylessException
{
    /// <summary>Creates the exception without a message of its own.</summary>
    public TargetUnavailableException() { }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">Which target does not answer, and the remedy.</param>
    public TargetUnavailableException(string message)
        : base(message) { }

    /// <summary>Creates the exception with its cause.</summary>
    /// <param name="message">Which target does not answer, and the remedy.</param>
    /// <param name="innerException">The exception that was caught.</param>
    public TargetUnavailableException(string message, Exception innerException)
        : base(message, innerException) { }

    /// <summary>Creates the exception for one target.</summary>
    /// <param name="target">The target's name.</param>
    /// <param name="message">Which target does not answer, and the remedy.</param>
    /// <param name="innerException">The exception that was caught.</param>
    public TargetUnavailableException(string target, string message, Exception innerException)
        : base(message, innerException) => Target = target;

    /// <summary>The target's name; null if several do not answer.</summary>
    public string? Target { get; }
}
