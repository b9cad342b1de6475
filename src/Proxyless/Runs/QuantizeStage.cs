using System.Globalization;
using Proxyless.Files;
using Proxyless.Latency;
using Proxyless.Quantization;

namespace Proxyless.Runs;

/// <summary>Makes an integer model, compares it with the model of floats, and writes it.</summary>
internal static class QuantizeStage
{
    // The noise of a layer is an average over all its pixels.
    private const int ImagesOfNoise = 16;

    /// <summary>Quantizes a model.</summary>
    /// <param name="options">How.</param>
    /// <param name="model">The model of floats.</param>
    /// <param name="kept">Names of the layers that stay in float; null: what measures best.</param>
    /// <param name="images">The images.</param>
    /// <param name="target">Where the model will run.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <param name="observer">Receives progress and decisions.</param>
    /// <param name="cancellationToken">Stops before anything is written.</param>
    public static QuantizeResult Run(
        QuantizeOptions options,
        FloatModel model,
        IReadOnlySet<string>? kept,
        QuantizeImages images,
        ITarget target,
        int threads,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        byte[] onnx = model.Onnx;

        // Before the images, which may take minutes: a target that cannot be used loses nothing.
        int bits = options.WeightBits ?? WeightBitsOf(target, observer, cancellationToken);
        var timer = target as IModelTimer;
        double? floatMs = timer?.Time(onnx, cancellationToken).QuietMs;
        var quantizer = new ModelQuantizer(
            model,
            Calibration.Observe(model, images.Calibration, threads, observer, cancellationToken)
        );
        var settings = new QuantizationSettings { Ranges = options.Ranges, WeightBits = bits };
        settings = settings with
        {
            InFloat =
                kept
                ?? (
                    timer is null
                        ? FloatLayers.Unmeasured(model, target, observer)
                        : FloatLayers.Measured(
                            quantizer,
                            settings,
                            new FloatAnswers(onnx, images.Calibration, threads, observer, cancellationToken),
                            timer,
                            floatMs!.Value,
                            observer,
                            cancellationToken
                        )
                ),
        };
        Dictionary<string, string> Metadata(long steps) => MetadataOf(settings, images.Calibration.Count, steps);
        byte[] made = quantizer.Quantize(settings, Metadata(0));
        long qatSteps = 0;
        if (images.Training is { } training)
        {
            var tuning = new IntegerFineTuning(quantizer, training, threads, observer, cancellationToken);
            (made, qatSteps) = tuning.Improve(made, settings, options.QatEpochs, Metadata);
        }

        AnswerComparison comparison = Compare(onnx, made, images, threads, observer, cancellationToken);
        IReadOnlyList<LayerNoise> layers = LayerNoise.Of(
            model,
            made,
            settings.InFloat,
            [.. images.Calibration.Take(ImagesOfNoise)],
            threads,
            observer,
            cancellationToken
        );
        TargetAccuracy? onTarget = TargetAnswers.Of(target, made, images, threads, observer, cancellationToken);
        double? integerMs = timer?.Compare(made, onnx, floatMs!.Value, cancellationToken).QuietMs;
        cancellationToken.ThrowIfCancellationRequested();
        AtomicFile.WriteAllBytes(options.Out, made);
        return new QuantizeResult
        {
            Model = options.Out,
            FloatModel = model.File,
            Bytes = made.Length,
            FloatBytes = onnx.Length,
            LatencyMs = integerMs,
            FloatLatencyMs = floatMs,
            InFloat = [.. model.Layers.Select(layer => layer.Name).Where(settings.InFloat.Contains)],
            WeightBits = settings.WeightBits,
            Ranges = settings.Ranges,
            QatSteps = qatSteps,
            CalibrationImages = images.Calibration.Count,
            ComparedImages = comparison.Images,
            Agreement = comparison.Agreement,
            ScoreError = comparison.Error,
            Top1 = comparison.Top1,
            FloatTop1 = comparison.ExpectedTop1,
            OnTarget = onTarget,
            Layers = layers,
        };
    }

    private static AnswerComparison Compare(
        byte[] floats,
        byte[] integers,
        QuantizeImages images,
        int threads,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        AnswerComparison comparison = ImageComparison.Of(
            floats,
            integers,
            images.Others,
            images.OthersCount,
            threads,
            observer,
            cancellationToken
        );
        return comparison.Images > 0
            ? comparison
            : throw new InvalidInputException(
                "no image is left that can be read and was not for calibration, so that the integer model cannot be "
                    + "compared with the model of floats; give more images"
            );
    }

    private static int WeightBitsOf(ITarget target, IRunObserver observer, CancellationToken cancellationToken)
    {
        (target as IAskedTarget)?.Ask(cancellationToken);
        switch ((target as IProcessorTarget)?.SaturatesIntegers)
        {
            case true:
                observer.Message(
                    $"the processor of target '{target.Name}' has no VNNI, where sums of 8-bit products saturate: "
                        + $"weights get {QuantizationSettings.BitsWhereSaturated} bits"
                );
                return QuantizationSettings.BitsWhereSaturated;
            case null:
                observer.Message(
                    $"target '{target.Name}' does not say whether its processor has VNNI; if it is an x86 processor "
                        + $"without, set QuantizeOptions.WeightBits to {QuantizationSettings.BitsWhereSaturated}"
                );
                break;
        }

        return QuantizationSettings.Bits;
    }

    /// <summary>What an integer model says of itself.</summary>
    /// <param name="settings">How it was made.</param>
    /// <param name="images">Images for calibration.</param>
    /// <param name="qatSteps">Steps of quantization-aware training.</param>
    internal static Dictionary<string, string> MetadataOf(QuantizationSettings settings, int images, long qatSteps) =>
        new()
        {
            [ModelQuantizer.PrecisionKey] = ModelQuantizer.Precision,
            [$"{ModelQuantizer.Prefix}ranges"] = settings.Ranges.ToString(),
            [$"{ModelQuantizer.Prefix}weight_bits"] = settings.WeightBits.ToString(CultureInfo.InvariantCulture),
            [$"{ModelQuantizer.Prefix}images"] = images.ToString(CultureInfo.InvariantCulture),
            [$"{ModelQuantizer.Prefix}qat_steps"] = qatSteps.ToString(CultureInfo.InvariantCulture),
            [$"{ModelQuantizer.Prefix}in_float"] = string.Join(' ', settings.InFloat),
        };
}
