namespace Proxyless.Measurement;

/// <summary>
/// Order statistics of run times, which are skewed to the right: other work on the machine only ever adds time.
/// </summary>
public static class SampleStatistics
{
    /// <summary>The value that half of the samples stay under.</summary>
    /// <exception cref="ArgumentException">There are no samples.</exception>
    public static double Median(IEnumerable<double> samples) => Quantile(Sorted(samples), 0.5);

    /// <summary>A quantile, interpolated linearly between neighbours (R's type 7).</summary>
    /// <param name="sorted">Ascending samples, at least one.</param>
    /// <param name="share">0..1; 0.5 is the median.</param>
    public static double Quantile(IReadOnlyList<double> sorted, double share)
    {
        ArgumentNullException.ThrowIfNull(sorted);
        if (sorted.Count == 0)
        {
            throw new ArgumentException("a quantile needs at least one sample", nameof(sorted));
        }

        double place = share * (sorted.Count - 1);
        int low = (int)place;
        int high = Math.Min(low + 1, sorted.Count - 1);
        return sorted[low] + ((place - low) * (sorted[high] - sorted[low]));
    }

    /// <summary>
    /// The mean of the middle half of the samples: as deaf to outliers, and finer than the median where samples are
    /// rounded.
    /// </summary>
    /// <param name="samples">At least one.</param>
    /// <exception cref="ArgumentException">There are no samples.</exception>
    public static double InterquartileMean(IEnumerable<double> samples)
    {
        double[] sorted = Sorted(samples);
        int cut = (sorted.Length + 1) / 4;
        return sorted.Length == 0
            ? throw new ArgumentException("a mean needs at least one sample", nameof(samples))
            : sorted[cut..^cut].Average();
    }

    /// <summary>
    /// Half the width of the median's 95 % confidence interval as a share of the median: the samples n/2 ± 0.98 √n
    /// apart in order enclose it whatever their distribution (binomial, normal approximation). Infinite under six
    /// samples.
    /// </summary>
    /// <param name="sorted">Ascending samples.</param>
    public static double MedianUncertainty(IReadOnlyList<double> sorted)
    {
        ArgumentNullException.ThrowIfNull(sorted);
        int n = sorted.Count;
        if (n < 6)
        {
            return double.PositiveInfinity;
        }

        double reach = 0.98 * Math.Sqrt(n);
        int low = Math.Max(0, (int)Math.Floor((n / 2.0) - reach));
        int high = Math.Min(n - 1, (int)Math.Ceiling((n / 2.0) + reach));
        return (sorted[high] - sorted[low]) / 2 / Quantile(sorted, 0.5);
    }

    /// <summary>
    /// From the smallest sample to the largest as a share of their middle; 0 where all that was timed is shorter than
    /// the clock tells.
    /// </summary>
    /// <param name="middle">A median or mean of theirs.</param>
    /// <param name="samples">At least one.</param>
    public static double SpreadAround(double middle, IReadOnlyCollection<double> samples) =>
        middle > 0 ? (samples.Max() - samples.Min()) / middle : 0;

    internal static double[] Sorted(IEnumerable<double> samples)
    {
        double[] sorted = [.. samples];
        Array.Sort(sorted);
        return sorted;
    }
}
