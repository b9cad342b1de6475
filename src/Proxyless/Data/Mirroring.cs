namespace Proxyless.Data;

/// <summary>Swaps left and right.</summary>
internal static class Mirroring
{
    /// <summary>Mirrors a square in place.</summary>
    /// <param name="square">[side, side, channels].</param>
    /// <param name="side">Pixels in a row.</param>
    /// <param name="channels">1 or 3.</param>
    public static void Apply(Span<float> square, int side, int channels)
    {
        for (int start = 0; start < square.Length; start += side * channels)
        {
            Span<float> row = square.Slice(start, side * channels);
            row.Reverse();
            if (channels == 3)
            {
                // The reversal reversed the colors too.
                for (int x = 0; x < row.Length; x += 3)
                {
                    (row[x], row[x + 2]) = (row[x + 2], row[x]);
                }
            }
        }
    }
}
