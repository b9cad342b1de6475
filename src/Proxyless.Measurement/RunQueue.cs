using System.Buffers.Text;

namespace Proxyless.Measurement;

/// <summary>
/// How long this thread was ready to run and had to wait for a processor that other work occupied. Linux counts it for
/// each thread (the second number of <c>/proc/thread-self/schedstat</c>, in nanoseconds).
/// </summary>
internal static class RunQueue
{
    private const string SchedulerStatistics = "/proc/thread-self/schedstat";

    /// <summary>Whether this system counts the wait.</summary>
    public static bool IsKnown { get; } = File.Exists(SchedulerStatistics);

    /// <summary>What a time is without waiting.</summary>
    /// <param name="waited">The wait between two readings, one before the time began and one after it ended.</param>
    /// <param name="elapsed">The time.</param>
    /// <param name="around">
    /// How long the readings took: as much of the wait may have fallen into them, and is not the time's.
    /// </param>
    /// <returns>
    /// Over 0 where <paramref name="elapsed"/> is more than the wait in it; too high by <paramref name="around"/> at
    /// most.
    /// </returns>
    public static double Without(double waited, double elapsed, double around) =>
        elapsed - Math.Max(0, waited - around);

    /// <summary>The wait in milliseconds since this thread began; 0 where the system does not count it.</summary>
    public static double WaitedMs()
    {
        if (!IsKnown)
        {
            return 0;
        }

        // Opened anew each time: the path means whichever thread opens it.
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(SchedulerStatistics);
        Span<byte> text = stackalloc byte[96];
        text = text[..RandomAccess.Read(file, text, fileOffset: 0)];
        ReadOnlySpan<byte> afterFirst = text[(text.IndexOf((byte)' ') + 1)..];
        return Utf8Parser.TryParse(afterFirst, out long nanoseconds, out _) ? nanoseconds / 1e6 : 0;
    }
}
