using Proxyless.Files;

namespace Proxyless.Runs;

/// <summary>
/// Passes everything on and records the warnings for the report, also across a resume, and the progress for those who
/// watch.
/// </summary>
/// <param name="inner">Receives everything.</param>
internal sealed class WarningRecorder(IRunObserver inner) : IRunObserver
{
    private readonly List<string> _warnings = [];
    private RunDirectory? _directory;
    private ProgressFile? _progress;

    /// <summary>The warnings so far.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>The run of the one of several limits at work, which keeps its warnings too; null for none.</summary>
    public RunDirectory? Part { get; set; }

    /// <summary>Reads the warnings of an earlier part of the run, and writes all warnings from now on.</summary>
    public void WriteTo(RunDirectory directory)
    {
        _directory = directory;
        _progress = ProgressFile.Begin(directory.Progress);
        _warnings.InsertRange(0, JsonLines.Read<string>(directory.Warnings).Except(_warnings));
        Write();
    }

    /// <inheritdoc/>
    public TimeSpan ProgressInterval => inner.ProgressInterval;

    /// <inheritdoc/>
    public void Progress(RunProgress progress)
    {
        inner.Progress(progress);
        _progress?.Write(progress);
    }

    /// <inheritdoc/>
    public void EpochEnded(RunEpoch epoch)
    {
        inner.EpochEnded(epoch);
        _progress?.EpochEnded(epoch);
    }

    /// <inheritdoc/>
    public void Message(string text) => inner.Message(text);

    /// <inheritdoc/>
    public void Warning(string text)
    {
        inner.Warning(text);
        string kept = Wording(text);
        if (!_warnings.Contains(kept))
        {
            _warnings.Add(kept);
            Try(Write);
        }

        // Also what another limit was warned of.
        if (Part is { } part)
        {
            Try(() => JsonLines.Write(part.Warnings, JsonLines.Read<string>(part.Warnings).Union([kept])));
        }
    }

    /// <inheritdoc/>
    public string Wording(string text) => inner.Wording(text);

    private static void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or InvalidInputException)
        {
            // The next warning writes all of the run; if the disk is full, the next checkpoint says so.
        }
    }

    private void Write()
    {
        // One that has gone is for the next checkpoint to report.
        if (_directory is not null && Directory.Exists(_directory.Root))
        {
            JsonLines.Write(_directory.Warnings, _warnings);
        }
    }
}
