namespace Proxyless.Runtime.Kernels;

/// <summary>The source of a tile's numbers.</summary>
internal unsafe interface ITileSource
{
    /// <summary>Computes the numbers of pixels in a row.</summary>
    /// <param name="pixel">The first pixel of the image, row by row.</param>
    /// <param name="pixels">Number of pixels.</param>
    /// <param name="blocks">Blocks of channels, from the tile's first.</param>
    /// <param name="destination">[blocks, pixels, lanes].</param>
    /// <param name="blockLength">Distance from one block to the next in the destination, in numbers.</param>
    void Read<TVector, TLanes>(int pixel, int pixels, int blocks, float* destination, int blockLength)
        where TVector : unmanaged
        where TLanes : ILanes<TVector>;
}

/// <summary>A source that begins at some image and some channel of a whole batch.</summary>
/// <typeparam name="TSelf">The source.</typeparam>
internal interface IBatchSource<TSelf> : ITileSource
    where TSelf : struct, IBatchSource<TSelf>
{
    /// <summary>Whether it computes what it gives, rather than reading it.</summary>
    static abstract bool IsComputed { get; }

    /// <summary>Returns the same, starting at a pixel and a channel.</summary>
    TSelf From(long pixel, int channel);
}
