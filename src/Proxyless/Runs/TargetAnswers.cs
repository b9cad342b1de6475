using Proxyless.Latency;
using Proxyless.Measurement;
using Proxyless.Quantization;

namespace Proxyless.Runs;

/// <summary>Runs an integer model on the processor of its target, and here.</summary>
internal static class TargetAnswers
{
    /// <summary>The most images that are sent: an accuracy is then known to a point or two.</summary>
    public const int Most = 500;

    // Of the images of one call, and of its answer.
    private const long BytesOfImages = 8 << 20;
    private const long BytesOfScores = 1 << 20;

    /// <summary>Compares the answers.</summary>
    /// <param name="target">The target.</param>
    /// <param name="model">The integer model.</param>
    /// <param name="images">The images, of which <see cref="Most"/> are used.</param>
    /// <param name="threads">Threads that run the model here.</param>
    /// <param name="observer">Receives progress, and why there is no result.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>The comparison; null if the target has no processor of its own, or does not run it on images.</returns>
    public static TargetAccuracy? Of(
        ITarget target,
        byte[] model,
        QuantizeImages images,
        int threads,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(images);
        if (target is not IModelRunner runner)
        {
            return null;
        }

        try
        {
            AnswerComparison? comparison = Compare(runner, model, images, threads, observer, cancellationToken);
            if (comparison is null)
            {
                observer.Message(
                    $"target '{target.Name}' runs no models on images, so the integer model's accuracy there is "
                        + "unknown; an agent of this version does"
                );
            }

            return comparison is not { Images: > 0 }
                ? null
                : new TargetAccuracy
                {
                    Images = comparison.Images,
                    Agreement = comparison.Agreement,
                    ScoreError = comparison.Error,
                    Top1 = comparison.Top1,
                    Top1Here = comparison.ExpectedTop1,
                };
        }
        catch (Exception exception) when (exception is InvalidInputException or TargetUnavailableException)
        {
            // The model is there, with its accuracy here.
            observer.Warning($"the integer model's accuracy on target '{target.Name}' is unknown: {exception.Message}");
            return null;
        }
    }

    private static AnswerComparison? Compare(
        IModelRunner runner,
        byte[] model,
        QuantizeImages images,
        int threads,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        using var here = new OnnxProbe(model, threads, optimized: true);
        var comparison = new AnswerComparison();
        int all = Math.Min(Most, images.OthersCount);
        var progress = new Progress(observer, "on the target", 0, all, Progress.Unreported);
        var waiting = new List<(ComparedImage Image, float[] Expected)>();
        bool Send()
        {
            if (waiting.Count == 0)
            {
                return true;
            }

            float[] inputs = [.. waiting.SelectMany(one => one.Image.Input)];
            if (runner.Answer(model, inputs, waiting.Count, cancellationToken) is not { } there)
            {
                return false;
            }

            int classes = waiting[0].Expected.Length;
            if (there.Length != waiting.Count * classes)
            {
                throw new InvalidInputException(
                    $"it answers with {there.Length} numbers for {waiting.Count} images of {classes} classes"
                );
            }

            if (!there.All(float.IsFinite))
            {
                throw new InvalidInputException(
                    "it answers with scores that are not finite; restart 'proxyless-agent serve' there, or update it"
                );
            }

            for (int i = 0; i < waiting.Count; i++)
            {
                comparison.Add(waiting[i].Expected, there.AsSpan(i * classes, classes), waiting[i].Image.Label);
            }

            waiting.Clear();
            progress.Report(comparison.Images, () => Invariant($"same class {comparison.Agreement:P2}"));
            return true;
        }

        foreach (ComparedImage image in images.SomeOthers(Most))
        {
            waiting.Add((image, FloatAnswers.Answer(here, image.Input, cancellationToken)));
            long count = waiting.Count * (long)sizeof(float);
            bool isFull =
                count * image.Input.Length >= BytesOfImages || count * waiting[0].Expected.Length >= BytesOfScores;
            if (isFull && !Send())
            {
                return null;
            }
        }

        return Send() ? comparison : null;
    }
}
