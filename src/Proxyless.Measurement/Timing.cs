namespace Proxyless.Measurement;

/// <summary>The times of repeated runs of one model.</summary>
/// <param name="MedianMs">Median of the runs in milliseconds: the latency.</param>
/// <param name="QuietMs">
/// 20th percentile of the runs in milliseconds: the latency while nothing else runs, known even if half of the runs are
/// disturbed. Within 1 % of the median on an idle machine.
/// </param>
/// <param name="P90Ms">90th percentile of the runs in milliseconds.</param>
/// <param name="MinMs">The fastest run in milliseconds.</param>
/// <param name="Spread">The distance of the quartiles as a share of the median.</param>
/// <param name="Uncertainty">Half the median's 95 % confidence interval as a share of the median.</param>
/// <param name="Runs">Number of runs after warm-up.</param>
public sealed record Timing(
    double MedianMs,
    double QuietMs,
    double P90Ms,
    double MinMs,
    double Spread,
    double Uncertainty,
    int Runs
)
{
    /// <summary>Summarizes the milliseconds of single runs.</summary>
    /// <exception cref="ArgumentException">There are no runs.</exception>
    public static Timing Of(IEnumerable<double> milliseconds)
    {
        double[] sorted = SampleStatistics.Sorted(milliseconds);
        double median = SampleStatistics.Quantile(sorted, 0.5);
        double quartiles = SampleStatistics.Quantile(sorted, 0.75) - SampleStatistics.Quantile(sorted, 0.25);
        return new Timing(
            median,
            SampleStatistics.Quantile(sorted, 0.2),
            SampleStatistics.Quantile(sorted, 0.9),
            sorted[0],
            quartiles / median,
            SampleStatistics.MedianUncertainty(sorted),
            sorted.Length
        );
    }
}
