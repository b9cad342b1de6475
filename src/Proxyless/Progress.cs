using System.Diagnostics;

namespace Proxyless;

/// <summary>
/// Reports the progress of a loop to an observer, as often as it asks for, with the time left at the pace so far.
/// </summary>
/// <param name="observer">Receives the reports.</param>
/// <param name="stage">What is being done.</param>
/// <param name="done">Units done before, which do not count for the pace.</param>
/// <param name="total">Units in total; null if unknown, and then the time left is unknown too.</param>
/// <param name="silence">Time without reports, for work that mostly takes less; zero by default.</param>
internal sealed class Progress(IRunObserver observer, string stage, long done, long? total, TimeSpan silence = default)
{
    /// <summary>Work that takes less is not worth a report.</summary>
    public static readonly TimeSpan Unreported = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LongestTold = TimeSpan.FromDays(365_000);

    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly long _before = done;
    private readonly PaceHistory _history = new();
    private TimeSpan _last = -observer.ProgressInterval;

    /// <summary>Counts a step that is done.</summary>
    public void Report(long doneNow, string detail) => Report(doneNow, () => detail);

    /// <summary>Counts a step that is done.</summary>
    /// <param name="doneNow">Units done, including those before.</param>
    /// <param name="detail">Creates the text; called only if it is shown.</param>
    public void Report(long doneNow, Func<string> detail)
    {
        TimeSpan elapsed = _watch.Elapsed;
        _history.Add(elapsed, doneNow - _before);
        if (elapsed < silence || (!(doneNow >= total) && elapsed - _last < observer.ProgressInterval))
        {
            return;
        }

        _last = elapsed;
        observer.Progress(
            new RunProgress(stage, doneNow, total, RemainingAt(doneNow), detail())
            {
                RemainingRange = total is { } all ? _history.Remaining(all - doneNow) : null,
            }
        );
    }

    /// <summary>The time left at the pace so far; null if it is unknown.</summary>
    /// <param name="doneNow">Units done, including those before.</param>
    public TimeSpan? RemainingAt(long doneNow) =>
        total is { } all ? Remaining(_watch.Elapsed, doneNow - _before, all - doneNow) : null;

    /// <summary>The time left at the pace so far; null if it is unknown or longer than anybody waits.</summary>
    internal static TimeSpan? Remaining(TimeSpan elapsed, long done, long left)
    {
        double seconds = elapsed.TotalSeconds * left / done;
        return done > 0 && seconds < LongestTold.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
    }
}
