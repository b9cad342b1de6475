using System.Text;
using Proxyless.Cli.Output;
using Proxyless.Comparisons;
using Proxyless.Locking;
using Proxyless.Reports;
using Proxyless.Runs;
using static System.FormattableString;

namespace Proxyless.Cli.Watch;

/// <summary>What a page shows of a run, at one moment.</summary>
/// <param name="Text">What the run is doing.</param>
/// <param name="Version">Changes whenever its report is written anew.</param>
internal sealed record WatchedState(string Text, long Version);

/// <summary>A run folder that is watched. It is only read, and may vanish at any time.</summary>
/// <param name="folder">The folder.</param>
internal sealed class WatchedRun(string folder)
{
    private const string Stopped = "Nothing works in it now; if it was stopped, --resume continues it.";

    // A job reports every few seconds, but a stage without progress may take a minute.
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(2);

    private readonly RunDirectory _directory = new(folder);

    // Whether those who train for a comparison show life is seen by looking again; several pages may look at once.
    private readonly ClaimWatch _claims = ClaimWatch.OfProcess();
    private readonly Lock _looking = new();

    /// <summary>Its name on the page.</summary>
    public string Name { get; } = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));

    /// <summary>What it is doing now.</summary>
    public WatchedState State()
    {
        if (!Directory.Exists(folder))
        {
            return new WatchedState("The folder is not there.", 0);
        }

        try
        {
            // In this order: a new version never comes with what was said before it.
            long version = File.GetLastWriteTimeUtc(_directory.Report).Ticks;
            return new WatchedState(Text(), version);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new WatchedState("The folder cannot be read.", 0);
        }
    }

    /// <summary>Its report; a page that says why there is none, if there is none.</summary>
    public byte[] Page()
    {
        try
        {
            return File.ReadAllBytes(_directory.Report);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            string reason = Directory.Exists(folder)
                ? "There is no report. A search writes the first one after its first epoch."
                : "The folder is not there.";
            var html = new StringBuilder();
            ReportPage.Begin(html, Name);
            html.Status(reason);
            ReportPage.End(html);
            return Encoding.UTF8.GetBytes(html.ToString());
        }
    }

    private string Text()
    {
        RunHolder? holder = RunLock.HolderOf(folder);
        if (holder is null)
        {
            return TextOfTrainings()
                ?? (
                    File.Exists(_directory.Result) ? "Finished."
                    : File.Exists(_directory.Model) ? "Trained; the model is there."
                    : File.Exists(_directory.SearchResult) ? "Searched; nothing works in it now."
                    : File.Exists(_directory.Config) ? Stopped
                    : "No run."
                );
        }

        if (ProgressFile.TryRead(_directory.Progress) is not { } progress || progress.Written < holder.Since)
        {
            return "Begins.";
        }

        string total = progress.Total is { } all ? Invariant($" of {all:N0}") : "";
        string detail = progress.Detail.Length > 0 ? $": {progress.Detail}" : "";
        if (DateTimeOffset.UtcNow - progress.Written > Silence)
        {
            return Invariant($"{progress.Stage} {progress.Done:N0}{total}{detail}, at ")
                + Invariant($"{progress.Written:yyyy-MM-dd HH:mm:ss} UTC; nothing since then");
        }

        string rate =
            progress.ImagesPerSecond is { } images ? Invariant($", {images:N0} images a second")
            : progress.PerSecond is { } perSecond ? Invariant($", {perSecond:0.#} a second")
            : "";
        string left = progress.SecondsLeft is { } seconds
            ? $", about {Durations.Text(seconds)} left{Range(progress)}"
            : "";
        return Invariant($"{progress.Stage} {progress.Done:N0}{total}{rate}{left}{detail}");
    }

    /// <summary>What a comparison that nobody leads is doing; null if none of its trainings has yet to end.</summary>
    private string? TextOfTrainings()
    {
        IReadOnlyList<string> begun = new ComparisonDirectory(folder).BegunTrainings();
        lock (_looking)
        {
            return begun.Count == 0 ? null
                : begun.Any(training => WorkClaim.IsHeldIn(training, _claims))
                    ? "Processes that have joined train here; none leads."
                : Stopped;
        }
    }

    /// <summary>How far the time left is known, where that can be told.</summary>
    private static string Range(ProgressState progress)
    {
        if (progress is not { SecondsLeftAtLeast: { } least, SecondsLeftAtMost: { } most })
        {
            return "";
        }

        (string from, string to) = (Durations.Text(least), Durations.Text(most));
        return from == to ? "" : $" ({from} to {to})";
    }
}
