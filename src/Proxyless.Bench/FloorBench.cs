using Proxyless.Architectures;
using Proxyless.Runtime;
using Proxyless.Search;

namespace Proxyless.Bench;

/// <summary>
/// A weight step compared with the peak performance of this machine. The work is the mean over the timed steps, the
/// time their median.
/// </summary>
internal sealed record FloorBenchResult
{
    /// <summary>Multiply-adds per step: <see cref="StepWork.MultiplyAdds"/>.</summary>
    public required double MultiplyAdds { get; init; }

    /// <summary>Bytes per step: <see cref="StepWork.Bytes"/>.</summary>
    public required double Bytes { get; init; }

    /// <summary>Measured peak of multiply-adds per second.</summary>
    public required double PeakMultiplyAddsPerSecond { get; init; }

    /// <summary>Measured bytes per second.</summary>
    public required double PeakBytesPerSecond { get; init; }

    /// <summary>The multiply-adds at the peak, in milliseconds.</summary>
    public double ComputeMs => MultiplyAdds / PeakMultiplyAddsPerSecond * 1e3;

    /// <summary>The bytes at the measured rate, in milliseconds.</summary>
    public double MemoryMs => Bytes / PeakBytesPerSecond * 1e3;

    /// <summary>The measured median step.</summary>
    public required double StepMs { get; init; }

    /// <summary>The parts of the step that are neither convolutions nor their batch norms.</summary>
    public required StepRest Rest { get; init; }
}

/// <summary>
/// The lower bound of the time of a weight step: its computation and memory traffic at the machine's peak rates.
/// </summary>
internal static class FloorBench
{
    /// <summary>Measures the machine and the step.</summary>
    /// <param name="options">
    /// Space, batch, resolution, steps, seed, threads, kernels; the mode is a weight step.
    /// </param>
    /// <param name="observer">Receives progress reports.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    public static FloorBenchResult Measure(
        BenchOptions options,
        IRunObserver observer,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        BenchResult step = StepBench.Measure(options with { Mode = BenchMode.Weight }, observer, cancellationToken);
        SearchSpace space = StepBench.Sized(options);
        var parameters = new ArchitectureParameters(space.Blocks().Select(block => block.Candidates.Count));
        StepWork[] works =
        [
            .. StepBench
                .TimedSteps(options)
                .Select(i =>
                    StepWork.Of(
                        space.Architecture(BenchedStep.Path(parameters, options.Seed, i), StepBench.Classes, "bench"),
                        options.Batch
                    )
                ),
        ];
        int threads = ThreadCount.Of(options.Threads);
        return new FloorBenchResult
        {
            MultiplyAdds = works.Average(work => work.MultiplyAdds),
            Bytes = works.Average(work => work.Bytes),
            PeakMultiplyAddsPerSecond = MachinePeak.MultiplyAdds(threads),
            PeakBytesPerSecond = MachinePeak.Bytes(threads),
            StepMs = step.MedianMs,
            Rest = StepRest.Measure(space, options, cancellationToken),
        };
    }
}
