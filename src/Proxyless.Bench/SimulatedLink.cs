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
internal sealed partial class SimulatedLink(ICommunicator processes, Link link) : DelegatingCommunicator(processes)
{
    // What a sleep of the system is longer than asked for, about.
    private static readonly TimeSpan Oversleeping = TimeSpan.FromMicroseconds(60);

    /// <inheritdoc/>
    public override void Sum(Span<float> values)
    {
        long began = WhenAllAreHere();
        base.Sum(values);
        Await(began, values.Length * sizeof(float));
    }

    /// <inheritdoc/>
    public override void Sum(Span<double> values)
    {
        long began = WhenAllAreHere();
        base.Sum(values);
        Await(began, values.Length * sizeof(double));
    }

    /// <inheritdoc/>
    public override bool SumOnDevice(nint first, long count) => false;

    /// <inheritdoc/>
    public override void Dispose()
    {
        // The processes are somebody else's.
    }

    // Nothing that a process lacks can reach it before the last one begins.
    private long WhenAllAreHere()
    {
        Span<double> one = [1];
        base.Sum(one);
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
