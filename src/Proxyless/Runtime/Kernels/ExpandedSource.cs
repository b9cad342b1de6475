namespace Proxyless.Runtime.Kernels;

/// <summary>
/// Computes the channels that a 1x1 convolution, its batch norm and its activation widen an image to, from the image.
/// </summary>
internal unsafe struct ExpandedSource : IBatchSource<ExpandedSource>
{
    /// <summary>[pixels, inputs].</summary>
    public float* X;

    /// <summary>Channels of <see cref="X"/>.</summary>
    public int Inputs;

    /// <summary>[inputs, channels] times the norm's scale, starting at the tile's first channel.</summary>
    public float* Weights;

    /// <summary>Starting at the tile's first channel.</summary>
    public float* Shift;

    /// <summary>The activation's lowest value.</summary>
    public float Low;

    /// <summary>The activation's highest value.</summary>
    public float High;

    /// <summary>Distance from one row of the weights to the next.</summary>
    public int Channels;

    /// <inheritdoc/>
    public static bool IsComputed => true;

    /// <inheritdoc/>
    public readonly ExpandedSource From(long pixel, int channel) =>
        this with
        {
            X = X + (pixel * Inputs),
            Weights = Weights + channel,
            Shift = Shift + channel,
        };

    /// <inheritdoc/>
    public readonly void Read<TVector, TLanes>(int pixel, int pixels, int blocks, float* destination, int blockLength)
        where TVector : unmanaged
        where TLanes : ILanes<TVector>
    {
        ProductKernel<ActivatedSum> product = ProductKernel<ActivatedSum>.Of(
            X + ((long)pixel * Inputs),
            Weights,
            pixels,
            Inputs,
            Channels,
            destination
        ) with
        {
            ResultRow = TLanes.Count,
            ResultVector = blockLength,
            Epilogue = new ActivatedSum(Shift, Low, High),
        };
        product.Run<TVector, TLanes>(0, blocks * TLanes.Count);
    }
}
