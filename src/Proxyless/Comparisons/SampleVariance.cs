namespace Proxyless.Comparisons;

/// <summary>The variance of a sample.</summary>
internal static class SampleVariance
{
    /// <summary>The unbiased variance, by the differences from the first value: of equal values it is 0.</summary>
    /// <param name="values">At least two.</param>
    public static double Of(IReadOnlyList<double> values)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(values.Count, 2);
        double first = values[0];
        double mean = values.Average(value => value - first);
        return values.Sum(value => (value - first - mean) * (value - first - mean)) / (values.Count - 1);
    }
}
