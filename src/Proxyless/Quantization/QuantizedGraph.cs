using Proxyless.Export;

namespace Proxyless.Quantization;

/// <summary>
/// A model of integers under construction, in ONNX's QDQ form: between the nodes of floats stand pairs of
/// QuantizeLinear and DequantizeLinear, and a runtime that knows them computes what is between two pairs with integers.
/// A tensor gets one quantized form, and every layer that reads it its own DequantizeLinear.
/// </summary>
internal sealed class QuantizedGraph(OnnxGraph graph, IReadOnlyDictionary<string, QuantizedRange> ranges)
{
    private readonly Dictionary<string, string> _quantized = [];
    private readonly HashSet<string> _floats = [];
    private readonly Dictionary<string, int> _reads = [];

    /// <summary>The name of a rounded tensor, for the first layer that reads it.</summary>
    public static string NameOf(string tensor) => $"{tensor}.dequantized";

    /// <summary>Says that a tensor exists as floats.</summary>
    public void HasFloats(string tensor) => _floats.Add(tensor);

    /// <summary>Returns the name of a tensor's floats for a layer that is computed with floats.</summary>
    public string Floats(string tensor) => _floats.Contains(tensor) ? tensor : Read(tensor);

    /// <summary>Returns the name of a tensor, rounded, for a layer that is computed with integers.</summary>
    public string Rounded(string tensor)
    {
        if (!_quantized.ContainsKey(tensor))
        {
            Quantize(tensor, tensor);
        }

        return Read(tensor);
    }

    /// <summary>Rounds the output of a layer that is computed with integers.</summary>
    /// <param name="tensor">The tensor that the layer stands for, which exists as integers from now on.</param>
    /// <param name="from">What the layer's node writes.</param>
    public void Quantize(string tensor, string from)
    {
        (string scale, string zero) = ConstantsOf(tensor);
        _quantized[tensor] = graph.Node("QuantizeLinear", $"{tensor}.quantized", [from, scale, zero]);
    }

    /// <summary>Writes a rounded tensor as floats under its own name: the output of the model.</summary>
    public void Finish(string tensor) =>
        graph.Node("DequantizeLinear", tensor, [_quantized[tensor], $"{tensor}.scale", $"{tensor}.zero_point"]);

    /// <summary>Adds weights or biases, which a layer reads as floats again.</summary>
    /// <param name="name">The name of the floats.</param>
    /// <param name="integers">Adds the integers under a name.</param>
    /// <param name="scales">[outputs].</param>
    /// <param name="zero">Adds the zero points under a name.</param>
    public string Weights(string name, Func<string, string> integers, float[] scales, Func<string, string> zero) =>
        graph.Node(
            "DequantizeLinear",
            name,
            [
                integers($"{name}.quantized"),
                graph.Constant($"{name}.scale", scales, scales.Length),
                zero($"{name}.zero_point"),
            ],
            OnnxGraph.Integer("axis", 0)
        );

    private string Read(string tensor)
    {
        int reads = _reads.GetValueOrDefault(tensor);
        _reads[tensor] = reads + 1;
        return graph.Node(
            "DequantizeLinear",
            reads == 0 ? NameOf(tensor) : Invariant($"{NameOf(tensor)}.{reads}"),
            [_quantized[tensor], $"{tensor}.scale", $"{tensor}.zero_point"]
        );
    }

    private (string Scale, string Zero) ConstantsOf(string tensor)
    {
        QuantizedRange range = ranges[tensor];
        return (
            graph.Constant($"{tensor}.scale", [range.Scale]),
            graph.Constant($"{tensor}.zero_point", [range.ZeroPoint])
        );
    }
}
