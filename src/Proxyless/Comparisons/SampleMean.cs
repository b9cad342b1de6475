namespace Proxyless.Comparisons;

/// <summary>The mean of a sample.</summary>
internal static class SampleMean
{
    /// <summary>The mean, which of equal values is exactly that value.</summary>
    /// <param name="values">At least one.</param>
    public static double Of(IReadOnlyList<double> values)
    {
        double first = values[0];
        return first + values.Average(value => value - first);
    }
}
