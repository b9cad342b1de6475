using System.Runtime.InteropServices;

namespace Proxyless.Runtime.Kernels;

/// <summary>
/// Some rows of some channels of an image, copied so that a kernel reads memory without gaps and without borders:
/// [blocks, rows, columns, lanes], zero outside the image. It fits a core's cache.
/// </summary>
internal sealed unsafe class PaddedTile : IDisposable
{
    private nuint _capacity;

    /// <summary>The memory.</summary>
    public float* Data { get; private set; }

    /// <summary>Row of the image at the tile's first row; may be negative.</summary>
    public int FirstRow { get; private set; }

    /// <summary>Distance from one row to the next, in numbers.</summary>
    public int RowLength { get; private set; }

    /// <summary>Distance from one block of channels to the next, in numbers.</summary>
    public int BlockLength { get; private set; }

    /// <summary>Column of the tile at the image's first column.</summary>
    public int Left { get; private set; }

    private int Rows { get; set; }

    private int Columns { get; set; }

    /// <summary>Prepares memory for a tile; its content is undefined.</summary>
    /// <param name="blocks">Blocks of channels.</param>
    /// <param name="firstRow">Row of the image at the first row.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="left">Columns before the image's first column.</param>
    /// <param name="columns">Total number of columns.</param>
    /// <param name="lanes">Channels per block.</param>
    public void Shape(int blocks, int firstRow, int rows, int left, int columns, int lanes)
    {
        (FirstRow, Rows, Left, Columns) = (firstRow, rows, left, columns);
        RowLength = columns * lanes;
        BlockLength = rows * RowLength;
        var needed = (nuint)blocks * (nuint)BlockLength;
        if (needed > _capacity)
        {
            NativeMemory.AlignedFree(Data);
            Data = (float*)NativeMemory.AlignedAlloc(needed * sizeof(float), 64);
            _capacity = needed;
        }
    }

    /// <summary>Returns the numbers of a pixel, in image coordinates.</summary>
    public float* At(int block, int row, int column, int lanes) =>
        Data + (block * BlockLength) + ((row - FirstRow) * RowLength) + ((column + Left) * lanes);

    /// <summary>Fills the tile.</summary>
    /// <param name="blocks">Blocks of channels.</param>
    /// <param name="height">Rows of the image.</param>
    /// <param name="width">Columns of the image.</param>
    /// <param name="source">Computes the numbers of one pixel of one block.</param>
    public void Fill<TVector, TLanes, TSource>(int blocks, int height, int width, ref TSource source)
        where TVector : unmanaged
        where TLanes : ILanes<TVector>
        where TSource : struct, ITileSource
    {
        int lanes = TLanes.Count;
        for (int row = FirstRow; row < FirstRow + Rows; row++)
        {
            bool inside = row >= 0 && row < height;
            for (int block = 0; block < blocks; block++)
            {
                float* start = At(block, row, -Left, lanes);
                if (!inside)
                {
                    new Span<float>(start, RowLength).Clear();
                    continue;
                }

                new Span<float>(start, Left * lanes).Clear();
                float* end = At(block, row, width, lanes);
                new Span<float>(end, (int)(start + RowLength - end)).Clear();
                source.Read<TVector, TLanes>(row * width, width, block * lanes, At(block, row, 0, lanes));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(Data);
        Data = null;
        _capacity = 0;
    }
}

/// <summary>The source of a tile's numbers.</summary>
internal unsafe interface ITileSource
{
    /// <summary>Computes the numbers of some channels of pixels in a row.</summary>
    /// <param name="pixel">The first pixel of the image, row by row.</param>
    /// <param name="pixels">Number of pixels.</param>
    /// <param name="channel">The first channel, counted from the tile's first.</param>
    /// <param name="destination">[pixels, lanes].</param>
    void Read<TVector, TLanes>(int pixel, int pixels, int channel, float* destination)
        where TVector : unmanaged
        where TLanes : ILanes<TVector>;
}

/// <summary>Reads y with its batch norm and activation, or y itself.</summary>
internal unsafe struct ActivatedSource : ITileSource
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

    /// <summary>Returns the same, starting at a pixel and a channel.</summary>
    public readonly ActivatedSource From(long pixel, int channel) =>
        this with
        {
            Y = Y + (pixel * Channels) + channel,
            Scale = Scale is null ? null : Scale + channel,
            Shift = Shift is null ? null : Shift + channel,
        };

    /// <inheritdoc/>
    public readonly void Read<TVector, TLanes>(int pixel, int pixels, int channel, float* destination)
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
    public readonly void Read<TVector, TLanes>(int pixel, int pixels, int channel, float* destination)
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
