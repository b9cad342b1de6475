using Proxyless.Latency;
using Proxyless.Measurement;
using Proxyless.Quantization;

namespace Proxyless.Runs;

/// <summary>Runs an integer model on the processor of its target, and here.</summary>
internal static class TargetAnswers
{
    /// <summary>The most images that are sent: an accuracy is then known to a point or two.</summary>
    public const int Most = 500;

    // Of the images of one call.
    private const int Bytes = 8 << 20;
    private const int MostOfCall = 256;

    /// <summary>Compares the answers.</summary>
    /// <param name="target">The target.</param>
    /// <param name="model">The integer model.</param>
    /// <param name="images">The images, of which the first <see cref="Most"/> are used.</param>
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
            return Compare(runner, model, images, threads, observer, cancellationToken);
        }
        catch (Exception exception) when (exception is InvalidInputException or TargetUnavailableException)
        {
            // The model is there, with its accuracy here.
            observer.Warning($"the integer model's accuracy on target '{target.Name}' is unknown: {exception.Message}");
            return null;
        }
    }

    private static TargetAccuracy? Compare(
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
        foreach (ComparedImage[] some in Parts(images.Others.Take(Most)))
        {
            float[] inputs = [.. some.SelectMany(image => image.Input)];
            if (runner.Answer(model, inputs, some.Length, cancellationToken) is not { } there)
            {
                return null;
            }

            int classes = there.Length / some.Length;
            for (int i = 0; i < some.Length; i++)
            {
                float[] expected = FloatAnswers.Answer(here, some[i].Input, cancellationToken);
                if (expected.Length != classes)
                {
                    throw new InvalidInputException(
                        $"it answers with {there.Length} numbers for {some.Length} images of {expected.Length} classes"
                    );
                }

                comparison.Add(expected, there.AsSpan(i * classes, classes), some[i].Label);
            }

            progress.Report(comparison.Images, () => Invariant($"same class {comparison.Agreement:P2}"));
        }

        return comparison.Images == 0
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

    private static IEnumerable<ComparedImage[]> Parts(IEnumerable<ComparedImage> images)
    {
        var part = new List<ComparedImage>();
        foreach (ComparedImage image in images)
        {
            part.Add(image);
            if (part.Count == MostOfCall || (long)part.Count * image.Input.Length * sizeof(float) >= Bytes)
            {
                yield return [.. part];
                part.Clear();
            }
        }

        if (part.Count > 0)
        {
            yield return [.. part];
        }
    }
}
