using System.Buffers.Text;

namespace Proxyless.Measurement;

/// <summary>
/// The time that this thread was ready to run and waited for a processor that other work occupied. Linux counts it for
/// each thread (the second number of <c>/proc/thread-self/schedstat</c>, in nanoseconds).
/// </summary>
internal static class RunQueue
{
    private const string SchedulerStatistics = "/proc/thread-self/schedstat";

    /// <summary>Whether this system counts the wait.</summary>
    public static bool IsKnown { get; } = File.Exists(SchedulerStatistics);

    /// <summary>Computes a time without waiting.</summary>
    /// <param name="waited">
    /// The wait between two readings, one before the start of the time and one after its end.
    /// </param>
    /// <param name="elapsed">The time.</param>
    /// <param name="around">
    /// Duration of the readings: that much of the wait may belong to them, and not to the time.
    /// </param>
    /// <returns>
    /// Over 0 if <paramref name="elapsed"/> is more than the wait in it; too high by at most <paramref name="around"/>.
    /// </returns>
    public static double Without(double waited, double elapsed, double around) =>
        elapsed - Math.Max(0, waited - around);

    /// <summary>The wait in milliseconds since this thread began; 0 if the system does not count it.</summary>
    public static double WaitedMs()
    {
        if (!IsKnown)
        {
            return 0;
        }

        // Opened again each time: the path refers to the thread that opens it.
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(SchedulerStatistics);
        Span<byte> text = stackalloc byte[96];
        text = text[..RandomAccess.Read(file, text, fileOffset: 0)];
        ReadOnlySpan<byte> afterFirst = text[(text.IndexOf((byte)' ') + 1)..];
        return Utf8Parser.TryParse(afterFirst, out long nanoseconds, out _) ? nanoseconds / 1e6 : 0;
    }
}
