using System.Runtime.CompilerServices;

namespace Proxyless.Runtime.Kernels;

/// <summary>
/// Adds g and g (y - reference) to the sums of each channel, where g is the gradient where the activation lets it
/// through.
/// </summary>
internal unsafe struct GradientSumsKernel : IChannelKernel
{
    public float* Y;
    public float* Gradient;
    public float* Scale;
    public float* Shift;
    public float* Reference;
    public float* First;
    public float* Second;
    public float Low;
    public float High;
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
        TVector scale0 = TLanes.Load(Scale + channel);
        TVector scale1 = TLanes.Load(Scale + second);
        TVector shift0 = TLanes.Load(Shift + channel);
        TVector shift1 = TLanes.Load(Shift + second);
        TVector reference0 = TLanes.Load(Reference + channel);
        TVector reference1 = TLanes.Load(Reference + second);
        TVector first0 = TLanes.Load(First + channel);
        TVector first1 = TLanes.Load(First + second);
        TVector second0 = TLanes.Load(Second + channel);
        TVector second1 = TLanes.Load(Second + second);
        TVector low = TLanes.Broadcast(Low);
        TVector high = TLanes.Broadcast(High);
        float* y = Y;
        float* gradient = Gradient;
        for (int p = 0; p < Pixels; p++, y += Channels, gradient += Channels)
        {
            TVector value = TLanes.Load(y + channel);
            TVector at = TLanes.MultiplyAdd(value, scale0, shift0);
            TVector g = TLanes.WhereInside(at, low, high, TLanes.Load(gradient + channel));
            first0 = TLanes.Add(first0, g);
            second0 = TLanes.MultiplyAdd(g, TLanes.Subtract(value, reference0), second0);
            if (TVectors.Count > 1)
            {
                value = TLanes.Load(y + second);
                at = TLanes.MultiplyAdd(value, scale1, shift1);
                g = TLanes.WhereInside(at, low, high, TLanes.Load(gradient + second));
                first1 = TLanes.Add(first1, g);
                second1 = TLanes.MultiplyAdd(g, TLanes.Subtract(value, reference1), second1);
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
