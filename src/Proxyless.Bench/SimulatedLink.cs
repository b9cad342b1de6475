using System.Diagnostics;
using System.Runtime.InteropServices;
using Proxyless.Distributed;

namespace Proxyless.Bench;

/// <summary>
/// Processes of one machine as if each were on a machine of its own: sums return no sooner than they would over a given
/// link. Who waits for the link leaves the processor to others.
/// </summary>
/// <param name="processes">The processes; not disposed of.</param>
/// <param name="link">What connects them.</param>
internal sealed partial class SimulatedLink(ICommunicator processes, Link link) : ICommunicator
{
    // What a sleep of the system is longer than asked for, about.
    private static readonly TimeSpan Oversleeping = TimeSpan.FromMicroseconds(60);

    /// <inheritdoc/>
    public int Rank => processes.Rank;

    /// <inheritdoc/>
    public int Size => processes.Size;

    /// <inheritdoc/>
    public string Description => processes.Description;

    /// <inheritdoc/>
    public void Sum(Span<float> values)
    {
        long began = WhenAllAreHere();
        processes.Sum(values);
        Await(began, values.Length * sizeof(float));
    }

    /// <inheritdoc/>
    public void Sum(Span<double> values)
    {
        long began = WhenAllAreHere();
        processes.Sum(values);
        Await(began, values.Length * sizeof(double));
    }

    /// <inheritdoc/>
    public bool SumOnDevice(nint first, long count) => false;

    /// <inheritdoc/>
    public void Broadcast(Span<byte> bytes) => processes.Broadcast(bytes);

    /// <inheritdoc/>
    public ulong[] Gather(ulong value) => processes.Gather(value);

    /// <inheritdoc/>
    public void Meet() => processes.Meet();

    /// <inheritdoc/>
    public void Abort(int code) => processes.Abort(code);

    /// <inheritdoc/>
    public void Dispose()
    {
        // The processes are somebody else's.
    }

    // Nothing that a process lacks can reach it before the last one begins.
    private long WhenAllAreHere()
    {
        Span<double> one = [1];
        processes.Sum(one);
        return Stopwatch.GetTimestamp();
    }

    private void Await(long began, long bytes)
    {
        var time = TimeSpan.FromSeconds(link.SumSeconds(Size, bytes));
        TimeSpan left = time - Stopwatch.GetElapsedTime(began) - Oversleeping;
        if (left > TimeSpan.Zero)
        {
            _ = Sleep((uint)left.TotalMicroseconds);
        }
    }

    // Thread.Sleep counts whole milliseconds.
    [LibraryImport("libc", EntryPoint = "usleep")]
    private static partial int Sleep(uint microseconds);
}
