using Proxyless.Export;
using Proxyless.Export.Onnx;

namespace Proxyless.Quantization;

/// <summary>Writes a model of floats as a model of integers.</summary>
internal sealed class QuantizedModel
{
    private readonly FloatModel _model;
    private readonly OnnxGraph _graph;
    private readonly QuantizedGraph _tensors;
    private readonly Func<FloatLayer, QuantizedWeights> _weights;
    private readonly HashSet<string> _constants = [];

    private QuantizedModel(
        FloatModel model,
        IReadOnlyDictionary<string, QuantizedRange> ranges,
        Func<FloatLayer, QuantizedWeights> weights
    )
    {
        _model = model;
        _graph = OnnxGraph.Like(model.Proto);
        _tensors = new QuantizedGraph(_graph, ranges);
        _weights = weights;
    }

    /// <summary>Writes the model.</summary>
    /// <param name="model">The model of floats.</param>
    /// <param name="ranges">The ranges of all tensors between layers.</param>
    /// <param name="weights">The integers of a layer.</param>
    /// <param name="inFloat">Names of the layers that stay in float.</param>
    /// <param name="metadata">More entries of the metadata.</param>
    /// <returns>The bytes of an ONNX file.</returns>
    public static byte[] Write(
        FloatModel model,
        IReadOnlyDictionary<string, QuantizedRange> ranges,
        Func<FloatLayer, QuantizedWeights> weights,
        IReadOnlySet<string> inFloat,
        IReadOnlyDictionary<string, string> metadata
    )
    {
        var written = new QuantizedModel(model, ranges, weights);
        written._tensors.HasFloats(model.Proto.Graph.Input[0].Name);
        var layers = model.Layers.ToDictionary(layer => layer.Node.Name);
        HashSet<string> activations = [.. model.Layers.Select(layer => layer.Activation?.Name ?? "")];
        foreach (NodeProto node in model.Proto.Graph.Node)
        {
            if (layers.TryGetValue(node.Name, out FloatLayer? layer))
            {
                if (inFloat.Contains(layer.Name))
                {
                    written.Copy(node);
                    if (layer.Activation is { } activation)
                    {
                        written.Copy(activation);
                    }
                }
                else
                {
                    written.Quantize(layer);
                }
            }
            else if (!activations.Contains(node.Name))
            {
                written.Copy(node);
            }
        }

        foreach ((string key, string value) in metadata)
        {
            written._graph.Metadata(key, value);
        }

        return written._graph.ToBytes();
    }

    /// <summary>Adds a node that is computed with floats.</summary>
    private void Copy(NodeProto node)
    {
        NodeProto copy = node.Clone();
        for (int i = 0; i < copy.Input.Count; i++)
        {
            if (_model.Constant(copy.Input[i]) is not { } constant)
            {
                copy.Input[i] = _tensors.Floats(copy.Input[i]);
            }
            else if (_constants.Add(constant.Name))
            {
                _graph.Add(constant);
            }
        }

        _graph.Add(copy);
        _tensors.HasFloats(copy.Output[0]);
    }

    /// <summary>
    /// Adds a layer that is computed with integers. The clip of an activation is that of the output's integers, which
    /// end at 0 and at 6.
    /// </summary>
    private void Quantize(FloatLayer layer)
    {
        NodeProto node = layer.Node.Clone();
        int data = layer.HasWeights ? 1 : node.Input.Count;
        for (int i = 0; i < data; i++)
        {
            node.Input[i] = _tensors.Rounded(node.Input[i]);
        }

        if (layer.HasWeights)
        {
            QuantizedWeights weights = _weights(layer);
            int[] sizes = _model.Sizes(node.Input[1]);
            int outputs = weights.Biases.Length;
            node.Input[1] = _tensors.Weights(
                node.Input[1],
                name => _graph.Constant(name, weights.Weights, sizes),
                weights.Scales,
                name => _graph.Constant(name, new sbyte[outputs], outputs)
            );
            node.Input[2] = _tensors.Weights(
                node.Input[2],
                name => _graph.Constant(name, weights.Biases, outputs),
                weights.BiasScales,
                name => _graph.Constant(name, new int[outputs], outputs)
            );
        }

        bool isOutput = layer.Output == _model.Proto.Graph.Output[0].Name;
        if (isOutput && !layer.IsClassifier)
        {
            // The last layer of a part of a network, whose integers become the output.
            node.Name = node.Output[0] = $"{layer.Output}.sums";
        }

        _graph.Add(node);
        if (layer.IsClassifier)
        {
            _tensors.HasFloats(layer.Output);
            return;
        }

        _tensors.Quantize(layer.Output, node.Output[0]);
        if (isOutput)
        {
            _tensors.Finish(layer.Output);
        }
    }
}
