namespace Proxyless.Comparisons;

/// <summary>
/// Tests whether the means of two samples differ, without assuming equal variances: Welch, The generalization of
/// Student's problem when several different population variances are involved, Biometrika 34, 1947.
/// </summary>
/// <param name="Difference">Mean of the first sample minus that of the second.</param>
/// <param name="T">The difference in units of its standard error.</param>
/// <param name="DegreesOfFreedom">By Welch and Satterthwaite.</param>
/// <param name="P">
/// Probability of a difference at least this large, in either direction, if the means are equal; 0..1.
/// </param>
internal sealed record WelchTest(double Difference, double T, double DegreesOfFreedom, double P)
{
    // Standard errors that are a smaller share of the values are of rounding.
    private const double Rounding = 1e-12;

    /// <summary>
    /// Tests two samples; null if one has fewer than two values, or neither varies by more than rounding.
    /// </summary>
    public static WelchTest? Of(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (first.Count < 2 || second.Count < 2)
        {
            return null;
        }

        double ofFirst = SampleVariance.Of(first) / first.Count;
        double ofSecond = SampleVariance.Of(second) / second.Count;
        double variance = ofFirst + ofSecond;
        double scale = Math.Max(first.Max(value => Math.Abs(value)), second.Max(value => Math.Abs(value)));
        if (Math.Sqrt(variance) <= Rounding * scale)
        {
            return null;
        }

        double degrees =
            variance
            * variance
            / ((ofFirst * ofFirst / (first.Count - 1)) + (ofSecond * ofSecond / (second.Count - 1)));
        if (!double.IsFinite(degrees))
        {
            // The square of the variance is 0.
            return null;
        }

        double difference = SampleMean.Of(first) - SampleMean.Of(second);
        double t = difference / Math.Sqrt(variance);
        return new WelchTest(difference, t, degrees, StudentDistribution.TwoSided(t, degrees));
    }
}
