using System.Buffers;

namespace Proxyless.Data;

/// <summary>
/// Moves an image away from a blurred copy of itself, or towards it. The copy is Pillow's <c>SMOOTH</c>: each pixel
/// counts five times, its eight neighbors once; pixels at the border stay.
/// </summary>
internal static class Sharpness
{
    private const float Self = 5;
    private const float Sum = Self + 8;

    /// <summary>Sharpens or blurs in place; results are clamped to 0 to 255.</summary>
    /// <param name="square">[side, side, channels].</param>
    /// <param name="side">Pixels in a row.</param>
    /// <param name="channels">1 or 3.</param>
    /// <param name="factor">0: the blurred copy; 1: no change; over 1: sharper.</param>
    public static void Apply(Span<float> square, int side, int channels, float factor)
    {
        float[] rented = ArrayPool<float>.Shared.Rent(square.Length);
        try
        {
            Span<float> original = rented.AsSpan(0, square.Length);
            square.CopyTo(original);
            int row = side * channels;
            for (int y = 1; y < side - 1; y++)
            {
                for (int i = (y * row) + channels; i < ((y + 1) * row) - channels; i++)
                {
                    float around =
                        Three(original, i - row, channels)
                        + original[i - channels]
                        + original[i + channels]
                        + Three(original, i + row, channels);
                    float blurred = ((Self * original[i]) + around) / Sum;
                    square[i] = Math.Clamp(blurred + (factor * (original[i] - blurred)), 0, 255);
                }
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(rented);
        }
    }

    private static float Three(ReadOnlySpan<float> values, int middle, int channels) =>
        values[middle - channels] + values[middle] + values[middle + channels];
}
