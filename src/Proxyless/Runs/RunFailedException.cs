namespace Proxyless.Runs;

/// <summary>
/// Something around a run failed, its disk or its images' folder, and the run can be gone on with once that is mended:
/// <see cref="RunOptions.Resume"/>.
/// </summary>
public sealed class RunFailedException : ProxylessException
{
    /// <summary>Creates the exception without saying which run.</summary>
    public RunFailedException() { }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What failed.</param>
    public RunFailedException(string message)
        : base(message) { }

    /// <summary>Creates the exception with its cause.</summary>
    /// <param name="message">What failed.</param>
    /// <param name="innerException">What was caught.</param>
    public RunFailedException(string message, Exception innerException)
        : base(message, innerException) { }

    /// <summary>Creates the exception of a run.</summary>
    /// <param name="run">The run directory.</param>
    /// <param name="innerException">What was caught.</param>
    internal static RunFailedException Of(string run, Exception innerException) =>
        new(innerException.Message, innerException) { Run = run, HResult = innerException.HResult };

    /// <summary>The run directory.</summary>
    public string Run { get; private init; } = "";
}
