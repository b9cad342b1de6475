using System.Diagnostics;
using Proxyless.Architectures;
using Proxyless.Measurement;
using Proxyless.Networks;
using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.Bench;

/// <summary>
/// Times steps of a space on random images: the cost of a search before it is started. The same seed samples the same
/// paths in every mode. Meant for a separate process: the allocator is set once, and memory is that of the process.
/// </summary>
internal static class StepBench
{
    /// <summary>Number of outputs of the networks.</summary>
    internal const int Classes = 1000;

    /// <summary>Architectures per reinforce step.</summary>
    internal const int ReinforceSamples = 4;

    /// <summary>Steps that are not timed.</summary>
    internal const int WarmUpSteps = 3;

    private const double Rate = 1e-3;

    /// <summary>Times steps.</summary>
    /// <param name="options">What to measure.</param>
    /// <param name="observer">Receives progress reports.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    public static BenchResult Measure(
        BenchOptions options,
        IRunObserver observer,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(observer);
        bool channelsLast = options.Layout == "channels-last";
        if (!channelsLast && options.Kernels == BlockKernels.Proxyless)
        {
            throw new InvalidInputException("--layout contiguous needs libtorch's kernels; add --kernels libtorch");
        }

        if (options is { Mode: BenchMode.Warmup, SeparateWeights: true })
        {
            throw new InvalidInputException(
                "--mode warmup widens candidates that share weights; leave out --separate-weights"
            );
        }

        SearchSpace space = Sized(options);
        Libtorch.Load();
        set_num_threads(ThreadCount.Of(options.Threads, observer));
        random.manual_seed(options.Seed);
        using Tensor contiguous = randn(options.Batch, space.InputChannels, space.Resolution, space.Resolution);
        using Tensor images = channelsLast ? MemoryLayout.ChannelsLast(contiguous) : contiguous.alias();
        using Tensor labels = randint(0, Classes, options.Batch, dtype: ScalarType.Int64);
        var network = new NetworkOptions
        {
            Kernels = options.Kernels,
            ChannelsLast = channelsLast,
            SharesWeights = !options.SeparateWeights,
            Seed = options.Seed,
        };
        int total = WarmUpSteps + options.Steps;
        using BenchedStep step =
            options.Mode == BenchMode.Compact
                ? new CompactSteps(space, Classes, network, options.Seed, total)
                : new SuperNetworkSteps(space, Classes, network, options, ReinforceSamples, Rate);
        var memory = ResidentMemory.Start();
        var progress = new Progress(observer, "bench", 0, total);
        var times = new List<double>();
        for (int i = 0; i < total; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long start = Stopwatch.GetTimestamp();
            step.Run(i, images, labels);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            progress.Report(i + 1, $"{times[^1]:F0} ms");
        }

        times.RemoveRange(0, WarmUpSteps);
        return new BenchResult
        {
            Mode = Name(options.Mode),
            Kernels = Name(options.Kernels),
            Layout = options.Layout,
            Allocator = options.Allocator,
            Batch = options.Batch,
            Resolution = space.Resolution,
            Steps = options.Steps,
            MedianMs = SampleStatistics.Median(times),
            MinMs = times.Min(),
            PeakMb = memory.PeakMegabytes(),
        };
    }

    /// <summary>The space at the measured resolution.</summary>
    internal static SearchSpace Sized(BenchOptions options)
    {
        SearchSpace space = SearchSpaceFile.Open(options.Space);
        return options.Resolution is { } resolution ? space.WithInput(resolution, space.InputChannels) : space;
    }

    /// <summary>The numbers of the timed steps.</summary>
    internal static IEnumerable<int> TimedSteps(BenchOptions options) => Enumerable.Range(WarmUpSteps, options.Steps);

    private static string Name(Enum value) =>
        System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
