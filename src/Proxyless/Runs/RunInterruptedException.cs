namespace Proxyless.Runs;

/// <summary>A run was stopped by the user and can be continued: <see cref="RunOptions.Resume"/>.</summary>
public sealed class RunInterruptedException : OperationCanceledException
{
    /// <summary>Creates the exception without a run.</summary>
    public RunInterruptedException() { }

    /// <summary>Creates the exception.</summary>
    /// <param name="run">The run directory.</param>
    public RunInterruptedException(string run)
        : this(run, new OperationCanceledException()) { }

    /// <summary>Creates the exception with its cause.</summary>
    /// <param name="run">The run directory.</param>
    /// <param name="innerException">The exception that was caught.</param>
    public RunInterruptedException(string run, Exception innerException)
        : this(run, innerException, CancellationToken.None) { }

    /// <summary>Creates the exception with its cause and the token that stopped the run.</summary>
    /// <param name="run">The run directory.</param>
    /// <param name="innerException">The exception that was caught.</param>
    /// <param name="token">The caller's token.</param>
    public RunInterruptedException(string run, Exception innerException, CancellationToken token)
        : base($"the run in '{run}' was interrupted", innerException, token) => Run = run;

    /// <summary>The run directory.</summary>
    public string Run { get; } = "";
}
