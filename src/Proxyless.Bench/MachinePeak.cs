using System.Diagnostics;
using System.Runtime.CompilerServices;
using Proxyless.Runtime.Kernels;

namespace Proxyless.Bench;

/// <summary>
/// The measured peak performance of this machine: multiply-adds from registers, and bytes from and to memory.
/// </summary>
internal static unsafe class MachinePeak
{
    private const int Rounds = 7;
    private const int Iterations = 4_000_000;
    private const int CopiedBytes = 256 << 20;

    /// <summary>
    /// Single-precision multiply-adds per second, with independent sums in registers; the best of a few rounds.
    /// </summary>
    /// <param name="threads">Threads.</param>
    public static double MultiplyAdds(int threads)
    {
        double multiplyAdds = (double)Iterations * MultiplyKernel.Sums * ChannelWidths.Widest * threads;
        return multiplyAdds
            / Fastest(() =>
                KernelThreads.For(
                    threads,
                    threads,
                    (_, from, to) =>
                    {
                        float* sums = stackalloc float[ChannelWidths.Widest];
                        var kernel = new MultiplyKernel { Destination = sums };
                        for (int i = from; i < to; i++)
                        {
                            ChannelWidths.Run(ChannelWidths.Widest, ChannelWidths.Widest, ref kernel);
                        }
                    }
                )
            );
    }

    /// <summary>
    /// Bytes per second, read and written together, of copies far larger than the caches; the best of a few rounds.
    /// </summary>
    /// <param name="threads">Threads.</param>
    public static double Bytes(int threads)
    {
        var source = new byte[CopiedBytes];
        var destination = new byte[CopiedBytes];
        return 2.0
            * CopiedBytes
            / Fastest(() =>
                KernelThreads.For(
                    CopiedBytes,
                    threads,
                    (_, from, to) => source.AsSpan(from, to - from).CopyTo(destination.AsSpan(from))
                )
            );
    }

    private static double Fastest(Action work)
    {
        double fastest = double.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            work();
            fastest = Math.Min(fastest, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return fastest;
    }

    private struct MultiplyKernel : IChannelKernel
    {
        /// <summary>As many as hide the latency of a multiply-add on processors with two units for it.</summary>
        public const int Sums = 12;

        public float* Destination;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVector, TLanes>(int from, int to)
            where TVector : unmanaged
            where TLanes : ILanes<TVector>
        {
            TVector factor = TLanes.Broadcast(0.999f);
            TVector a = factor,
                b = factor,
                c = factor,
                d = factor,
                e = factor,
                f = factor;
            TVector g = factor,
                h = factor,
                i = factor,
                j = factor,
                k = factor,
                l = factor;
            for (int n = 0; n < Iterations; n++)
            {
                a = TLanes.MultiplyAdd(a, factor, factor);
                b = TLanes.MultiplyAdd(b, factor, factor);
                c = TLanes.MultiplyAdd(c, factor, factor);
                d = TLanes.MultiplyAdd(d, factor, factor);
                e = TLanes.MultiplyAdd(e, factor, factor);
                f = TLanes.MultiplyAdd(f, factor, factor);
                g = TLanes.MultiplyAdd(g, factor, factor);
                h = TLanes.MultiplyAdd(h, factor, factor);
                i = TLanes.MultiplyAdd(i, factor, factor);
                j = TLanes.MultiplyAdd(j, factor, factor);
                k = TLanes.MultiplyAdd(k, factor, factor);
                l = TLanes.MultiplyAdd(l, factor, factor);
            }

            // Written, since the compiler might otherwise remove everything.
            TVector sum = TLanes.Add(
                TLanes.Add(TLanes.Add(a, b), TLanes.Add(c, d)),
                TLanes.Add(TLanes.Add(e, f), TLanes.Add(g, h))
            );
            TLanes.Store(TLanes.Add(sum, TLanes.Add(TLanes.Add(i, j), TLanes.Add(k, l))), Destination);
        }
    }
}
