namespace Proxyless.Runtime.Kernels;

/// <summary>
/// Two sums over the pixels of each channel. Values are taken relative to a reference near their mean, so that a
/// variance is not the small difference of large numbers, and are added in double beyond a few hundred pixels.
/// </summary>
/// <param name="reference">The reference of the values, for each channel.</param>
/// <param name="pixels">Number of pixels that are summed.</param>
internal sealed class ChannelSums(float[] reference, long pixels)
{
    /// <summary>The reference of the values.</summary>
    public float[] Reference { get; } = reference;

    /// <summary>Number of pixels that are summed.</summary>
    public long Pixels { get; } = pixels;

    /// <summary>sum (y - reference), or sum g.</summary>
    public double[] First { get; } = new double[reference.Length];

    /// <summary>sum (y - reference)^2, or sum g (y - reference).</summary>
    public double[] Second { get; } = new double[reference.Length];

    /// <summary>The mean of a channel.</summary>
    public double Mean(int channel) => Reference[channel] + (First[channel] / Pixels);

    /// <summary>The biased variance of a channel.</summary>
    public double Variance(int channel)
    {
        double mean = First[channel] / Pixels;
        return Math.Max(0, (Second[channel] / Pixels) - (mean * mean));
    }

    /// <summary>
    /// Adds the sums of the threads in the threads' order, so that the same threads give the same bits.
    /// </summary>
    /// <param name="parts">The two sums of each thread; null if it had no work.</param>
    public void Add(IEnumerable<(double[] First, double[] Second)?> parts)
    {
        foreach ((double[] first, double[] second) in parts.OfType<(double[], double[])>())
        {
            for (int c = 0; c < First.Length; c++)
            {
                First[c] += first[c];
                Second[c] += second[c];
            }
        }
    }

    /// <summary>Adds the single-precision sums of some blocks of channels to the sums of a thread.</summary>
    /// <param name="sums">[blocks, 2, lanes].</param>
    /// <param name="channel">The first channel.</param>
    /// <param name="blocks">Number of blocks.</param>
    /// <param name="lanes">Channels per block.</param>
    /// <param name="first">The first sums are added to it.</param>
    /// <param name="second">The second sums are added to it.</param>
    public static unsafe void AddBlocks(
        float* sums,
        int channel,
        int blocks,
        int lanes,
        double[] first,
        double[] second
    )
    {
        for (int block = 0; block < blocks; block++, sums += 2 * lanes)
        {
            for (int i = 0; i < lanes; i++)
            {
                first[channel + (block * lanes) + i] += sums[i];
                second[channel + (block * lanes) + i] += sums[lanes + i];
            }
        }
    }
}
