using Proxyless.Measurement;

namespace Proxyless.Quantization;

/// <summary>Looks at the tensors between the layers of a model on some images.</summary>
internal static class Calibration
{
    /// <summary>
    /// Returns the statistics of the input of the first layer and of every layer's output, by tensor.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="images">Inputs of the model, one image each.</param>
    /// <param name="threads">Threads that run it.</param>
    /// <param name="observer">Receives progress.</param>
    /// <param name="cancellationToken">Stops between two images.</param>
    /// <exception cref="InvalidInputException">The model computes numbers that are not finite.</exception>
    public static IReadOnlyDictionary<string, TensorStatistics> Observe(
        FloatModel model,
        IReadOnlyList<float[]> images,
        int threads,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        string[] tensors = [model.FirstInput, .. model.Layers.Select(layer => layer.Output)];
        using var probe = new OnnxProbe(model.With(tensors), threads, optimized: true);
        var statistics = probe.Outputs.ToDictionary(name => name, _ => new TensorStatistics());

        // Each image is run twice.
        var progress = new Progress(observer, "calibrate", 0, 2 * images.Count, Progress.Unreported);
        for (int i = 0; i < 2 * images.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            bool first = i < images.Count;
            probe.Run(
                images[i % images.Count],
                1,
                (output, shape, values) =>
                {
                    TensorStatistics own = statistics[probe.Outputs[output]];
                    if (first)
                    {
                        own.Bound(shape, values);
                    }
                    else
                    {
                        own.Count(values);
                    }
                }
            );
            progress.Report(i + 1, "");
            if (i == images.Count - 1)
            {
                RequireFinite(model, statistics);
            }
        }

        return statistics;
    }

    private static void RequireFinite(FloatModel model, Dictionary<string, TensorStatistics> statistics)
    {
        if (statistics.FirstOrDefault(own => !own.Value.IsFinite).Key is { } tensor)
        {
            throw new InvalidInputException(
                $"'{model.File}': the numbers of '{tensor}' are not finite; its weights are damaged, export it again"
            )
            {
                File = model.File,
            };
        }
    }
}
