namespace Proxyless.Data;

/// <summary>
/// Changes that map each value of a channel to another one, in 0 to 255. They are those of Pillow's <c>ImageOps</c>,
/// which define the augmentations that are built of them; values are rounded down to whole ones where it counts them.
/// </summary>
internal static class ToneChange
{
    private const int Values = 256;

    /// <summary>Clears the lowest bits of each value.</summary>
    /// <param name="square">[height, width, channels].</param>
    /// <param name="bits">Bits that are kept, 1 to 8.</param>
    public static void Posterize(Span<float> square, int bits)
    {
        int mask = ~((Values - 1) >> bits);
        foreach (ref float value in square)
        {
            value = Index(value) & mask;
        }
    }

    /// <summary>Inverts the values from a threshold on.</summary>
    /// <param name="square">[height, width, channels].</param>
    /// <param name="threshold">0 to 255.</param>
    public static void Solarize(Span<float> square, double threshold)
    {
        foreach (ref float value in square)
        {
            value = value < threshold ? value : Values - 1 - value;
        }
    }

    /// <summary>Stretches each channel to 0 to 255; a channel of one value stays.</summary>
    /// <param name="square">[height, width, channels].</param>
    /// <param name="channels">1 or 3.</param>
    public static void AutoContrast(Span<float> square, int channels)
    {
        for (int channel = 0; channel < channels; channel++)
        {
            float low = float.PositiveInfinity;
            float high = float.NegativeInfinity;
            for (int i = channel; i < square.Length; i += channels)
            {
                low = MathF.Min(low, square[i]);
                high = MathF.Max(high, square[i]);
            }

            if (high <= low)
            {
                continue;
            }

            float scale = (Values - 1) / (high - low);
            for (int i = channel; i < square.Length; i += channels)
            {
                square[i] = (square[i] - low) * scale;
            }
        }
    }

    /// <summary>Makes the values of each channel equally frequent; a channel of one value stays.</summary>
    /// <param name="square">[height, width, channels].</param>
    /// <param name="channels">1 or 3.</param>
    public static void Equalize(Span<float> square, int channels)
    {
        Span<int> counts = stackalloc int[Values];
        Span<float> table = stackalloc float[Values];
        for (int channel = 0; channel < channels; channel++)
        {
            counts.Clear();
            for (int i = channel; i < square.Length; i += channels)
            {
                counts[Index(square[i])]++;
            }

            // Pixels for each step of the new values; those of the highest value do not count, as in Pillow.
            int highest = counts.LastIndexOfAnyExcept(0);
            int step = ((square.Length / channels) - counts[highest]) / (Values - 1);
            if (step == 0)
            {
                continue;
            }

            int below = step / 2;
            for (int value = 0; value < Values; value++)
            {
                table[value] = Math.Min(below / step, Values - 1);
                below += counts[value];
            }

            for (int i = channel; i < square.Length; i += channels)
            {
                square[i] = table[Index(square[i])];
            }
        }
    }

    private static int Index(float value) => Math.Clamp((int)value, 0, Values - 1);
}
