namespace Proxyless;

/// <summary>
/// A failure of the library whose reason is known. The message names what failed, its value and the remedy, so that it
/// can be shown as it is. A caller who stops a job gets an <see cref="OperationCanceledException"/> instead.
/// </summary>
public abstract class ProxylessException : Exception
{
    /// <summary>Creates the exception without a message of its own.</summary>
    protected ProxylessException() { }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What failed, with the value and the remedy.</param>
    protected ProxylessException(string message)
        : base(message) { }

    /// <summary>Creates the exception with its cause.</summary>
    /// <param name="message">What failed, with the value and the remedy.</param>
    /// <param name="innerException">The exception that was caught.</param>
    protected ProxylessException(string message, Exception innerException)
        : base(message, innerException) { }
}
