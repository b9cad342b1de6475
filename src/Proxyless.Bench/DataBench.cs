using System.Diagnostics;
using Proxyless.Data;
using Proxyless.Measurement;
using Proxyless.Runs;

namespace Proxyless.Bench;

/// <summary>The number of images per second that the pipeline decodes and augments, with a number of threads.</summary>
internal sealed record DataBenchRow
{
    /// <summary>Threads that decode and augment.</summary>
    public required int Threads { get; init; }

    /// <summary>Images per epoch.</summary>
    public required int Images { get; init; }

    /// <summary>Side of the squares in pixels.</summary>
    public required int Resolution { get; init; }

    /// <summary>The median over the epochs after the first.</summary>
    public required double ImagesPerSecond { get; init; }

    /// <summary>The fastest epoch.</summary>
    public required double BestImagesPerSecond { get; init; }
}

/// <summary>Times the images alone: the rate of a training whose steps took no time.</summary>
internal static class DataBench
{
    private const int BatchSize = 32;

    /// <summary>
    /// Times epochs with the augmentation of training, over the images of <c>train/</c>, or all images if there is no
    /// split.
    /// </summary>
    /// <param name="options">
    /// Data, resolution, channels; <see cref="RunOptions.Threads"/>, or null for one and for all processors.
    /// </param>
    /// <param name="epochs">Number of timed epochs, after a first one that is not timed.</param>
    /// <param name="observer">Receives progress reports.</param>
    /// <param name="cancellationToken">Stops between two batches.</param>
    /// <exception cref="InvalidInputException">The data cannot be used.</exception>
    public static IReadOnlyList<DataBenchRow> Measure(
        RunOptions options,
        int epochs,
        IRunObserver observer,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(observer);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(epochs);
        var context = RunContext.Open(options, observer, cancellationToken);
        int[] threads = options.Threads is { } given
            ? [given]
            : [.. new[] { 1, Environment.ProcessorCount }.Distinct()];
        var progress = new Progress(observer, "bench", 0, threads.Length * (epochs + 1));
        int done = 0;
        return
        [
            .. threads.Select(count =>
            {
                using BatchLoader loader = LoaderOf(
                    context.Images.All,
                    context.Loaders.TrainingTransforms,
                    options.Seed,
                    count
                );
                var rates = new List<double>();
                for (int epoch = 0; epoch <= epochs; epoch++)
                {
                    (int images, double seconds) = Time(loader, epoch, cancellationToken);
                    double rate = images / seconds;
                    rates.Add(rate);
                    progress.Report(++done, $"{count} threads: {rate:F0} images/s");
                }

                rates.RemoveAt(0);
                return new DataBenchRow
                {
                    Threads = count,
                    Images = context.Images.All.Count,
                    Resolution = context.Loaders.TrainingTransforms.Resolution,
                    ImagesPerSecond = SampleStatistics.Median(rates),
                    BestImagesPerSecond = rates.Max(),
                };
            }),
        ];
    }

    /// <summary>The batches that are timed.</summary>
    /// <param name="images">The images.</param>
    /// <param name="transforms">The processing of each.</param>
    /// <param name="seed">Seed of order and augmentation.</param>
    /// <param name="threads">Threads that decode.</param>
    public static BatchLoader LoaderOf(ImageSet images, Transforms transforms, int seed, int threads) =>
        new(images, transforms, Math.Min(BatchSize, images.Count), seed, shuffle: true, dropLast: false, threads);

    /// <summary>Times an epoch.</summary>
    public static (int Images, double Seconds) Time(BatchLoader loader, int epoch, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        int images = 0;
        foreach (Batch batch in loader.Epoch(epoch, 0, cancellationToken))
        {
            images += batch.Count;
            batch.Dispose();
        }

        return (images, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }
}
