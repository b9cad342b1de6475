namespace Proxyless.Runtime.Kernels;

/// <summary>dL/dy of a batch norm with activation, from the gradient of its output.</summary>
internal unsafe struct GradientKernel : IChannelKernel
{
    public float* Y;
    public float* Gradient;
    public float* Output;
    public float* Scale;
    public float* Shift;
    public float* Mean;
    public float* OfOutput;
    public float* OfDistance;
    public float* Constant;
    public float Low;
    public float High;
    public int Pixels;
    public int Channels;

    public readonly void Run<TVector, TLanes>(int from, int to)
        where TVector : unmanaged
        where TLanes : ILanes<TVector>
    {
        float* y = Y;
        float* gradient = Gradient;
        float* output = Output;
        TVector low = TLanes.Broadcast(Low);
        TVector high = TLanes.Broadcast(High);
        for (int p = 0; p < Pixels; p++, y += Channels, gradient += Channels, output += Channels)
        {
            for (int c = from; c < to; c += TLanes.Count)
            {
                TVector value = TLanes.Load(y + c);
                TVector at = TLanes.MultiplyAdd(value, TLanes.Load(Scale + c), TLanes.Load(Shift + c));
                TVector g = TLanes.WhereInside(at, low, high, TLanes.Load(gradient + c));
                TVector distance = TLanes.Subtract(value, TLanes.Load(Mean + c));
                TVector result = TLanes.MultiplyAdd(distance, TLanes.Load(OfDistance + c), TLanes.Load(Constant + c));
                TLanes.Store(TLanes.MultiplyAdd(g, TLanes.Load(OfOutput + c), result), output + c);
            }
        }
    }
}
