namespace Proxyless.Quantization;

/// <summary>How the range of a tensor's 8-bit integers is chosen from what calibration sees.</summary>
public enum RangeMethod
{
    /// <summary>All numbers that were seen.</summary>
    MinMax,

    /// <summary>All but one in 100,000 numbers at each end.</summary>
    Percentile,

    /// <summary>The range with the least squared error of the numbers that were seen.</summary>
    MeanSquaredError,
}
