using Proxyless.Inference;

namespace Proxyless.Runs;

/// <summary>Classifies photos with a model.</summary>
internal static class PredictStage
{
    /// <summary>Returns the most probable classes of each photo.</summary>
    /// <param name="model">The ONNX file.</param>
    /// <param name="images">Image files and folders.</param>
    /// <param name="top">Number of classes per photo.</param>
    /// <param name="maxPixels">The most pixels, width times height, of an image that is read.</param>
    /// <param name="observer">
    /// Receives progress reports if it takes more than two seconds, and is told of ignored files.
    /// </param>
    /// <param name="cancellationToken">Stops between two images.</param>
    /// <exception cref="InvalidInputException">It is not a model, or its scores are not finite.</exception>
    public static IReadOnlyList<Prediction> Run(
        string model,
        IReadOnlyList<string> images,
        int top,
        long maxPixels,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        using OnnxClassifier classifier = EvaluateStage.Load(model, threads: 1);
        IReadOnlyList<(string Path, string? Error)> files = PhotoFiles.Of(images, observer);
        var predictions = new List<Prediction>(files.Count);
        var progress = new Progress(observer, "predict", 0, files.Count, Progress.Unreported);
        foreach ((string path, string? error) in files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            predictions.Add(Predict(classifier, path, error, top, maxPixels));
            progress.Report(predictions.Count, "");
        }

        return predictions;
    }

    private static Prediction Predict(OnnxClassifier classifier, string path, string? error, int top, long maxPixels)
    {
        try
        {
            (IReadOnlyList<ClassProbability>? classes, string? complaint) = PhotoFiles.Read(
                path,
                error,
                encoded => classifier.Classify(encoded, path, top, maxPixels)
            );
            return new Prediction(path, classes ?? []) { Error = complaint };
        }
        catch (InvalidDataException exception)
        {
            // Of the model, and not of the photo.
            throw new InvalidInputException(exception.Message, exception);
        }
    }
}
