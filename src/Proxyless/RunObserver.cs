using Microsoft.Extensions.Logging;

namespace Proxyless;

/// <summary>
/// Passes progress on to an <see cref="IProgress{T}"/>, and messages, warnings and ended epochs to an
/// <see cref="ILogger"/>. Both are optional.
/// </summary>
/// <param name="progress">Receives progress reports, on the job's own thread; null for none.</param>
/// <param name="logger">
/// Receives messages and epochs as information, warnings as warnings; null for none.
/// </param>
public sealed partial class RunObserver(IProgress<RunProgress>? progress = null, ILogger? logger = null) : IRunObserver
{
    private readonly IProgress<RunProgress>? _progress = progress;

    /// <inheritdoc/>
    public void Progress(RunProgress progress) => _progress?.Report(progress);

    /// <inheritdoc/>
    public void EpochEnded(RunEpoch epoch)
    {
        ArgumentNullException.ThrowIfNull(epoch);
        if (logger is not null)
        {
            LogEpoch(logger, epoch.Stage, epoch.Run, epoch.Epoch, epoch.Step, epoch.Steps, epoch.TrainLoss, epoch.Top1);
        }
    }

    /// <inheritdoc/>
    public void Message(string text)
    {
        if (logger is not null)
        {
            LogMessage(logger, text);
        }
    }

    /// <inheritdoc/>
    public void Warning(string text)
    {
        if (logger is not null)
        {
            LogWarning(logger, text);
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Text}")]
    private static partial void LogMessage(ILogger logger, string text);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "{Text}")]
    private static partial void LogWarning(ILogger logger, string text);

    [LoggerMessage(
        EventId = 3,
        Level = LogLevel.Information,
        Message = "{Stage} in {Run}: epoch {Epoch} ended at step {Step} of {Steps}, loss {Loss}, top-1 {Top1}"
    )]
    private static partial void LogEpoch(
        ILogger logger,
        string stage,
        string run,
        int epoch,
        long step,
        long steps,
        double loss,
        double? top1
    );
}
