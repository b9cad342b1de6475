using System.Diagnostics;

namespace Proxyless;

/// <summary>Tells an observer how far a loop is, as often as it wants to hear, with the time left at the pace so far.</summary>
/// <param name="observer">Who hears of it.</param>
/// <param name="stage">What is being done.</param>
/// <param name="done">Units done before, which do not count for the pace.</param>
/// <param name="total">Units in all.</param>
internal sealed class Progress(IRunObserver observer, string stage, long done, long total)
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly long _before = done;
    private TimeSpan _last = -observer.ProgressInterval;

    /// <summary>A step is done.</summary>
    public void Report(long doneNow, string detail)
    {
        TimeSpan elapsed = _watch.Elapsed;
        if (doneNow < total && elapsed - _last < observer.ProgressInterval)
        {
            return;
        }

        _last = elapsed;
        long since = doneNow - _before;
        TimeSpan? remaining = since > 0 ? elapsed * ((double)(total - doneNow) / since) : null;
        observer.Progress(new RunProgress(stage, doneNow, total, remaining, detail));
    }
}
