namespace Proxyless.Runtime.Kernels;

/// <summary>Reads y with its batch norm and activation, or y itself.</summary>
internal unsafe struct ActivatedSource : IBatchSource<ActivatedSource>
{
    /// <summary>[pixels, channels], starting at the tile's first channel.</summary>
    public float* Y;

    /// <summary>Starting at the tile's first channel, or null for y itself.</summary>
    public float* Scale;

    /// <summary>Starting at the tile's first channel.</summary>
    public float* Shift;

    /// <summary>The activation's lowest value.</summary>
    public float Low;

    /// <summary>The activation's highest value.</summary>
    public float High;

    /// <summary>Distance from one pixel to the next, in numbers.</summary>
    public int Channels;

    /// <inheritdoc/>
    public static bool IsComputed => false;

    /// <inheritdoc/>
    public readonly ActivatedSource From(long pixel, int channel) =>
        this with
        {
            Y = Y + (pixel * Channels) + channel,
            Scale = Scale is null ? null : Scale + channel,
            Shift = Shift is null ? null : Shift + channel,
        };

    /// <inheritdoc/>
    public readonly void Read<TVector, TLanes>(int pixel, int pixels, int blocks, float* destination, int blockLength)
        where TVector : unmanaged
        where TLanes : ILanes<TVector>
    {
        for (int block = 0; block < blocks; block++)
        {
            Read<TVector, TLanes>(pixel, pixels, block * TLanes.Count, destination + ((long)block * blockLength));
        }
    }

    private readonly void Read<TVector, TLanes>(int pixel, int pixels, int channel, float* destination)
        where TVector : unmanaged
        where TLanes : ILanes<TVector>
    {
        int lanes = TLanes.Count;
        float* y = Y + ((long)pixel * Channels) + channel;
        float* end = destination + (pixels * lanes);
        if (Scale is null)
        {
            for (; destination < end; destination += lanes, y += Channels)
            {
                TLanes.Store(TLanes.Load(y), destination);
            }

            return;
        }

        TVector scale = TLanes.Load(Scale + channel);
        TVector shift = TLanes.Load(Shift + channel);
        TVector low = TLanes.Broadcast(Low);
        TVector high = TLanes.Broadcast(High);
        for (; destination < end; destination += lanes, y += Channels)
        {
            TLanes.Store(TLanes.Clamp(TLanes.MultiplyAdd(TLanes.Load(y), scale, shift), low, high), destination);
        }
    }
}
