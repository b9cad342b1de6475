using System.Diagnostics;
using Proxyless.Distributed;

namespace Proxyless.Training;

/// <summary>
/// Whether gradients are exchanged while others are still computed. That saves the time of a slow link, and costs
/// processor time while the exchanging thread waits for the other processes, so the processes try both in turn and keep
/// what was faster (bench/README.md). The results are the same.
/// </summary>
/// <param name="communicator">The processes.</param>
/// <param name="given">The answer, if it is not to be tried.</param>
internal sealed class OverlapChoice(ICommunicator communicator, bool? given)
{
    // The first steps are slower than the rest.
    private const int Skipped = 4;

    // Of each way.
    private const int Tried = 8;

    // What overlapping has to save, so that chance does not choose it.
    private const double LeastGain = 0.03;

    private readonly List<double>[] _seconds =
    [
        [],
        [],
    ];
    private bool? _isOn = given;
    private int _exchanges;
    private long _last;

    /// <summary>The answer for the next exchange, the same in every process.</summary>
    public bool IsOn => _isOn ?? _exchanges % 2 != 0;

    /// <summary>Whether the answer is final.</summary>
    public bool IsDecided => _isOn is not null;

    /// <summary>Counts an exchange that has ended; the processes decide together after some.</summary>
    public void Count() => Count(Stopwatch.GetTimestamp());

    /// <inheritdoc cref="Count()"/>
    /// <param name="now">The time, in ticks of <see cref="Stopwatch"/>.</param>
    internal void Count(long now)
    {
        if (IsDecided)
        {
            return;
        }

        if (_exchanges >= Skipped)
        {
            _seconds[_exchanges % 2].Add(Stopwatch.GetElapsedTime(_last, now).TotalSeconds);
        }

        _exchanges++;
        _last = now;
        if (_exchanges == Skipped + (2 * Tried))
        {
            Span<double> medians = [Median(_seconds[0]), Median(_seconds[1])];
            communicator.Sum(medians);
            _isOn = medians[1] < (1 - LeastGain) * medians[0];
        }
    }

    private static double Median(IReadOnlyList<double> seconds) => seconds.Order().ElementAt(Tried / 2);
}
