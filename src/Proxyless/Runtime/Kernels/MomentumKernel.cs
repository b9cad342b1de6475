namespace Proxyless.Runtime.Kernels;

/// <summary>
/// The memory of one tensor in a step of stochastic gradient descent: three arrays in the same order.
/// </summary>
/// <param name="Weights">The weights, updated.</param>
/// <param name="Gradient">The gradient, read.</param>
/// <param name="Momentum">The momentum, updated.</param>
/// <param name="Count">Numbers in each array.</param>
/// <param name="Decay">Weight decay.</param>
internal readonly record struct MomentumSegment(nint Weights, nint Gradient, nint Momentum, long Count, float Decay);

/// <summary>
/// A step of stochastic gradient descent with Nesterov momentum over many tensors in one pass: each number is read and
/// written once, where separate operators pass over memory five times and need a call each.
/// </summary>
internal static unsafe class MomentumKernel
{
    /// <summary>g = gradient + decay w, v = momentum v + g, w = w - rate (g + momentum v).</summary>
    /// <param name="segments">The tensors.</param>
    /// <param name="rate">Learning rate.</param>
    /// <param name="momentum">Share of v that is kept.</param>
    /// <param name="widest">The widest vectors, in tests.</param>
    public static void Step(IReadOnlyList<MomentumSegment> segments, float rate, float momentum, int? widest = null)
    {
        // Offset of each tensor among all numbers: threads share these evenly, across tensors.
        long total = 0;
        var starts = new long[segments.Count];
        for (int i = 0; i < starts.Length; i++)
        {
            starts[i] = total;
            total += segments[i].Count;
        }

        int width = widest ?? ChannelWidths.Widest;
        KernelThreads.For(
            checked((int)total),
            KernelThreads.Count,
            (_, from, to) =>
            {
                for (int i = 0; i < starts.Length; i++)
                {
                    MomentumSegment segment = segments[i];
                    long first = Math.Max(from - starts[i], 0);
                    long end = Math.Min(to - starts[i], segment.Count);
                    if (first >= end)
                    {
                        continue;
                    }

                    var kernel = new Kernel
                    {
                        Weights = (float*)segment.Weights + first,
                        Gradient = (float*)segment.Gradient + first,
                        Momentum = (float*)segment.Momentum + first,
                        Decay = segment.Decay,
                        Rate = rate,
                        Kept = momentum,
                    };
                    ChannelWidths.Run((int)(end - first), width, ref kernel);
                }
            }
        );
    }

    private struct Kernel : IChannelKernel
    {
        public float* Weights;
        public float* Gradient;
        public float* Momentum;
        public float Decay;
        public float Rate;
        public float Kept;

        public readonly void Run<TVector, TLanes>(int from, int to)
            where TVector : unmanaged
            where TLanes : ILanes<TVector>
        {
            TVector decay = TLanes.Broadcast(Decay);
            TVector kept = TLanes.Broadcast(Kept);
            TVector rate = TLanes.Broadcast(-Rate);
            for (int i = from; i < to; i += TLanes.Count)
            {
                TVector w = TLanes.Load(Weights + i);
                TVector g = TLanes.MultiplyAdd(decay, w, TLanes.Load(Gradient + i));
                TVector v = TLanes.MultiplyAdd(kept, TLanes.Load(Momentum + i), g);
                TLanes.Store(v, Momentum + i);
                TLanes.Store(TLanes.MultiplyAdd(rate, TLanes.MultiplyAdd(kept, v, g), w), Weights + i);
            }
        }
    }
}
