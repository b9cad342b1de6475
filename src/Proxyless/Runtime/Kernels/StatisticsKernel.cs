using System.Runtime.CompilerServices;

namespace Proxyless.Runtime.Kernels;

/// <summary>Adds y - reference and its square to the sums of each channel.</summary>
internal unsafe struct StatisticsKernel : IChannelKernel
{
    public float* Y;
    public float* Reference;
    public float* First;
    public float* Second;
    public int Pixels;
    public int Channels;

    public readonly void Run<TVector, TLanes>(int from, int to)
        where TVector : unmanaged
        where TLanes : ILanes<TVector>
    {
        int lanes = TLanes.Count;
        int c = from;
        for (; c + (2 * lanes) <= to; c += 2 * lanes)
        {
            Add<TVector, TLanes, Two>(c);
        }

        for (; c < to; c += lanes)
        {
            Add<TVector, TLanes, One>(c);
        }
    }

    // Two vectors of channels are a cache line or two; their sums stay in registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Add<TVector, TLanes, TVectors>(int channel)
        where TVector : unmanaged
        where TLanes : ILanes<TVector>
        where TVectors : IKnownCount
    {
        int second = channel + (TVectors.Count > 1 ? TLanes.Count : 0);
        TVector reference0 = TLanes.Load(Reference + channel);
        TVector reference1 = TLanes.Load(Reference + second);
        TVector first0 = TLanes.Load(First + channel);
        TVector first1 = TLanes.Load(First + second);
        TVector second0 = TLanes.Load(Second + channel);
        TVector second1 = TLanes.Load(Second + second);
        float* y = Y;
        for (int p = 0; p < Pixels; p++, y += Channels)
        {
            TVector value = TLanes.Subtract(TLanes.Load(y + channel), reference0);
            first0 = TLanes.Add(first0, value);
            second0 = TLanes.MultiplyAdd(value, value, second0);
            if (TVectors.Count > 1)
            {
                value = TLanes.Subtract(TLanes.Load(y + second), reference1);
                first1 = TLanes.Add(first1, value);
                second1 = TLanes.MultiplyAdd(value, value, second1);
            }
        }

        TLanes.Store(first0, First + channel);
        TLanes.Store(second0, Second + channel);
        if (TVectors.Count > 1)
        {
            TLanes.Store(first1, First + second);
            TLanes.Store(second1, Second + second);
        }
    }
}
