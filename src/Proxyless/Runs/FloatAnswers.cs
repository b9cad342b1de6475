using Proxyless.Measurement;
using Proxyless.Quantization;

namespace Proxyless.Runs;

/// <summary>What the model of floats says of some images, to compare integer models with.</summary>
internal sealed class FloatAnswers
{
    private readonly IReadOnlyList<float[]> _images;
    private readonly float[][] _answers;
    private readonly int _threads;

    /// <summary>Runs the model of floats.</summary>
    /// <param name="model">Its bytes.</param>
    /// <param name="images">Inputs, one image each.</param>
    /// <param name="threads">Threads that run it.</param>
    /// <param name="observer">Receives progress.</param>
    /// <param name="cancellationToken">Stops between two images.</param>
    public FloatAnswers(
        byte[] model,
        IReadOnlyList<float[]> images,
        int threads,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        Model = model;
        _images = images;
        _threads = threads;
        using var probe = new OnnxProbe(model, threads, optimized: true);
        _answers = new float[images.Count][];
        var progress = new Progress(observer, "answers", 0, images.Count, Progress.Unreported);
        for (int i = 0; i < _answers.Length; i++)
        {
            _answers[i] = Answer(probe, images[i], cancellationToken);
            progress.Report(i + 1, "of the model of floats");
        }
    }

    /// <summary>The bytes of the model of floats.</summary>
    public byte[] Model { get; }

    /// <summary>Compares another model on the same images.</summary>
    /// <param name="other">Its bytes.</param>
    /// <param name="cancellationToken">Stops between two images.</param>
    public AnswerComparison Compare(byte[] other, CancellationToken cancellationToken)
    {
        using var probe = new OnnxProbe(other, _threads, optimized: true);
        var comparison = new AnswerComparison();
        for (int i = 0; i < _images.Count; i++)
        {
            comparison.Add(_answers[i], Answer(probe, _images[i], cancellationToken), label: null);
        }

        return comparison;
    }

    /// <summary>Runs a model on one image.</summary>
    public static float[] Answer(OnnxProbe probe, float[] image, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        float[] scores = [];
        probe.Run(image, 1, (_, _, values) => scores = values.ToArray());
        return scores;
    }
}
