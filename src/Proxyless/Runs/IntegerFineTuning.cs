using Proxyless.Data;
using Proxyless.Quantization;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>Decides whether an integer model is trained, trains it, and keeps what is nearer to the floats.</summary>
internal sealed class IntegerFineTuning(
    ModelQuantizer quantizer,
    QatImages images,
    int threads,
    IRunObserver observer,
    CancellationToken cancellationToken
)
{
    /// <summary>Steps where nobody asked for a number of epochs.</summary>
    public const long UsualSteps = 200;

    // Of all images; and a number that is hardly chance.
    private const double LossOfTraining = 0.005;
    private const int FewestLost = 3;

    /// <summary>Improves an integer model.</summary>
    /// <param name="made">The model as quantized.</param>
    /// <param name="settings">How it was quantized.</param>
    /// <param name="epochs">Epochs; null to decide.</param>
    /// <param name="metadata">Entries of the metadata for the steps that were trained.</param>
    /// <returns>The better model, and its steps of training.</returns>
    public (byte[] Model, long Steps) Improve(
        byte[] made,
        QuantizationSettings settings,
        double? epochs,
        Func<long, IReadOnlyDictionary<string, string>> metadata
    )
    {
        ArgumentNullException.ThrowIfNull(metadata);
        if (epochs == 0)
        {
            return (made, 0);
        }

        AnswerComparison before = Judge(made);
        string judged = Invariant($"of {before.Images} {images.JudgedKind} images the integers lose {before.Lost}");
        if (epochs is null && !LosesMuch(before))
        {
            observer.Message(
                Invariant($"{judged}: no quantization-aware training (from {FewestLost} on, if they are over ")
                    + Invariant($"{100 * LossOfTraining:0.0} %)")
            );
            return (made, 0);
        }

        using BatchLoader batches = images.Batches();
        long steps = epochs is { } asked ? Math.Max(1, (long)(asked * batches.BatchesPerEpoch)) : UsualSteps;
        observer.Message($"{judged}: {steps} steps of quantization-aware training");
        byte[] trained;
        try
        {
            trained = Train(settings, batches, steps, metadata(steps));
        }
        catch (TrainingDivergedException exception) when (epochs is null)
        {
            observer.Warning($"quantization-aware training has failed, and the integers stay: {exception.Message}");
            return (made, 0);
        }

        AnswerComparison after = Judge(trained);
        bool isBetter = after.Error < before.Error;
        observer.Message(
            Invariant($"quantization-aware training: error of the scores {before.Error:0.000} to {after.Error:0.000}, ")
                + Invariant($"top-1 {100 * ((after.Top1 ?? 0) - (before.Top1 ?? 0)):+0.00;-0.00;0.00} points: ")
                + (isBetter ? "kept" : "not kept")
        );
        return isBetter ? (trained, steps) : (made, 0);
    }

    /// <summary>Whether the integers lose so much that they are trained without being asked for.</summary>
    internal static bool LosesMuch(AnswerComparison comparison) =>
        comparison.Lost >= FewestLost && comparison.Lost > LossOfTraining * comparison.Images;

    private byte[] Train(
        QuantizationSettings settings,
        BatchLoader batches,
        long steps,
        IReadOnlyDictionary<string, string> metadata
    )
    {
        using var network = new RoundedNetwork(quantizer, settings);
        using var training = new RoundedTraining(network, quantizer.Model, steps, threads);
        var progress = new Progress(observer, "train integers", 0, steps, Progress.Unreported);
        long done = 0;
        for (int epoch = 0; done < steps; epoch++)
        {
            foreach (Batch batch in batches.Epoch(epoch, 0, cancellationToken).Take((int)(steps - done)))
            {
                using (batch)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    double error = training.Step(ModelInput.Of(batch), (int)batch.Labels.shape[0]);
                    progress.Report(++done, Invariant($"error {error:0.000}"));
                }
            }
        }

        return quantizer.Quantize(settings, network, metadata);
    }

    private AnswerComparison Judge(byte[] model) =>
        ImageComparison.Of(
            quantizer.Model.Onnx,
            model,
            images.Judged,
            images.JudgedCount,
            threads,
            observer,
            cancellationToken
        );
}
