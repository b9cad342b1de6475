using System.Diagnostics;
using Proxyless.Distributed;

namespace Proxyless.Training;

/// <summary>
/// Whether gradients are exchanged while others are still computed. The thread that does it takes processor time from
/// the computation as long as it waits for the other processes, so it has to save more: it does where the exchange is a
/// large part of a step, as it is between machines (bench/README.md), and where the process has more than one thread.
/// </summary>
/// <param name="communicator">The processes.</param>
/// <param name="given">The answer, if it does not depend on measurement.</param>
internal sealed class OverlapChoice(ICommunicator communicator, bool? given)
{
    // The first steps are slower than the rest; a few more give a mean.
    private const int Skipped = 2;
    private const int Measured = 8;

    // Where exchanges took 2 and 6 % of a step, overlapping them cost more than it saved; at 16 and 32 % it paid.
    private const double LeastShare = 0.1;

    private bool? _isOn = given;
    private int _exchanges;
    private long _began;
    private TimeSpan _summing;

    /// <summary>The answer for the next exchange, the same in every process.</summary>
    public bool IsOn => _isOn ?? false;

    /// <summary>Whether the answer is final.</summary>
    public bool IsDecided => _isOn is not null;

    /// <summary>Takes an exchange into account; the processes decide together after a few.</summary>
    /// <param name="summing">The time that its sums took, with what this process waited for the others.</param>
    /// <param name="threads">The threads that this process computes with.</param>
    public void Count(TimeSpan summing, int threads)
    {
        if (IsDecided)
        {
            return;
        }

        _exchanges++;
        if (_exchanges <= Skipped)
        {
            _began = Stopwatch.GetTimestamp();
            return;
        }

        _summing += summing;
        if (_exchanges == Skipped + Measured)
        {
            _isOn = Decide(threads > 1 ? _summing / Stopwatch.GetElapsedTime(_began) : 0);
        }
    }

    /// <summary>
    /// Decides by the process that waited least, as the one that comes last waits for nobody, if all have a thread to
    /// spare.
    /// </summary>
    /// <param name="share">
    /// The part of its time that this process spent in sums; 0 if it has no thread to spare.
    /// </param>
    private bool Decide(double share) =>
        communicator.Gather(BitConverter.DoubleToUInt64Bits(share)).Min(BitConverter.UInt64BitsToDouble) >= LeastShare;
}
