using System.Diagnostics;
using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Measurement;
using Proxyless.Networks;
using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.Bench;

/// <summary>The memory of a long search. MB are 10^6 bytes.</summary>
internal sealed record SoakBenchResult
{
    /// <summary>Number of steps.</summary>
    public required int Steps { get; init; }

    /// <summary>Number of paths in the repeated cycle.</summary>
    public required int Cycle { get; init; }

    /// <summary>The step of the first reading: a tenth of all steps, at the end of a cycle.</summary>
    public required int FirstStep { get; init; }

    /// <summary>
    /// Resident memory from the first reading on: the median of the readings at the ends of five cycles.
    /// </summary>
    public required double FirstMb { get; init; }

    /// <summary>Resident memory at the end: the median of the last five readings.</summary>
    public required double LastMb { get; init; }

    /// <summary>The highest reading.</summary>
    public required double MostMb { get; init; }

    /// <summary>Growth from the first median to the last, as a share of the first.</summary>
    public required double Growth { get; init; }

    /// <summary>Objects of the managed heap, as <see cref="FirstMb"/>.</summary>
    public required double FirstManagedMb { get; init; }

    /// <summary>Objects of the managed heap, as <see cref="LastMb"/>.</summary>
    public required double LastManagedMb { get; init; }
}

/// <summary>
/// Thousands of steps of a search over a fixed cycle of paths, each a weight step and a two-path architecture step on a
/// separate batch. Every cycle needs the same memory, so resident memory, read at the ends of cycles after a garbage
/// collection, stays constant unless something leaks. A single reading differs from the next by a percent or so (the
/// allocator's pools, recompiled code), so the median of several is taken. Meant for a separate process.
/// </summary>
internal static class SoakBench
{
    private const double Rate = 1e-4;
    private const int PartBeforeFirst = 10;
    private const int ReadingsOfAMedian = 5;

    /// <summary>Runs the steps.</summary>
    /// <param name="options">The space, the batch and the number of steps.</param>
    /// <param name="cycle">Paths of the cycle, at least 1.</param>
    /// <param name="observer">Receives progress reports.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    /// <exception cref="InvalidInputException">There are too few steps for ten cycles.</exception>
    public static SoakBenchResult Measure(
        BenchOptions options,
        int cycle,
        IRunObserver observer,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(observer);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cycle);
        if (options.Steps < PartBeforeFirst * cycle)
        {
            throw new InvalidInputException(
                $"--steps {options.Steps} are too few for a cycle of {cycle} paths; the minimum is "
                    + $"{PartBeforeFirst * cycle}, ten cycles"
            );
        }

        SearchSpace space = StepBench.Sized(options);
        Libtorch.Load();
        set_num_threads(ThreadCount.Of(options.Threads, observer));
        random.manual_seed(options.Seed);
        using var step = new SuperNetworkSteps(
            space,
            StepBench.Classes,
            new NetworkOptions { Seed = options.Seed },
            options,
            StepBench.ReinforceSamples,
            Rate
        );
        float[] pixels = Pixels(
            options.Batch * space.Resolution * space.Resolution * space.InputChannels,
            options.Seed
        );
        int[] images = [.. Enumerable.Range(0, options.Batch)];
        long[] labels = [.. images.Select(image => (long)(image % StepBench.Classes))];
        var progress = new Progress(observer, "bench", 0, options.Steps);
        int first = (options.Steps / PartBeforeFirst + cycle - 1) / cycle * cycle;
        var readings = new List<Reading>();
        for (int i = 0; i < options.Steps; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using (var batch = new Batch(pixels, labels, space.Resolution, space.InputChannels, images))
            {
                step.Run(BenchMode.Weight, i % cycle, batch.Images, batch.Labels);
                step.Run(BenchMode.TwoPath, i % cycle, batch.Images, batch.Labels);
            }

            int done = i + 1;
            if (done % cycle == 0 && done >= first)
            {
                readings.Add(Reading.Take());
                progress.Report(done, $"{readings[^1].ResidentMb:F1} MB");
            }
            else if (done < first)
            {
                progress.Report(done, "warming up");
            }
        }

        Reading before = Reading.Median(readings.Take(ReadingsOfAMedian));
        Reading last = Reading.Median(readings.TakeLast(ReadingsOfAMedian));
        return new SoakBenchResult
        {
            Steps = options.Steps,
            Cycle = cycle,
            FirstStep = first,
            FirstMb = before.ResidentMb,
            LastMb = last.ResidentMb,
            MostMb = readings.Max(reading => reading.ResidentMb),
            Growth = (last.ResidentMb / before.ResidentMb) - 1,
            FirstManagedMb = before.ManagedMb,
            LastManagedMb = last.ManagedMb,
        };
    }

    private static float[] Pixels(int count, int seed)
    {
        Random source = SeedSequence.At(seed, RandomUse.WeightImages, 0);
        return [.. Enumerable.Range(0, count).Select(_ => (float)source.NextDouble())];
    }

    private readonly record struct Reading(double ResidentMb, double ManagedMb)
    {
        public static Reading Take()
        {
            // Twice: what finalizers let go of is collected by the second.
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            using var process = Process.GetCurrentProcess();
            return new Reading(process.WorkingSet64 / 1e6, GC.GetTotalMemory(forceFullCollection: false) / 1e6);
        }

        public static Reading Median(IEnumerable<Reading> readings)
        {
            Reading[] all = [.. readings];
            return new Reading(
                SampleStatistics.Median(all.Select(reading => reading.ResidentMb)),
                SampleStatistics.Median(all.Select(reading => reading.ManagedMb))
            );
        }
    }
}
