using Proxyless.Data;
using Proxyless.Inference;

namespace Proxyless.Runs;

/// <summary>The images of a quantization.</summary>
/// <param name="Calibration">Inputs from which the ranges are learned.</param>
/// <param name="SomeOthers">
/// Other images, on which the models are compared: at most so many, evenly from all of them, since neighbors are often
/// of one class; read each time that they are listed.
/// </param>
/// <param name="OthersCount">The number of all others, those that cannot be read included.</param>
internal sealed record QuantizeImages(
    IReadOnlyList<float[]> Calibration,
    Func<int, IEnumerable<ComparedImage>> SomeOthers,
    int OthersCount
)
{
    // Fewer can be used, but the ranges then depend on which they are.
    private const int Few = 16;

    /// <summary>All of the others.</summary>
    public IEnumerable<ComparedImage> Others => SomeOthers(int.MaxValue);

    /// <summary>The images of a quantization-aware training; null for photographs without labels.</summary>
    public QatImages? Training { get; init; }

    /// <summary>The images of a run: training images for calibration, and its test images.</summary>
    /// <param name="context">The run's context.</param>
    /// <param name="most">The most images for calibration.</param>
    public static QuantizeImages Of(RunContext context, int most)
    {
        ArgumentNullException.ThrowIfNull(context);
        var progress = new Progress(context.Observer, "images", 0, null, Progress.Unreported);
        var calibration = new List<float[]>();
        Transforms transforms = context.Loaders.EvaluationTransforms;
        int held = Held(
            most,
            context.Images.Training.Count,
            transforms.Resolution,
            transforms.Channels,
            context.Observer
        );
        foreach (ComparedImage image in Read(context, context.Images.Training.Spread(held)))
        {
            calibration.Add(image.Input);
            progress.Report(calibration.Count, "for calibration");
        }

        return calibration.Count > 0
            ? new QuantizeImages(
                calibration,
                most => Read(context, context.Images.Test.Spread(most)),
                context.Images.Test.Count
            )
            {
                Training = QatImages.Of(context),
            }
            : throw new InvalidInputException(
                $"'{context.Options.Data.Path}': none of the training images can be read, from which the ranges of the "
                    + "integers are learned; restore them"
            );
    }

    /// <summary>The photographs of a folder: every second one for calibration, and the others.</summary>
    /// <param name="folder">The folder; those within it are searched, too.</param>
    /// <param name="model">The model, for the form of its input.</param>
    /// <param name="most">The most images for calibration.</param>
    /// <param name="maxPixels">The most pixels of a photograph that is read.</param>
    /// <param name="observer">Is told of photographs that cannot be read, and of ignored files.</param>
    /// <param name="cancellationToken">Stops between two photographs.</param>
    /// <exception cref="InvalidInputException">
    /// There is no such folder, or it has fewer than two photographs that can be read.
    /// </exception>
    public static QuantizeImages Of(
        string folder,
        OnnxClassifier model,
        int most,
        long maxPixels,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(observer);
        if (!Directory.Exists(folder))
        {
            throw new InvalidInputException($"there is no folder '{folder}'; give one of photographs")
            {
                File = folder,
            };
        }

        (string Path, string? Error)[] files = [.. PhotoFiles.Of([folder], observer)];
        (string Path, string? Error)[] even = [.. files.Where((_, i) => i % 2 == 0)];
        (string Path, string? Error)[] chosen = Spread(
            even,
            Held(most, even.Length, model.Resolution, model.Channels, observer)
        );
        (string Path, string? Error)[] others = [.. files.Where((_, i) => i % 2 == 1)];
        var progress = new Progress(observer, "photographs", 0, chosen.Length, Progress.Unreported);
        var calibration = new List<float[]>();
        IEnumerable<ComparedImage> Photographs(IEnumerable<(string Path, string? Error)> some)
        {
            foreach ((string path, string? error) in some)
            {
                cancellationToken.ThrowIfCancellationRequested();
                (float[]? input, string? complaint) = PhotoFiles.Read(
                    path,
                    error,
                    encoded => model.Prepare(encoded, path, maxPixels)
                );
                if (input is not null)
                {
                    yield return new ComparedImage(input, null);
                }
                else
                {
                    observer.Warning(complaint!);
                }
            }
        }

        foreach (ComparedImage image in Photographs(chosen))
        {
            calibration.Add(image.Input);
            progress.Report(calibration.Count, "for calibration");
        }

        if (calibration.Count == 0 || others.Length == 0)
        {
            throw new InvalidInputException(
                $"'{folder}' has {calibration.Count} photographs for calibration that can be read, and {others.Length} "
                    + "for the comparison; give a folder of at least two, better of dozens"
            )
            {
                File = folder,
            };
        }

        if (calibration.Count < Few)
        {
            observer.Warning(
                Invariant(
                    $"the ranges of the integers are learned from {calibration.Count} photographs; give {2 * Few} or "
                        + $"more of the kind that the model will see"
                )
            );
        }

        return new QuantizeImages(calibration, most => Photographs(Spread(others, most)), others.Length);
    }

    /// <summary>The number of images for calibration that are held in memory.</summary>
    /// <param name="most">As many as were asked for.</param>
    /// <param name="images">As many as there are.</param>
    /// <param name="resolution">Side of an input of the model in pixels.</param>
    /// <param name="channels">Channels of an input.</param>
    /// <param name="observer">Is told if they are fewer than both.</param>
    internal static int Held(int most, int images, int resolution, int channels, IRunObserver observer)
    {
        int wanted = Math.Min(most, images);
        int held = (int)Math.Min(wanted, Math.Max(1, HeldImages.Most(resolution, channels)));
        if (held < wanted)
        {
            observer.Message(
                Invariant($"{held} images of {resolution}x{resolution} for calibration, which take ")
                    + Invariant($"{HeldImages.MostBytes >> 30} GB of memory")
            );
        }

        return held;
    }

    internal static T[] Spread<T>(T[] all, int most)
    {
        int count = Math.Min(most, all.Length);
        return [.. Enumerable.Range(0, count).Select(k => all[(int)((((long)k * all.Length) + count - 1) / count)])];
    }

    /// <summary>Images in the form that the run's model takes.</summary>
    /// <param name="context">The run's context.</param>
    /// <param name="set">The images; those that cannot be read are left out.</param>
    public static IEnumerable<ComparedImage> Read(RunContext context, ImageSet set)
    {
        using BatchLoader loader = context.Loaders.Model(set);
        foreach (Batch batch in loader.Epoch(0, 0, context.CancellationToken))
        {
            using (batch)
            {
                float[] values = ModelInput.Of(batch);
                long[] labels = batch.Labels.data<long>().ToArray();
                int length = values.Length / labels.Length;
                for (int i = 0; i < labels.Length; i++)
                {
                    yield return new ComparedImage(values.AsSpan(i * length, length).ToArray(), (int)labels[i]);
                }
            }
        }
    }
}
