namespace Proxyless.Runtime.Kernels;

/// <summary>clamp(y * scale + shift) + shortcut.</summary>
internal unsafe struct NormalizeKernel : IChannelKernel
{
    public float* Y;
    public float* Shortcut;
    public float* Output;
    public float* Scale;
    public float* Shift;
    public float Low;
    public float High;
    public int Pixels;
    public int Channels;

    public readonly void Run<TVector, TLanes>(int from, int to)
        where TVector : unmanaged
        where TLanes : ILanes<TVector>
    {
        float* y = Y;
        float* shortcut = Shortcut;
        float* output = Output;
        TVector low = TLanes.Broadcast(Low);
        TVector high = TLanes.Broadcast(High);
        for (int p = 0; p < Pixels; p++, y += Channels, output += Channels)
        {
            for (int c = from; c < to; c += TLanes.Count)
            {
                TVector value = TLanes.MultiplyAdd(TLanes.Load(y + c), TLanes.Load(Scale + c), TLanes.Load(Shift + c));
                value = TLanes.Clamp(value, low, high);
                if (shortcut is not null)
                {
                    value = TLanes.Add(value, TLanes.Load(shortcut + c));
                }

                TLanes.Store(value, output + c);
            }

            shortcut = shortcut is null ? null : shortcut + Channels;
        }
    }
}
