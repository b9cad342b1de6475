using Microsoft.Extensions.Logging;

namespace Proxyless;

/// <summary>
/// Passes progress on to an <see cref="IProgress{T}"/>, and messages and warnings to an <see cref="ILogger"/>. Both are
/// optional.
/// </summary>
/// <param name="progress">Receives progress reports, on the job's own thread; null for none.</param>
/// <param name="logger">Receives messages as information and warnings as warnings; null for none.</param>
public sealed partial class RunObserver(IProgress<RunProgress>? progress = null, ILogger? logger = null) : IRunObserver
{
    private readonly IProgress<RunProgress>? _progress = progress;

    /// <inheritdoc/>
    public void Progress(RunProgress progress) => _progress?.Report(progress);

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
}
