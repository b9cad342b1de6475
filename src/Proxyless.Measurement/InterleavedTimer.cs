using System.Diagnostics;

namespace Proxyless.Measurement;

/// <summary>A model's timing beside others that ran alternately with it.</summary>
/// <param name="Timing">Its own runs.</param>
/// <param name="Ratio">
/// Its <see cref="Timing.QuietMs"/> over the first model's; 1 for the first model. A temporary slowdown of the machine
/// affects both, and an interrupted run counts in neither.
/// </param>
public sealed record InterleavedTiming(Timing Timing, double Ratio);

/// <summary>
/// Times several models alternately, one run of each per round, so that a slow moment of the machine affects all of
/// them.
/// </summary>
public static class InterleavedTimer
{
    /// <summary>
    /// Times the models until all medians are as certain as the options require or the options' bounds are reached.
    /// </summary>
    /// <param name="models">
    /// At least one model; the first is the reference of <see cref="InterleavedTiming.Ratio"/>.
    /// </param>
    /// <param name="options">Bounds on rounds; its time is allowed once for each model.</param>
    /// <param name="cancellationToken">Stops between two rounds.</param>
    /// <returns>A timing for each model, in their order.</returns>
    public static IReadOnlyList<InterleavedTiming> Measure(
        IReadOnlyList<OnnxModel> models,
        TimingOptions options,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(models);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfZero(models.Count);

        for (int i = 0; i < options.WarmUpRuns; i++)
        {
            foreach (OnnxModel model in models)
            {
                cancellationToken.ThrowIfCancellationRequested();
                model.Run();
            }
        }

        List<double>[] runs = [.. models.Select(_ => new List<double>())];
        long start = Stopwatch.GetTimestamp();
        TimeSpan limit = options.MaxTime * models.Count;
        for (int round = 0; round < options.MaxRuns; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            bool enough = round >= options.MinRuns;
            if (
                enough
                && (Stopwatch.GetElapsedTime(start) > limit || (round % 5 == 0 && Known(runs, options.Uncertainty)))
            )
            {
                break;
            }

            for (int i = 0; i < models.Count; i++)
            {
                runs[i].Add(models[i].Run());
            }
        }

        Timing[] timings = [.. runs.Select(Timing.Of)];
        return [.. timings.Select(timing => new InterleavedTiming(timing, timing.QuietMs / timings[0].QuietMs))];
    }

    private static bool Known(IEnumerable<List<double>> runs, double uncertainty) =>
        runs.All(own => SampleStatistics.MedianUncertainty(SampleStatistics.Sorted(own)) <= uncertainty);
}
