namespace Proxyless.Measurement;

/// <summary>
/// How long a model is timed: at least <see cref="MinRuns"/>, then until the median is known well enough or a bound is
/// reached.
/// </summary>
public sealed record TimingOptions
{
    /// <summary>Warm-up runs, which are not counted; they fill caches and let ONNX Runtime plan its memory.</summary>
    public int WarmUpRuns { get; init; } = 2;

    /// <summary>Minimum number of runs.</summary>
    public int MinRuns { get; init; } = 10;

    /// <summary>Maximum number of runs.</summary>
    public int MaxRuns { get; init; } = 200;

    /// <summary>Time for one model after which no further run starts, once <see cref="MinRuns"/> are done.</summary>
    public TimeSpan MaxTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Half the median's 95 % confidence interval, as a share of the median, at which timing stops.</summary>
    public double Uncertainty { get; init; } = 0.02;

    /// <summary>About a second per model.</summary>
    public static TimingOptions Quick { get; } = new();

    /// <summary>Until the median is known to 1 %, for at most ten seconds per model.</summary>
    public static TimingOptions Thorough { get; } =
        new()
        {
            WarmUpRuns = 5,
            MinRuns = 30,
            MaxRuns = 2000,
            MaxTime = TimeSpan.FromSeconds(10),
            Uncertainty = 0.01,
        };
}
