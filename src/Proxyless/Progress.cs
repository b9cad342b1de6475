using System.Diagnostics;

namespace Proxyless;

/// <summary>
/// Tells an observer how far a loop is, as often as it wants to hear, with the time left at the pace so far.
/// </summary>
/// <param name="observer">Who hears of it.</param>
/// <param name="stage">What is being done.</param>
/// <param name="done">Units done before, which do not count for the pace.</param>
/// <param name="total">Units in all; null where that is not known, and neither is the time left.</param>
/// <param name="silence">How long nothing is reported, for what mostly takes less; zero unless given.</param>
internal sealed class Progress(IRunObserver observer, string stage, long done, long? total, TimeSpan silence = default)
{
    /// <summary>What takes less is not worth a report.</summary>
    public static readonly TimeSpan Unreported = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LongestTold = TimeSpan.FromDays(365_000);

    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly long _before = done;
    private TimeSpan _last = -observer.ProgressInterval;

    /// <summary>A step is done.</summary>
    public void Report(long doneNow, string detail) => Report(doneNow, () => detail);

    /// <summary>A step is done.</summary>
    /// <param name="doneNow">Units done, those before among them.</param>
    /// <param name="detail">Makes the text; called where it is shown alone.</param>
    public void Report(long doneNow, Func<string> detail)
    {
        TimeSpan elapsed = _watch.Elapsed;
        if (elapsed < silence || (!(doneNow >= total) && elapsed - _last < observer.ProgressInterval))
        {
            return;
        }

        _last = elapsed;
        long since = doneNow - _before;
        TimeSpan? remaining = total is { } all ? Remaining(elapsed, since, all - doneNow) : null;
        observer.Progress(new RunProgress(stage, doneNow, total, remaining, detail()));
    }

    /// <summary>
    /// The time that the rest takes at the pace so far; null where that is not known, or is longer than anybody waits.
    /// </summary>
    internal static TimeSpan? Remaining(TimeSpan elapsed, long done, long left)
    {
        double seconds = elapsed.TotalSeconds * left / done;
        return done > 0 && seconds < LongestTold.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
    }
}
