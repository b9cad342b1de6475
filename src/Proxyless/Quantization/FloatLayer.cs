using Proxyless.Export.Onnx;

namespace Proxyless.Quantization;

/// <summary>A layer of a model of floats that can be computed with integers.</summary>
/// <param name="Name">Its name: <c>stem</c>, <c>block3.depthwise</c>, <c>block3.sum</c>, <c>classifier</c>.</param>
/// <param name="Node">The convolution, the addition, the mean over pixels, or the linear layer.</param>
/// <param name="Activation">The activation behind it, or null.</param>
internal sealed record FloatLayer(string Name, NodeProto Node, NodeProto? Activation)
{
    /// <summary>The largest value of relu6.</summary>
    public const float Six = 6;

    /// <summary>The tensor that the layer writes, behind its activation.</summary>
    public string Output => (Activation ?? Node).Output[0];

    /// <summary>Whether it has weights.</summary>
    public bool HasWeights => Node.OpType is "Conv" or "Gemm";

    /// <summary>Whether it is the linear layer, which writes the scores.</summary>
    public bool IsClassifier => Node.OpType == "Gemm";

    /// <summary>Whether its outputs are never negative.</summary>
    public bool IsActivated => Activation is not null;

    /// <summary>The bound of its outputs: 6 behind relu6, otherwise none.</summary>
    public float Bound => Activation?.OpType == "Clip" ? Six : float.PositiveInfinity;

    /// <summary>Returns the value of an integer attribute.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="otherwise">The value if it is missing.</param>
    public long Attribute(string name, long otherwise) =>
        Node.Attribute.FirstOrDefault(attribute => attribute.Name == name)?.I ?? otherwise;
}
