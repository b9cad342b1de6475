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
    private static readonly string[] OfIntegers = ["QuantizeLinear", "DequantizeLinear"];

    private readonly Dictionary<string, TensorProto> _constants;

    private FloatModel(byte[] onnx, ModelProto proto, string file)
    {
        Onnx = onnx;
        Proto = proto;
        File = file;
        foreach (NodeProto node in proto.Graph.Node)
        {
            Require(node);
        }

        _constants = proto
            .Graph.Initializer.GroupBy(tensor => tensor.Name)
            .ToDictionary(own => own.Key, own => own.First());
        ILookup<string, NodeProto> activations = proto
            .Graph.Node.Where(node => OfActivation.Contains(node.OpType))
            .ToLookup(node => node.Input[0]);
        Layers =
        [
            .. proto
                .Graph.Node.Where(node => OfLayers.Contains(node.OpType))
                .Select(node => new FloatLayer(NameOf(node), node, activations[node.Output[0]].FirstOrDefault())),
        ];
        if (
            proto.Graph.Input.Count != 1
            || proto.Graph.Output.Count != 1
            || !Layers.Any(layer => layer.HasWeights)
            || activations.Any(own => own.Count() > 1)
            || Layers.DistinctBy(layer => layer.Name).Count() != Layers.Count
        )
        {
            throw Refused("is not a network of one input, convolutions and one output");
        }

        foreach (FloatLayer layer in Layers.Where(layer => layer.HasWeights))
        {
            if (layer.Node.Input.Count != 3 || !HasFloats(layer.Node.Input[1]) || !HasFloats(layer.Node.Input[2]))
            {
                throw Refused($"has no constant weight and bias of float32 for layer '{layer.Name}'");
            }
        }
    }

    /// <summary>The bytes of its file.</summary>
    public byte[] Onnx { get; }

    /// <summary>The name of its file.</summary>
    public string File { get; }

    /// <summary>The model as read; not changed.</summary>
    public ModelProto Proto { get; }

    /// <summary>The layers in the order of their execution.</summary>
    public IReadOnlyList<FloatLayer> Layers { get; }

    /// <summary>Whether a model is one of integers already.</summary>
    /// <param name="onnx">The bytes of an ONNX file.</param>
    /// <param name="file">Its name in messages.</param>
    /// <exception cref="InvalidInputException">It is no ONNX file.</exception>
    public static bool IsInteger(byte[] onnx, string file) =>
        Parse(onnx, file).Graph.Node.Any(node => OfIntegers.Contains(node.OpType));

    /// <summary>Reads a model.</summary>
    /// <param name="onnx">The bytes of an ONNX file.</param>
    /// <param name="file">Its name in messages.</param>
    /// <exception cref="InvalidInputException">
    /// It is no ONNX file, an integer model, or has an operation that Proxyless does not export.
    /// </exception>
    public static FloatModel Read(byte[] onnx, string file) => new(onnx, Parse(onnx, file), file);

    private static ModelProto Parse(byte[] onnx, string file)
    {
        ArgumentNullException.ThrowIfNull(onnx);
        try
        {
            return ModelProto.Parser.ParseFrom(onnx) is { Graph: not null } model
                ? model
                : throw new InvalidInputException($"'{file}' is not an ONNX model: it has no graph") { File = file };
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new InvalidInputException($"'{file}' is not an ONNX model: {exception.Message}", exception)
            {
                File = file,
            };
        }
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

    private bool HasFloats(string constant) =>
        Constant(constant) is { DataType: (int)TensorProto.Types.DataType.Float } tensor
        && tensor.RawData.Length == sizeof(float) * tensor.Dims.Aggregate(1L, (product, size) => product * size)
        && tensor.RawData.Length > 0;

    private void Require(NodeProto node)
    {
        if (OfIntegers.Contains(node.OpType))
        {
            throw new InvalidInputException($"'{File}' is an integer model already; give the model of floats")
            {
                File = File,
            };
        }

        if (
            node.Input.Count == 0
            || node.Output.Count != 1
            || (
                !OfInput.Contains(node.OpType) && !OfLayers.Contains(node.OpType) && !OfActivation.Contains(node.OpType)
            )
        )
        {
            throw Refused(
                $"has the operation {node.OpType} ('{node.Name}'), which is not among those that can be quantized: "
                    + $"{string.Join(", ", OfLayers)}"
            );
        }
    }

    private InvalidInputException Refused(string what) =>
        new($"'{File}' {what}; give a model that Proxyless exported") { File = File };

    /// <summary>The part of the network that a node computes, from the node's name.</summary>
    private static string NameOf(NodeProto node)
    {
        const string Convolution = ".convolution";
        return node.OpType == "Gemm" ? "classifier"
            : node.Name.EndsWith(Convolution, StringComparison.Ordinal) ? node.Name[..^Convolution.Length]
            : node.Name;
    }
}
