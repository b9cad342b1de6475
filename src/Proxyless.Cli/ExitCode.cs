using Proxyless.Runs;
using Proxyless.Training;

namespace Proxyless.Cli;

/// <summary>What the process says to the shell.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Failed, though nothing was wrong with what was asked for.</summary>
    public const int Failed = 1;

    /// <summary>Bad usage or bad input.</summary>
    public const int BadInput = 2;

    /// <summary>Interrupted, after a checkpoint: 128 + SIGINT.</summary>
    public const int Interrupted = 130;

    /// <summary>The code that a command ends with after an exception.</summary>
    public static int Of(Exception exception) =>
        exception switch
        {
            InvalidInputException => BadInput,
            LimitNotMetException => BadInput,
            TargetUnavailableException => BadInput,
            TrainingDivergedException => BadInput,
            InvalidDataException => BadInput,
            PathTooLongException => BadInput,
            RunFailedException => Failed,
            OperationCanceledException => Interrupted,
            _ => Failed,
        };
}
