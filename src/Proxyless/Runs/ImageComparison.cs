using Proxyless.Measurement;
using Proxyless.Quantization;

namespace Proxyless.Runs;

/// <summary>Runs a model of floats and its integer model on the same images.</summary>
internal static class ImageComparison
{
    /// <summary>Compares the scores.</summary>
    /// <param name="floats">The model of floats.</param>
    /// <param name="integers">The integer model.</param>
    /// <param name="images">The images.</param>
    /// <param name="count">Their number, for the progress.</param>
    /// <param name="threads">Threads that run the models.</param>
    /// <param name="observer">Receives progress.</param>
    /// <param name="cancellationToken">Stops between two images.</param>
    public static AnswerComparison Of(
        byte[] floats,
        byte[] integers,
        IEnumerable<ComparedImage> images,
        int count,
        int threads,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(images);
        using var first = new OnnxProbe(floats, threads, optimized: true);
        using var second = new OnnxProbe(integers, threads, optimized: true);
        var comparison = new AnswerComparison();
        var progress = new Progress(observer, "compare", 0, count, Progress.Unreported);
        foreach (ComparedImage image in images)
        {
            comparison.Add(
                FloatAnswers.Answer(first, image.Input, cancellationToken),
                FloatAnswers.Answer(second, image.Input, cancellationToken),
                image.Label
            );
            progress.Report(comparison.Images, () => Invariant($"same class {comparison.Agreement:P2}"));
        }

        return comparison;
    }
}
