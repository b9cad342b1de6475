using Proxyless.Runs;
using Proxyless.Training;

namespace Proxyless.Cli;

/// <summary>The exit codes of the process.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Failed, although the input was correct.</summary>
    public const int Failed = 1;

    /// <summary>Bad usage or bad input.</summary>
    public const int BadInput = 2;

    /// <summary>Interrupted, after a checkpoint: 128 + SIGINT.</summary>
    public const int Interrupted = 130;

    /// <summary>Returns the code for an exception that ends a command.</summary>
    /// <param name="exception">The exception.</param>
    /// <param name="isCanceled">
    /// Whether the command was to end: a target that was then given up is not what ended it.
    /// </param>
    public static int Of(Exception exception, bool isCanceled = false) =>
        exception switch
        {
            InvalidInputException => BadInput,
            LimitNotMetException => BadInput,
            TargetUnavailableException => isCanceled ? Interrupted : BadInput,
            TrainingDivergedException => BadInput,
            InvalidDataException => BadInput,
            PathTooLongException => BadInput,
            RunFailedException => Failed,
            OperationCanceledException => Interrupted,
            _ => Failed,
        };
}
