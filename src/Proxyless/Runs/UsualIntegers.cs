using Proxyless.Latency;
using Proxyless.Quantization;

namespace Proxyless.Runs;

/// <summary>Integer models whose layers in float are known beforehand, so that nothing is measured.</summary>
internal static class UsualIntegers
{
    /// <summary>Quantizes a model.</summary>
    /// <param name="onnx">The bytes of a model of floats.</param>
    /// <param name="inFloat">The layers that stay in float.</param>
    /// <param name="weightBits">Bits of the weights.</param>
    /// <param name="calibration">Inputs from which the ranges are learned.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <param name="observer">Receives progress.</param>
    /// <param name="cancellationToken">Stops between two images.</param>
    /// <returns>The bytes of the integer model.</returns>
    public static byte[] Of(
        byte[] onnx,
        Func<FloatModel, IReadOnlySet<string>> inFloat,
        int weightBits,
        IReadOnlyList<float[]> calibration,
        int threads,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(inFloat);
        ArgumentNullException.ThrowIfNull(calibration);
        var model = FloatModel.Read(onnx, "model.onnx");
        var quantizer = new ModelQuantizer(
            model,
            Calibration.Observe(model, calibration, threads, observer, cancellationToken)
        );
        var settings = new QuantizationSettings { InFloat = inFloat(model), WeightBits = weightBits };
        return quantizer.Quantize(settings, QuantizeStage.MetadataOf(settings, calibration.Count, 0));
    }

    /// <summary>The same with the layers in float that integer models have whose answers do not matter.</summary>
    /// <param name="onnx">The bytes of a model of floats.</param>
    /// <param name="weightBits">Bits of the weights.</param>
    /// <param name="calibration">Inputs from which the ranges are learned.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <param name="observer">Receives progress.</param>
    /// <param name="cancellationToken">Stops between two images.</param>
    /// <returns>The bytes of the integer model: its latency is that of an untrained one.</returns>
    public static byte[] AsTimed(
        byte[] onnx,
        int weightBits,
        IReadOnlyList<float[]> calibration,
        int threads,
        IRunObserver observer,
        CancellationToken cancellationToken
    ) => Of(onnx, UntrainedIntegers.InFloat, weightBits, calibration, threads, observer, cancellationToken);

    /// <summary>The bits of weights for models that run on this processor, and are made for others.</summary>
    /// <param name="targets">Where the models are for.</param>
    public static int WeightBitsFor(IEnumerable<ITarget> targets)
    {
        using ITarget here = TargetFile.Open(new TargetOptions().Name);
        return targets.Append(here).Any(target => target is IProcessorTarget { SaturatesIntegers: true })
            ? QuantizationSettings.BitsWhereSaturated
            : QuantizationSettings.Bits;
    }
}
