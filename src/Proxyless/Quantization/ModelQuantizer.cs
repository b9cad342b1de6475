namespace Proxyless.Quantization;

/// <summary>Makes integer models of one model of floats.</summary>
internal sealed class ModelQuantizer(FloatModel model, IReadOnlyDictionary<string, TensorStatistics> statistics)
{
    /// <summary>The metadata key of the precision.</summary>
    public const string PrecisionKey = "precision";

    /// <summary>The value of <see cref="PrecisionKey"/> of integer models; models of floats have none.</summary>
    public const string Precision = "int8";

    /// <summary>The prefix of the metadata keys that tell how a model was quantized.</summary>
    public const string Prefix = "quantization.";

    private readonly Dictionary<RangeMethod, IReadOnlyDictionary<string, QuantizedRange>> _ranges = [];

    /// <summary>The model of floats.</summary>
    public FloatModel Model => model;

    /// <summary>Makes an integer model.</summary>
    /// <param name="settings">How.</param>
    /// <param name="metadata">More entries of the metadata.</param>
    public byte[] Quantize(QuantizationSettings settings, IReadOnlyDictionary<string, string> metadata)
    {
        IReadOnlyDictionary<string, QuantizedRange> ranges = RangesBy(settings.Ranges);
        return QuantizedModel.Write(
            model,
            ranges,
            layer => WeightsOf(layer, ranges, settings),
            settings.InFloat,
            metadata
        );
    }

    /// <summary>Makes an integer model of weights that were trained as integers.</summary>
    /// <param name="settings">How the training began.</param>
    /// <param name="network">The network of the same model and settings.</param>
    /// <param name="metadata">More entries of the metadata.</param>
    public byte[] Quantize(
        QuantizationSettings settings,
        RoundedNetwork network,
        IReadOnlyDictionary<string, string> metadata
    ) => QuantizedModel.Write(model, RangesBy(settings.Ranges), network.WeightsOf, settings.InFloat, metadata);

    /// <summary>The integers of a layer's weights and biases.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="ranges">From <see cref="RangesBy"/>.</param>
    /// <param name="settings">How.</param>
    public QuantizedWeights WeightsOf(
        FloatLayer layer,
        IReadOnlyDictionary<string, QuantizedRange> ranges,
        QuantizationSettings settings
    )
    {
        float[] weights = model.Values(layer.Node.Input[1]);
        float[] biases = model.Values(layer.Node.Input[2]);
        string input = layer.Node.Input[0];
        var rounded = QuantizedWeights.Of(weights, biases, ranges[input].Scale, settings.LargestWeight);
        if (!settings.CorrectsBiases)
        {
            return rounded;
        }

        IReadOnlyList<double> means = statistics[input].Means;
        int each = weights.Length / biases.Length;
        int taps = layer.IsClassifier ? 1 : Taps(layer);
        bool depthwise = layer.Attribute("group", 1) > 1;
        for (int o = 0; o < biases.Length; o++)
        {
            double error = 0;
            for (int i = 0; i < each; i++)
            {
                int at = (o * each) + i;
                double difference = (rounded.Weights[at] * (double)rounded.Scales[o]) - weights[at];
                error += difference * means[depthwise ? o : i / taps];
            }

            biases[o] -= (float)error;
        }

        return QuantizedWeights.Of(weights, biases, ranges[input].Scale, settings.LargestWeight);
    }

    /// <summary>What 8 bits of a layer's output tell apart: the share 1 / 255 of all that calibration saw.</summary>
    public double StepOf(FloatLayer layer) => statistics[layer.Output].RangeBy(RangeMethod.MinMax).Scale;

    private int Taps(FloatLayer layer)
    {
        int[] sizes = model.Sizes(layer.Node.Input[1]);
        return sizes[2] * sizes[3];
    }

    /// <summary>The ranges of all tensors between layers.</summary>
    /// <param name="method">How they are chosen.</param>
    public IReadOnlyDictionary<string, QuantizedRange> RangesBy(RangeMethod method)
    {
        // Sought once: they are the same for every choice of layers in float.
        if (!_ranges.TryGetValue(method, out IReadOnlyDictionary<string, QuantizedRange>? known))
        {
            _ranges[method] = known = FindRanges(method);
        }

        return known;
    }

    private Dictionary<string, QuantizedRange> FindRanges(RangeMethod method)
    {
        var ranges = new Dictionary<string, QuantizedRange>
        {
            [model.FirstInput] = statistics[model.FirstInput].RangeBy(method),
        };
        foreach (FloatLayer layer in model.Layers.Where(layer => !layer.IsClassifier))
        {
            ranges[layer.Output] =
                layer.Node.OpType == "Flatten" ? ranges[layer.Node.Input[0]]
                : layer.IsActivated
                    ? QuantizedRange.Of(0, Math.Min(statistics[layer.Output].RangeBy(method).High, layer.Bound))
                : statistics[layer.Output].RangeBy(method);
        }

        return ranges;
    }
}
