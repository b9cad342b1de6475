namespace Proxyless;

/// <summary>How much was done at which time, to say how far the time left is known.</summary>
internal sealed class PaceHistory
{
    private const int Most = 256;
    private const int Parts = 4;

    // With fewer, a part has no pace.
    private const int Fewest = 4 * Parts;

    private readonly List<(double Seconds, double Done)> _points = [(0, 0)];
    private double _apart;

    /// <summary>Adds a point; of many that are close together, some are enough.</summary>
    /// <param name="elapsed">Since the beginning.</param>
    /// <param name="done">Units done since then.</param>
    public void Add(TimeSpan elapsed, long done)
    {
        double seconds = elapsed.TotalSeconds;
        if (seconds - _points[^1].Seconds < _apart)
        {
            return;
        }

        _points.Add((seconds, done));
        if (_points.Count > Most)
        {
            (double, double)[] kept = [.. _points.Where((_, i) => i % 2 == 0)];
            _points.Clear();
            _points.AddRange(kept);
            _apart = seconds / Most * 2;
        }
    }

    /// <summary>
    /// The time left at the pace of the fastest and of the slowest quarter of the time so far; null if too little is
    /// known, or if nothing was done in a quarter.
    /// </summary>
    /// <param name="left">Units left.</param>
    public TimeRange? Remaining(long left)
    {
        double length = _points[^1].Seconds / Parts;
        if (_points.Count < Fewest || length <= 0)
        {
            return null;
        }

        double[] done = [.. Enumerable.Range(0, Parts + 1).Select(part => DoneAt(part * length))];
        double[] paces = [.. Enumerable.Range(0, Parts).Select(part => (done[part + 1] - done[part]) / length)];
        double slowest = left / paces.Min();
        return paces.Min() > 0 && slowest < TimeSpan.MaxValue.TotalSeconds / 2
            ? new TimeRange(TimeSpan.FromSeconds(left / paces.Max()), TimeSpan.FromSeconds(slowest))
            : null;
    }

    private double DoneAt(double seconds)
    {
        int after = Math.Max(1, _points.FindIndex(point => point.Seconds >= seconds));
        ((double from, double before), (double to, double then)) = (_points[after - 1], _points[after]);
        return to > from ? before + ((then - before) * Math.Clamp((seconds - from) / (to - from), 0, 1)) : then;
    }
}
