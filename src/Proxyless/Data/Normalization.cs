using System.Numerics;

namespace Proxyless.Data;

/// <summary>Maps bytes to the input of a network: (value / 255 - mean) / deviation.</summary>
internal static class Normalization
{
    /// <summary>Normalizes values in 0 to 255 in place.</summary>
    /// <param name="square">[height, width, channels].</param>
    /// <param name="mean">Of each channel, in [0, 1].</param>
    /// <param name="deviation">Of each channel, in [0, 1].</param>
    public static void Apply(Span<float> square, float[] mean, float[] deviation)
    {
        if (mean.Length == 1)
        {
            float factor = 1 / (255 * deviation[0]);
            float offset = -mean[0] / deviation[0];
            for (int i = 0; i < square.Length; i++)
            {
                square[i] = square[i] * factor + offset;
            }

            return;
        }

        var factors = new Interleaved(1 / (255 * deviation[0]), 1 / (255 * deviation[1]), 1 / (255 * deviation[2]));
        var offsets = new Interleaved(-mean[0] / deviation[0], -mean[1] / deviation[1], -mean[2] / deviation[2]);
        int done = 0;
        for (; done <= square.Length - Interleaved.Length; done += Interleaved.Length)
        {
            Span<float> three = square.Slice(done, Interleaved.Length);
            Scale(three, factors.First, offsets.First);
            Scale(three[Vector<float>.Count..], factors.Second, offsets.Second);
            Scale(three[(2 * Vector<float>.Count)..], factors.Third, offsets.Third);
        }

        float red = 1 / (255 * deviation[0]),
            green = 1 / (255 * deviation[1]),
            blue = 1 / (255 * deviation[2]);
        float redOffset = -mean[0] / deviation[0],
            greenOffset = -mean[1] / deviation[1],
            blueOffset = -mean[2] / deviation[2];
        for (int i = done; i < square.Length - 2; i += 3)
        {
            square[i] = square[i] * red + redOffset;
            square[i + 1] = square[i + 1] * green + greenOffset;
            square[i + 2] = square[i + 2] * blue + blueOffset;
        }
    }

    private static void Scale(Span<float> values, Vector<float> factor, Vector<float> offset) =>
        (new Vector<float>(values) * factor + offset).CopyTo(values);
}
