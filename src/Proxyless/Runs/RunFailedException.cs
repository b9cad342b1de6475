namespace Proxyless.Runs;

/// <summary>
/// The environment of a run failed, such as its disk or its images' folder; the run can be continued once that is
/// fixed: <see cref="RunOptions.Resume"/>.
/// </summary>
public sealed class RunFailedException : ProxylessException
{
    /// <summary>Creates the exception without a run.</summary>
    public RunFailedException() { }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What failed.</param>
    public RunFailedException(string message)
        : base(message) { }

    /// <summary>Creates the exception with its cause.</summary>
    /// <param name="message">What failed.</param>
    /// <param name="innerException">The exception that was caught.</param>
    public RunFailedException(string message, Exception innerException)
        : base(message, innerException) { }

    /// <summary>Creates the exception of a run.</summary>
    /// <param name="run">The run directory.</param>
    /// <param name="innerException">The exception that was caught.</param>
    internal static RunFailedException Of(string run, Exception innerException) =>
        new(innerException.Message, innerException) { Run = run, HResult = innerException.HResult };

    /// <summary>The run directory.</summary>
    public string Run { get; private init; } = "";
}
