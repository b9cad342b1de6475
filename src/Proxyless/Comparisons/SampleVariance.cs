namespace Proxyless.Comparisons;

/// <summary>The variance of a sample.</summary>
internal static class SampleVariance
{
    /// <summary>The unbiased variance, updated value by value: Youngs and Cramer, Technometrics 13, 1971.</summary>
    /// <param name="values">At least two.</param>
    public static double Of(IReadOnlyList<double> values)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(values.Count, 2);
        double sum = values[0];
        double squares = 0;
        for (int i = 1; i < values.Count; i++)
        {
            sum += values[i];
            double difference = ((i + 1) * values[i]) - sum;
            squares += difference * difference / ((i + 1.0) * i);
        }

        return squares / (values.Count - 1);
    }
}
