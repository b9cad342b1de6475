using System.Buffers.Text;

namespace Proxyless.Measurement;

/// <summary>
/// How long this thread was ready to run and had to wait for a processor that other work occupied. Linux counts it for each
/// thread (the second number of <c>/proc/thread-self/schedstat</c>, in nanoseconds).
/// </summary>
internal static class RunQueue
{
    private const string SchedulerStatistics = "/proc/thread-self/schedstat";

    /// <summary>Whether this system counts the wait.</summary>
    public static bool IsKnown { get; } = File.Exists(SchedulerStatistics);

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
