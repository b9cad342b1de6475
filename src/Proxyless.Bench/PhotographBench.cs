using System.Diagnostics;
using Proxyless.Data;
using Proxyless.Measurement;
using Proxyless.Runs;

namespace Proxyless.Bench;

/// <summary>What the copies of large photographs cost in the first epoch, and save in all others.</summary>
internal sealed record PhotographBenchResult
{
    /// <summary>Photographs per epoch.</summary>
    public required int Images { get; init; }

    /// <summary>Their size in millions of pixels.</summary>
    public required double Megapixels { get; init; }

    /// <summary>Bytes of all photographs.</summary>
    public required long PhotographBytes { get; init; }

    /// <summary>Bytes of all copies.</summary>
    public required long CopyBytes { get; init; }

    /// <summary>Shorter side of the copies in pixels.</summary>
    public required int CopySide { get; init; }

    /// <summary>Threads that decode and augment.</summary>
    public required int Threads { get; init; }

    /// <summary>Without copies.</summary>
    public required PhotographTimes Photographs { get; init; }

    /// <summary>With copies that are made.</summary>
    public required PhotographTimes First { get; init; }

    /// <summary>With copies that are there.</summary>
    public required PhotographTimes Copies { get; init; }

    /// <summary>
    /// Median over the rounds of the time to open the images and read them once, with copies that are made, as a share
    /// of that without copies.
    /// </summary>
    public required double FirstRatio { get; init; }

    /// <summary>Median over the rounds of how many times as fast an epoch is with copies that are there.</summary>
    public required double SpeedUp { get; init; }

    /// <summary>The least of these over the rounds.</summary>
    public required double LeastSpeedUp { get; init; }
}

/// <summary>Median times of one way to read photographs.</summary>
/// <param name="OpenSeconds">To examine them all before a run.</param>
/// <param name="EpochSeconds">To read and augment each once.</param>
internal sealed record PhotographTimes(double OpenSeconds, double EpochSeconds)
{
    /// <summary>Of a run with one epoch.</summary>
    public double Seconds => OpenSeconds + EpochSeconds;

    /// <summary>The median of each.</summary>
    public static PhotographTimes Median(IReadOnlyList<PhotographTimes> times) =>
        new(
            SampleStatistics.Median([.. times.Select(time => time.OpenSeconds)]),
            SampleStatistics.Median([.. times.Select(time => time.EpochSeconds)])
        );
}

/// <summary>
/// Times epochs over photographs of phones, which are made by enlarging smaller ones, with and without copies in turn.
/// </summary>
internal static class PhotographBench
{
    /// <summary>Measures; everything it writes is in a temporary folder, and is removed.</summary>
    /// <param name="options">The photographs to enlarge, resolution and threads.</param>
    /// <param name="megapixels">The size that they are enlarged to.</param>
    /// <param name="count">The number of photographs.</param>
    /// <param name="rounds">How often the three kinds of epochs are timed in turn.</param>
    /// <param name="observer">Receives progress reports.</param>
    /// <param name="cancellationToken">Stops between two batches.</param>
    /// <exception cref="InvalidInputException">
    /// The data cannot be used, or are no photographs that copies would stand for.
    /// </exception>
    public static PhotographBenchResult Measure(
        RunOptions options,
        double megapixels,
        int count,
        int rounds,
        IRunObserver observer,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(observer);
        options = options with { Data = options.Data with { NoImageCache = true } };
        var small = RunContext.Open(options, observer, cancellationToken);
        int resolution = small.Loaders.TrainingTransforms.Resolution;
        int shorter = (int)Math.Sqrt(megapixels * 1e6 / 2);
        if (ImageCopies.LargestSide(2 * shorter, shorter) < SideOf(small))
        {
            throw new InvalidInputException(
                $"photographs of {megapixels} million pixels are not much larger than {resolution} pixels, so no "
                    + "copies are made of them"
            );
        }

        DirectoryInfo folder = Directory.CreateTempSubdirectory("proxyless-photographs-");
        try
        {
            string photographs = Path.Combine(folder.FullName, "photographs");
            EnlargedPhotographs.Write(small.Images, count, megapixels, photographs, observer, cancellationToken);
            options = options with { Data = options.Data with { Path = photographs } };
            var context = RunContext.Open(options, observer, cancellationToken);
            return Measure(context, megapixels, folder.FullName, rounds, observer, cancellationToken);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static PhotographBenchResult Measure(
        RunContext context,
        double megapixels,
        string folder,
        int rounds,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        Transforms read = context.Loaders.TrainingTransforms;
        int side = SideOf(context);
        var photographs = new List<PhotographTimes>();
        var first = new List<PhotographTimes>();
        var copies = new List<PhotographTimes>();
        long copyBytes = 0;
        var progress = new Progress(observer, "bench", 0, 3 * rounds);
        DatasetOptions whole = RunContext.DatasetOptionsOf(context.Options);
        for (int round = 0; round < rounds; round++)
        {
            photographs.Add(Time(context, whole, read, round, cancellationToken));
            progress.Report((3 * round) + 1, $"photographs: {photographs[^1].Seconds:F1} s");
            var kept = new ImageCopies(Path.Combine(folder, $"copies-{round}"), ImageCopies.DefaultMostBytes);
            DatasetOptions copied = whole with { Copies = kept, CopySide = side };
            first.Add(Time(context, copied, read with { CopySide = side }, round, cancellationToken));
            progress.Report((3 * round) + 2, $"copies made: {first[^1].Seconds:F1} s");
            copies.Add(Time(context, copied, read with { CopySide = side }, round, cancellationToken));
            progress.Report((3 * round) + 3, $"copies: {copies[^1].Seconds:F1} s");
            copyBytes = kept.Bytes;
        }

        double[] speedUps = [.. photographs.Zip(copies, (before, copy) => before.EpochSeconds / copy.EpochSeconds)];
        return new PhotographBenchResult
        {
            Images = context.Images.All.Count,
            Megapixels = megapixels,
            PhotographBytes = new DirectoryInfo(context.Options.Data.Path)
                .EnumerateFiles("*", SearchOption.AllDirectories)
                .Sum(file => file.Length),
            CopyBytes = copyBytes,
            CopySide = side,
            Threads = context.Threads,
            Photographs = PhotographTimes.Median(photographs),
            First = PhotographTimes.Median(first),
            Copies = PhotographTimes.Median(copies),
            FirstRatio = SampleStatistics.Median([
                .. first.Zip(photographs, (made, not) => made.Seconds / not.Seconds),
            ]),
            SpeedUp = SampleStatistics.Median(speedUps),
            LeastSpeedUp = speedUps.Min(),
        };
    }

    private static int SideOf(RunContext context)
    {
        Transforms transforms = context.Loaders.TrainingTransforms;
        return ImageCopies.SideFor(transforms.Resolution, transforms.MinimumScale);
    }

    private static PhotographTimes Time(
        RunContext context,
        DatasetOptions options,
        Transforms transforms,
        int epoch,
        CancellationToken cancellationToken
    )
    {
        long start = Stopwatch.GetTimestamp();
        var images = ImageDataset.Open(options, NullRunObserver.Instance, cancellationToken);
        double opened = Stopwatch.GetElapsedTime(start).TotalSeconds;
        using BatchLoader loader = DataBench.LoaderOf(images.All, transforms, context.Options.Seed, context.Threads);
        return new PhotographTimes(opened, DataBench.Time(loader, epoch, cancellationToken).Seconds);
    }
}
