namespace Proxyless.Runtime.Kernels;

/// <summary>dL/dy of a batch norm with activation, from the gradient of its output.</summary>
internal unsafe struct NormGradientSource : ITileSource
{
    /// <summary>The convolution's output, and scale and shift of its norm.</summary>
    public ActivatedSource Norm;

    /// <summary>The gradient of the activation's output, starting at the tile's first channel.</summary>
    public float* Gradient;

    /// <summary>Starting at the tile's first channel: see <see cref="ChannelNorm.Mean"/>.</summary>
    public float* Mean;

    /// <summary>Starting at the tile's first channel: see <see cref="ChannelNormGradient.OfOutput"/>.</summary>
    public float* OfOutput;

    /// <summary>Starting at the tile's first channel: see <see cref="ChannelNormGradient.OfDistance"/>.</summary>
    public float* OfDistance;

    /// <summary>Starting at the tile's first channel: see <see cref="ChannelNormGradient.Constant"/>.</summary>
    public float* Constant;

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
        int step = Norm.Channels;
        long offset = ((long)pixel * step) + channel;
        float* y = Norm.Y + offset;
        float* gradient = Gradient + offset;
        TVector scale = TLanes.Load(Norm.Scale + channel);
        TVector shift = TLanes.Load(Norm.Shift + channel);
        TVector low = TLanes.Broadcast(Norm.Low);
        TVector high = TLanes.Broadcast(Norm.High);
        TVector mean = TLanes.Load(Mean + channel);
        TVector ofOutput = TLanes.Load(OfOutput + channel);
        TVector ofDistance = TLanes.Load(OfDistance + channel);
        TVector constant = TLanes.Load(Constant + channel);
        float* end = destination + (pixels * lanes);
        for (; destination < end; destination += lanes, y += step, gradient += step)
        {
            TVector value = TLanes.Load(y);
            TVector g = TLanes.WhereInside(TLanes.MultiplyAdd(value, scale, shift), low, high, TLanes.Load(gradient));
            TVector distance = TLanes.MultiplyAdd(TLanes.Subtract(value, mean), ofDistance, constant);
            TLanes.Store(TLanes.MultiplyAdd(g, ofOutput, distance), destination);
        }
    }
}
