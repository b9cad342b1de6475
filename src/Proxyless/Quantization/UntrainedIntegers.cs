namespace Proxyless.Quantization;

/// <summary>
/// The integer form of a model whose answers do not matter, to time it: with ranges that were not learned from images,
/// and with the stem in float, which is no slower on any processor that was measured.
/// </summary>
internal static class UntrainedIntegers
{
    private const string Stem = "stem";

    // Any range takes the same time.
    private static readonly QuantizedRange Activated = QuantizedRange.Of(0, FloatLayer.Six);
    private static readonly QuantizedRange Linear = QuantizedRange.Of(-FloatLayer.Six, FloatLayer.Six);

    /// <summary>The layers that stay in float: the stem, if there is one.</summary>
    public static IReadOnlySet<string> InFloat(FloatModel model) =>
        model.Layers.Select(layer => layer.Name).Where(name => name == Stem).ToHashSet();

    /// <summary>Returns the integer form of a whole network or of a part.</summary>
    /// <param name="onnx">The bytes of an ONNX file; one with integers is returned as it is.</param>
    /// <exception cref="InvalidInputException">It has operations that cannot be quantized.</exception>
    public static byte[] Of(byte[] onnx)
    {
        const string Name = "the model";
        if (FloatModel.IsInteger(onnx, Name))
        {
            return onnx;
        }

        var model = FloatModel.Read(onnx, Name);
        var ranges = new Dictionary<string, QuantizedRange> { [model.FirstInput] = Linear };
        foreach (FloatLayer layer in model.Layers.Where(layer => !layer.IsClassifier))
        {
            ranges[layer.Output] =
                layer.IsActivated || layer.Node.OpType is "GlobalAveragePool" or "Flatten" ? Activated : Linear;
        }

        return QuantizedModel.Write(
            model,
            ranges,
            layer =>
                QuantizedWeights.Of(
                    model.Values(layer.Node.Input[1]),
                    model.Values(layer.Node.Input[2]),
                    ranges[layer.Node.Input[0]].Scale,
                    new QuantizationSettings().LargestWeight
                ),
            InFloat(model),
            new Dictionary<string, string> { [ModelQuantizer.PrecisionKey] = ModelQuantizer.Precision }
        );
    }
}
