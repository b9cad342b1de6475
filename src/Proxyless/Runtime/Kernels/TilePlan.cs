namespace Proxyless.Runtime.Kernels;

/// <summary>
/// How an image is divided: the number of output rows and blocks of channels for which a tile stays in a core's cache.
/// </summary>
/// <param name="OutputRows">Rows of the output.</param>
/// <param name="Blocks">Blocks of channels.</param>
internal readonly record struct TilePlan(int OutputRows, int Blocks)
{
    // 192 KB, well within a second-level cache together with the data that streams past it.
    private const int Numbers = 48 << 10;

    // 384 KB where the input is computed: rows that two tiles share are computed twice, and little streams past.
    private const int ComputedNumbers = 96 << 10;

    // Neighboring channels that are read together: four cache lines.
    private const int Channels = 64;

    /// <summary>Chooses a plan.</summary>
    /// <param name="shape">The convolution.</param>
    /// <param name="blocks">Number of blocks of channels.</param>
    /// <param name="columns">Columns of a tile.</param>
    /// <param name="lanes">Channels per block.</param>
    /// <param name="isComputed">Whether the input is computed as it is needed.</param>
    public static TilePlan Of(DepthwiseShape shape, int blocks, int columns, int lanes, bool isComputed)
    {
        int together = Math.Min(blocks, Math.Max(1, Channels / lanes));
        int rows = (isComputed ? ComputedNumbers : Numbers) / (together * columns * lanes);
        return new TilePlan(Math.Clamp(((rows - shape.Kernel) / shape.Stride) + 1, 1, shape.OutputHeight), together);
    }

    /// <summary>The next multiple.</summary>
    public static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;

    /// <summary>Converts [channels, taps] to [blocks, taps, lanes].</summary>
    public static unsafe void Interleave(float* weights, int channels, int taps, int lanes, float* result)
    {
        for (int c = 0; c < channels; c++)
        {
            float* block = result + (c / lanes * lanes * taps) + (c % lanes);
            for (int t = 0; t < taps; t++)
            {
                block[t * lanes] = weights[(c * taps) + t];
            }
        }
    }

    /// <summary>Adds [blocks, taps, lanes] to [channels, taps].</summary>
    public static unsafe void AddInterleaved(float* blocks, int channels, int taps, int lanes, float* result)
    {
        for (int c = 0; c < channels; c++)
        {
            float* block = blocks + (c / lanes * lanes * taps) + (c % lanes);
            for (int t = 0; t < taps; t++)
            {
                result[(c * taps) + t] += block[t * lanes];
            }
        }
    }
}
