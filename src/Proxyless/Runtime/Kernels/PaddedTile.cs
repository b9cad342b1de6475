namespace Proxyless.Runtime.Kernels;

/// <summary>
/// Some rows of some channels of an image, copied so that a kernel reads memory without gaps and without borders:
/// [blocks, rows, columns, lanes], zero outside the image. It fits a core's cache.
/// </summary>
internal sealed unsafe class PaddedTile : IDisposable
{
    private readonly AlignedBuffer _memory = new();

    /// <summary>The memory.</summary>
    public float* Data => _memory.Data;

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
        _memory.Require((long)blocks * BlockLength);
    }

    /// <summary>Returns the numbers of a pixel, in image coordinates.</summary>
    public float* At(int block, int row, int column, int lanes) =>
        Data + (block * BlockLength) + ((row - FirstRow) * RowLength) + ((column + Left) * lanes);

    /// <summary>Fills the tile.</summary>
    /// <param name="blocks">Blocks of channels.</param>
    /// <param name="height">Rows of the image.</param>
    /// <param name="width">Columns of the image.</param>
    /// <param name="source">Computes the numbers.</param>
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
            }

            if (inside)
            {
                source.Read<TVector, TLanes>(row * width, width, blocks, At(0, row, 0, lanes), BlockLength);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();
}
