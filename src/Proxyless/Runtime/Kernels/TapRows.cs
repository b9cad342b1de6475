namespace Proxyless.Runtime.Kernels;

/// <summary>The taps of a depthwise kernel row by row: where the numbers and weights of each are.</summary>
/// <param name="places">Offset of a tap's numbers from its pixel's place in a tile.</param>
/// <param name="weights">Offset of a tap's weights.</param>
/// <param name="rows">Rows of taps.</param>
/// <param name="columns">Taps per row.</param>
internal readonly unsafe struct TapRows(int* places, int* weights, int rows, int columns)
{
    /// <summary>Offset of a tap's numbers from its pixel's place in a tile.</summary>
    public int* Places => places;

    /// <summary>Offset of a tap's weights.</summary>
    public int* Weights => weights;

    /// <summary>Number of taps.</summary>
    public int Count { get; } = rows * columns;

    /// <summary>
    /// The rows from <paramref name="first"/> up to <paramref name="end"/> that exist. The others are beyond the border
    /// of an image, where all is zero: for an image of 4x4 pixels a kernel of 7 has almost half its rows there.
    /// </summary>
    public TapRows Between(int first, int end)
    {
        first = Math.Clamp(first, 0, rows);
        return new TapRows(
            places + (first * columns),
            weights + (first * columns),
            Math.Max(0, Math.Min(end, rows) - first),
            columns
        );
    }
}
