namespace Proxyless.Runs;

/// <summary>A run was stopped at the user's wish and can be gone on with: <see cref="RunOptions.Resume"/>.</summary>
public sealed class RunInterruptedException : OperationCanceledException
{
    /// <summary>Creates the exception without saying which run.</summary>
    public RunInterruptedException() { }

    /// <summary>Creates the exception.</summary>
    /// <param name="run">The run directory.</param>
    public RunInterruptedException(string run)
        : this(run, new OperationCanceledException()) { }

    /// <summary>Creates the exception with its cause.</summary>
    /// <param name="run">The run directory.</param>
    /// <param name="innerException">What was caught.</param>
    public RunInterruptedException(string run, Exception innerException)
        : this(run, innerException, CancellationToken.None) { }

    /// <summary>Creates the exception with its cause and the token that stopped the run.</summary>
    /// <param name="run">The run directory.</param>
    /// <param name="innerException">What was caught.</param>
    /// <param name="token">The token that the caller gave.</param>
    public RunInterruptedException(string run, Exception innerException, CancellationToken token)
        : base($"the run in '{run}' was interrupted", innerException, token) => Run = run;

    /// <summary>The run directory.</summary>
    public string Run { get; } = "";
}
