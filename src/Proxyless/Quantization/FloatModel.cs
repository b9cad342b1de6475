using System.Runtime.InteropServices;
using Google.Protobuf;
using Proxyless.Export.Onnx;

namespace Proxyless.Quantization;

/// <summary>A model of floats that Proxyless exported, read as layers that can be computed with integers.</summary>
internal sealed class FloatModel
{
    private static readonly string[] OfInput = ["Sub", "Div"];
    private static readonly string[] OfLayers = ["Conv", "Add", "GlobalAveragePool", "Flatten", "Gemm"];
    private static readonly string[] OfActivation = ["Clip", "Relu"];

    private readonly Dictionary<string, TensorProto> _constants;

    private FloatModel(ModelProto proto, string file)
    {
        Proto = proto;
        _constants = proto.Graph.Initializer.ToDictionary(tensor => tensor.Name);
        var activations = proto
            .Graph.Node.Where(node => OfActivation.Contains(node.OpType))
            .ToDictionary(node => node.Input[0]);
        foreach (NodeProto node in proto.Graph.Node)
        {
            Require(node, file);
        }

        Layers =
        [
            .. proto
                .Graph.Node.Where(node => OfLayers.Contains(node.OpType))
                .Select(node => new FloatLayer(NameOf(node), node, activations.GetValueOrDefault(node.Output[0]))),
        ];
        if (proto.Graph.Input.Count != 1 || proto.Graph.Output.Count != 1 || !Layers.Any(layer => layer.HasWeights))
        {
            throw new InvalidInputException(
                $"'{file}' is not a network of one input, convolutions and one output; give a model that Proxyless "
                    + "exported"
            );
        }

        foreach (FloatLayer layer in Layers.Where(layer => layer.HasWeights))
        {
            if (layer.Node.Input.Count != 3 || !layer.Node.Input.Skip(1).All(_constants.ContainsKey))
            {
                throw new InvalidInputException(
                    $"'{file}': layer '{layer.Name}' has no constant weight and bias; give a model that Proxyless "
                        + "exported"
                );
            }
        }
    }

    /// <summary>The model as read; not changed.</summary>
    public ModelProto Proto { get; }

    /// <summary>The layers in the order of their execution.</summary>
    public IReadOnlyList<FloatLayer> Layers { get; }

    /// <summary>Whether a model is one of integers already.</summary>
    /// <param name="onnx">The bytes of an ONNX file.</param>
    public static bool IsInteger(byte[] onnx) =>
        ModelProto.Parser.ParseFrom(onnx).Graph.Node.Any(node => node.OpType is "QuantizeLinear" or "DequantizeLinear");

    /// <summary>Reads a model.</summary>
    /// <param name="onnx">The bytes of an ONNX file.</param>
    /// <param name="file">Its name in messages.</param>
    /// <exception cref="InvalidInputException">
    /// It is no ONNX file, an integer model, or has an operation that Proxyless does not export.
    /// </exception>
    public static FloatModel Read(byte[] onnx, string file)
    {
        ArgumentNullException.ThrowIfNull(onnx);
        ModelProto proto;
        try
        {
            proto = ModelProto.Parser.ParseFrom(onnx);
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new InvalidInputException($"'{file}' is not an ONNX model: {exception.Message}", exception)
            {
                File = file,
            };
        }

        return proto.Graph is null
            ? throw new InvalidInputException($"'{file}' is not an ONNX model: it has no graph") { File = file }
            : new FloatModel(proto, file);
    }

    /// <summary>The values of a constant.</summary>
    public float[] Values(string constant) =>
        MemoryMarshal.Cast<byte, float>(_constants[constant].RawData.Span).ToArray();

    /// <summary>The sizes of a constant.</summary>
    public int[] Sizes(string constant) => [.. _constants[constant].Dims.Select(size => (int)size)];

    /// <summary>A constant as it is.</summary>
    public TensorProto? Constant(string name) => _constants.GetValueOrDefault(name);

    /// <summary>The tensor that the first layer reads: the input behind its normalization.</summary>
    public string FirstInput => Layers[0].Node.Input[0];

    /// <summary>The model with more outputs.</summary>
    /// <param name="tensors">Names of tensors that nodes write.</param>
    public byte[] With(IEnumerable<string> tensors) => WithOutputs(Proto, tensors);

    /// <summary>A model with more outputs.</summary>
    /// <param name="model">The model; not changed.</param>
    /// <param name="tensors">Names of tensors that nodes write.</param>
    public static byte[] WithOutputs(ModelProto model, IEnumerable<string> tensors)
    {
        ModelProto more = model.Clone();
        foreach (string tensor in tensors.Except(more.Graph.Output.Select(output => output.Name)))
        {
            more.Graph.Output.Add(
                new ValueInfoProto
                {
                    Name = tensor,
                    Type = new TypeProto
                    {
                        TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float },
                    },
                }
            );
        }

        return more.ToByteArray();
    }

    private static void Require(NodeProto node, string file)
    {
        if (node.OpType is "QuantizeLinear" or "DequantizeLinear")
        {
            throw new InvalidInputException($"'{file}' is an integer model already; give the model of floats")
            {
                File = file,
            };
        }

        if (!OfInput.Contains(node.OpType) && !OfLayers.Contains(node.OpType) && !OfActivation.Contains(node.OpType))
        {
            throw new InvalidInputException(
                $"'{file}' has the operation {node.OpType} ('{node.Name}'), which is not among those that can be "
                    + $"quantized: {string.Join(", ", OfLayers)}; give a model that Proxyless exported"
            )
            {
                File = file,
            };
        }
    }

    /// <summary>The part of the network that a node computes, from the node's name.</summary>
    private static string NameOf(NodeProto node)
    {
        const string Convolution = ".convolution";
        return node.OpType == "Gemm" ? "classifier"
            : node.Name.EndsWith(Convolution, StringComparison.Ordinal) ? node.Name[..^Convolution.Length]
            : node.Name;
    }
}
