using Proxyless.Export.Onnx;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;
using static TorchSharp.torch;

namespace Proxyless.Quantization;

/// <summary>
/// A model of integers as a network of rounded floats, whose weights can be trained: it computes what the integer model
/// computes, except for the order of sums.
/// </summary>
internal sealed class RoundedNetwork : IDisposable
{
    private readonly FloatModel _model;
    private readonly IReadOnlyDictionary<string, QuantizedRange> _ranges;
    private readonly IReadOnlySet<string> _inFloat;
    private readonly Dictionary<string, FloatLayer> _layers;
    private readonly Dictionary<string, RoundedWeights> _weights = [];
    private readonly Dictionary<string, Tensor> _constants = [];

    /// <summary>Begins with the integers of a quantized model.</summary>
    /// <param name="quantizer">The model of floats with its statistics.</param>
    /// <param name="settings">How it was quantized.</param>
    public RoundedNetwork(ModelQuantizer quantizer, QuantizationSettings settings)
    {
        ArgumentNullException.ThrowIfNull(quantizer);
        ArgumentNullException.ThrowIfNull(settings);
        _model = quantizer.Model;
        _ranges = quantizer.RangesBy(settings.Ranges);
        _inFloat = settings.InFloat;
        _layers = _model.Layers.ToDictionary(layer => layer.Node.Name);
        foreach (FloatLayer layer in _model.Layers)
        {
            if (!layer.HasWeights || _inFloat.Contains(layer.Name))
            {
                continue;
            }

            string weight = layer.Node.Input[1];
            _weights[layer.Name] = new RoundedWeights(
                layer.Name,
                quantizer.WeightsOf(layer, _ranges, settings),
                _model.Values(weight),
                ShapeOf(weight),
                quantizer.StepOf(layer),
                settings.LargestWeight
            );
        }
    }

    /// <summary>What is trained.</summary>
    public IEnumerable<NetworkTensor> Tensors =>
        _weights.Values.SelectMany(weights => new[] { weights.Weight, weights.Bias });

    /// <summary>The integers of a layer that is not in float.</summary>
    public QuantizedWeights WeightsOf(FloatLayer layer) => _weights[layer.Name].ToIntegers();

    /// <summary>The scores of the classes.</summary>
    /// <param name="images">[N, C, H, W], as the model takes them; not disposed of.</param>
    /// <returns>[N, classes].</returns>
    public Tensor Forward(Tensor images)
    {
        using var scope = NewDisposeScope();
        var floats = new Dictionary<string, Tensor> { [_model.Proto.Graph.Input[0].Name] = images };
        var rounded = new Dictionary<string, Tensor>();
        Tensor Rounded(string name)
        {
            if (!rounded.TryGetValue(name, out Tensor? found))
            {
                rounded[name] = found = RoundedPass.Run(floats[name], KernelOf(name));
            }

            return found;
        }

        Tensor Floats(string name) => floats.TryGetValue(name, out Tensor? found) ? found : rounded[name];

        foreach (NodeProto node in _model.Proto.Graph.Node)
        {
            if (_layers.TryGetValue(node.Name, out FloatLayer? layer) && !_inFloat.Contains(layer.Name))
            {
                Tensor output = Compute(node, Rounded, _weights.GetValueOrDefault(layer.Name));
                if (layer.IsClassifier)
                {
                    floats[layer.Output] = output;
                }
                else
                {
                    rounded[layer.Output] = RoundedPass.Run(output, KernelOf(layer.Output));
                }
            }
            else if (!rounded.ContainsKey(node.Output[0]))
            {
                // What is left out is the activation of a layer of integers: it is in the ends of its integers.
                floats[node.Output[0]] = Compute(node, Floats, weights: null);
            }
        }

        return Floats(_model.Proto.Graph.Output[0].Name).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (RoundedWeights weights in _weights.Values)
        {
            weights.Dispose();
        }

        foreach (Tensor constant in _constants.Values)
        {
            constant.Dispose();
        }
    }

    private RoundingKernel KernelOf(string tensor) =>
        new(_ranges[tensor].Scale, _ranges[tensor].Low, _ranges[tensor].High);

    private Tensor Compute(NodeProto node, Func<string, Tensor> input, RoundedWeights? weights)
    {
        Tensor x = input(node.Input[0]);
        Tensor Weight() => weights?.Weights() ?? ConstantOf(node.Input[1]);
        Tensor Bias() => weights?.Biases() ?? ConstantOf(node.Input[2]);
        return node.OpType switch
        {
            "Sub" => x.sub(ConstantOf(node.Input[1])),
            "Div" => x.div(ConstantOf(node.Input[1])),
            "Conv" => Convolve(node, x, Weight(), Bias()),
            "Gemm" => nn.functional.linear(x, Weight(), Bias()),
            "Add" => WithScalar.Sum(x, input(node.Input[1])),
            "GlobalAveragePool" => x.mean([2, 3], keepdim: true),
            "Flatten" => x.flatten(1),
            "Relu" => x.relu(),
            "Clip" => x.relu6(),
            _ => throw new InvalidOperationException($"'{node.OpType}' is not an operation of a model that was read"),
        };
    }

    private static Tensor Convolve(NodeProto node, Tensor x, Tensor weight, Tensor bias)
    {
        long[] Values(string name) => [.. node.Attribute.Single(attribute => attribute.Name == name).Ints];

        // Before and after the rows, before and after the columns, as libtorch counts them: the last dimension first.
        long[] pads = Values("pads");
        bool isCentered = pads[0] == pads[2] && pads[1] == pads[3];
        Tensor padded = isCentered ? x : nn.functional.pad(x, [pads[1], pads[3], pads[0], pads[2]]);
        return nn.functional.conv2d(
            padded,
            weight,
            bias,
            Values("strides"),
            isCentered ? [pads[0], pads[1]] : [0, 0],
            null,
            node.Attribute.Single(attribute => attribute.Name == "group").I
        );
    }

    private long[] ShapeOf(string constant) => [.. _model.Sizes(constant).Select(size => (long)size)];

    private Tensor ConstantOf(string name)
    {
        if (!_constants.TryGetValue(name, out Tensor? constant))
        {
            long[] sizes = ShapeOf(name);
            using Tensor values = tensor(_model.Values(name), sizes);
            constant = (
                sizes.Length == 4 ? MemoryLayout.ChannelsLast(values) : values.alias()
            ).DetachFromDisposeScope();
            _constants[name] = constant;
        }

        return constant;
    }
}
