using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Proxyless.Export.Onnx;

namespace Proxyless.Export;

/// <summary>
/// An ONNX graph under construction. Every method that adds a node returns the name of its output for the next node's
/// input, so that a network reads as a chain of calls.
/// </summary>
internal sealed class OnnxGraph(string name)
{
    /// <summary>The operator set of the graph: every operator used here has kept its meaning since.</summary>
    public const int Opset = 17;

    /// <summary>The version of the file format, the one that came with <see cref="Opset"/>.</summary>
    private const int IrVersion = 8;

    /// <summary>The name of the dynamic first dimension of input and output.</summary>
    private const string BatchDimension = "batch";

    private readonly GraphProto _graph = new() { Name = name };
    private readonly Dictionary<string, string> _metadata = [];

    /// <summary>A graph without nodes, with the inputs, outputs and metadata of another model.</summary>
    public static OnnxGraph Like(ModelProto model)
    {
        var graph = new OnnxGraph(model.Graph.Name);
        graph._graph.Input.AddRange(model.Graph.Input);
        graph._graph.Output.AddRange(model.Graph.Output);
        foreach (StringStringEntryProto entry in model.MetadataProps)
        {
            graph.Metadata(entry.Key, entry.Value);
        }

        return graph;
    }

    /// <summary>Adds the graph's input, a float tensor [batch, sizes...] with a dynamic first dimension.</summary>
    public string Input(string name, params ReadOnlySpan<int> sizes)
    {
        _graph.Input.Add(Value(name, sizes));
        return name;
    }

    /// <summary>
    /// Adds the graph's output, a float tensor [batch, sizes...]; <paramref name="name"/> is the output of a node.
    /// </summary>
    public void Output(string name, params ReadOnlySpan<int> sizes) => _graph.Output.Add(Value(name, sizes));

    /// <summary>Adds one entry to the model's metadata.</summary>
    public void Metadata(string key, string value) => _metadata[key] = value;

    /// <summary>Adds a constant.</summary>
    /// <returns>Its name.</returns>
    public string Constant(string name, ReadOnlySpan<float> values, params ReadOnlySpan<int> sizes)
    {
        byte[] bytes = new byte[values.Length * sizeof(float)];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
        }

        return Constant(name, TensorProto.Types.DataType.Float, bytes, sizes);
    }

    /// <summary>Adds a constant of 8-bit integers without sign.</summary>
    /// <returns>Its name.</returns>
    public string Constant(string name, ReadOnlySpan<byte> values, params ReadOnlySpan<int> sizes) =>
        Constant(name, TensorProto.Types.DataType.Uint8, values.ToArray(), sizes);

    /// <summary>Adds a constant of 8-bit integers with sign.</summary>
    /// <returns>Its name.</returns>
    public string Constant(string name, ReadOnlySpan<sbyte> values, params ReadOnlySpan<int> sizes) =>
        Constant(name, TensorProto.Types.DataType.Int8, MemoryMarshal.AsBytes(values).ToArray(), sizes);

    /// <summary>Adds a constant of 32-bit integers.</summary>
    /// <returns>Its name.</returns>
    public string Constant(string name, ReadOnlySpan<int> values, params ReadOnlySpan<int> sizes)
    {
        byte[] bytes = new byte[values.Length * sizeof(int)];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(i * sizeof(int)), values[i]);
        }

        return Constant(name, TensorProto.Types.DataType.Int32, bytes, sizes);
    }

    /// <summary>Adds a constant of another graph under its own name.</summary>
    public void Add(TensorProto constant) => _graph.Initializer.Add(constant);

    /// <summary>Adds a node of another graph.</summary>
    public void Add(NodeProto node) => _graph.Node.Add(node);

    private string Constant(string name, TensorProto.Types.DataType type, byte[] bytes, ReadOnlySpan<int> sizes)
    {
        var tensor = new TensorProto
        {
            Name = name,
            DataType = (int)type,
            RawData = UnsafeByteOperations.UnsafeWrap(bytes),
        };
        foreach (int size in sizes)
        {
            tensor.Dims.Add(size);
        }

        _graph.Initializer.Add(tensor);
        return name;
    }

    /// <summary>Adds a node with one output.</summary>
    /// <param name="operation">The operator's name in ONNX.</param>
    /// <param name="output">The name of the output, and of the node.</param>
    /// <param name="inputs">Names of inputs and constants.</param>
    /// <param name="attributes">
    /// The operator's attributes, made by <see cref="Integer"/> and <see cref="Integers"/>.
    /// </param>
    /// <returns><paramref name="output"/>.</returns>
    public string Node(string operation, string output, string[] inputs, params AttributeProto[] attributes)
    {
        var node = new NodeProto { Name = output, OpType = operation };
        node.Input.AddRange(inputs);
        node.Output.Add(output);
        node.Attribute.AddRange(attributes);
        _graph.Node.Add(node);
        return output;
    }

    /// <summary>An attribute that is one integer.</summary>
    public static AttributeProto Integer(string name, long value) =>
        new()
        {
            Name = name,
            Type = AttributeProto.Types.AttributeType.Int,
            I = value,
        };

    /// <summary>An attribute that is a list of integers.</summary>
    public static AttributeProto Integers(string name, params ReadOnlySpan<long> values)
    {
        var attribute = new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        foreach (long value in values)
        {
            attribute.Ints.Add(value);
        }

        return attribute;
    }

    /// <summary>Returns the finished model as the bytes of an ONNX file.</summary>
    public byte[] ToBytes()
    {
        var model = new ModelProto
        {
            IrVersion = IrVersion,
            ProducerName = "proxyless",
            Graph = _graph,
        };
        model.OpsetImport.Add(new OperatorSetIdProto { Version = Opset });
        model.MetadataProps.AddRange(
            _metadata.Select(entry => new StringStringEntryProto { Key = entry.Key, Value = entry.Value })
        );
        return model.ToByteArray();
    }

    private static ValueInfoProto Value(string name, ReadOnlySpan<int> sizes)
    {
        var shape = new TensorShapeProto();
        shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimParam = BatchDimension });
        foreach (int size in sizes)
        {
            shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = size });
        }

        var tensor = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float, Shape = shape };
        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { TensorType = tensor },
        };
    }
}
