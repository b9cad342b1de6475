using System.Diagnostics;
using System.Text.Json;
using Proxyless.Files;

namespace Proxyless.Runs;

/// <summary>The progress of a job in a run folder, as in <c>progress.json</c>.</summary>
/// <param name="Stage">What is being done.</param>
/// <param name="Done">Units of work done.</param>
/// <param name="Total">Units of work in total; null if unknown.</param>
/// <param name="PerSecond">Units of work per second since the last time that it was written; null if unknown.</param>
/// <param name="SecondsLeft">Time left in this stage at the pace so far; null if unknown.</param>
/// <param name="Detail">The current figures.</param>
/// <param name="Written">When it was written.</param>
internal sealed record ProgressState(
    string Stage,
    long Done,
    long? Total,
    double? PerSecond,
    double? SecondsLeft,
    string Detail,
    DateTimeOffset Written
)
{
    /// <summary>Time left at the pace of the fastest quarter of the time so far; null if unknown.</summary>
    public double? SecondsLeftAtLeast { get; init; }

    /// <summary>Time left at the pace of the slowest quarter of the time so far; null if unknown.</summary>
    public double? SecondsLeftAtMost { get; init; }

    /// <summary>
    /// Training images per second in the last epoch; null before its end, and where nothing is trained.
    /// </summary>
    public double? ImagesPerSecond { get; init; }
}

/// <summary>Keeps the progress of a job in a file, for those who watch it; written every few seconds.</summary>
/// <param name="path">The file.</param>
internal sealed class ProgressFile(string path)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private long? _written;
    private RunProgress? _before;
    private RunEpoch? _epoch;

    /// <summary>Begins a file; the progress of an earlier job is removed.</summary>
    public static ProgressFile Begin(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // There is no folder yet, or the old file stays until the first report.
        }

        return new ProgressFile(path);
    }

    /// <summary>Reads the progress; null if there is none, or if the file is damaged.</summary>
    public static ProgressState? TryRead(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<ProgressState>(File.ReadAllText(path), JsonLines.Options);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or JsonException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Takes the figures of an epoch, for the next time that the progress is written.</summary>
    public void EpochEnded(RunEpoch epoch) => _epoch = epoch;

    /// <summary>Writes the progress if the last time is long enough ago.</summary>
    public void Write(RunProgress progress)
    {
        ArgumentNullException.ThrowIfNull(progress);
        TimeSpan? since = _written is { } before ? Stopwatch.GetElapsedTime(before) : null;
        if (since < Interval || !Directory.Exists(Path.GetDirectoryName(path)))
        {
            return;
        }

        double? rate =
            _before?.Stage == progress.Stage && since is { TotalSeconds: > 0 } && progress.Done > _before.Done
                ? (progress.Done - _before.Done) / since.Value.TotalSeconds
                : null;
        var state = new ProgressState(
            progress.Stage,
            progress.Done,
            progress.Total,
            rate,
            progress.Remaining?.TotalSeconds,
            progress.Detail,
            DateTimeOffset.UtcNow
        )
        {
            SecondsLeftAtLeast = progress.RemainingRange?.Least.TotalSeconds,
            SecondsLeftAtMost = progress.RemainingRange?.Most.TotalSeconds,
            ImagesPerSecond = _epoch?.Stage == progress.Stage ? _epoch.ImagesPerSecond : null,
        };
        try
        {
            AtomicFile.WriteAllText(path, JsonSerializer.Serialize(state, JsonLines.Options));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Nothing is lost with it: if the disk is full, the next checkpoint says so.
        }

        _written = Stopwatch.GetTimestamp();
        _before = progress;
    }
}
