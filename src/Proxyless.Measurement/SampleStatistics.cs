namespace Proxyless.Measurement;

/// <summary>
/// Order statistics of run times, which are skewed to the right: other work on the machine only adds time.
/// </summary>
public static class SampleStatistics
{
    /// <summary>Computes the median of the samples.</summary>
    /// <exception cref="ArgumentException">There are no samples.</exception>
    public static double Median(IEnumerable<double> samples) => Quantile(Sorted(samples), 0.5);

    /// <summary>Computes a quantile, interpolated linearly between neighbors (R's type 7).</summary>
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
    /// Computes the mean of the middle half of the samples: as robust against outliers as the median, and finer if
    /// samples are rounded.
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
    /// Computes half the width of the median's 95 % confidence interval as a share of the median: the samples at ranks
    /// n/2 ± 0.98 √n enclose it for any distribution (binomial, normal approximation). Infinite for fewer than six
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
    /// Computes the range of the samples as a share of their middle; 0 if the timed work is shorter than the clock's
    /// resolution.
    /// </summary>
    /// <param name="middle">Their median or mean.</param>
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
