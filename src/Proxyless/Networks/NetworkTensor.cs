using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>What a tensor of a network is, which decides how it is trained.</summary>
internal enum TensorRole
{
    /// <summary>The weights of a convolution or of the classifier: trained, with weight decay.</summary>
    Weight,

    /// <summary>Scale and shift of a batch norm, or a bias: trained, without weight decay.</summary>
    ScaleOrBias,

    /// <summary>A running mean or variance of a batch norm: not trained.</summary>
    Statistic,
}

/// <summary>A tensor of a network by name. Its identity is the object: optimizers key their state by it.</summary>
/// <param name="name">Its path in the network, such as <c>blocks.3.mb3e6.expand.weight</c>.</param>
/// <param name="value">The tensor; owned.</param>
/// <param name="role">What it is.</param>
internal sealed class NetworkTensor(string name, Tensor value, TensorRole role) : IDisposable
{
    /// <summary>Its path in the network.</summary>
    public string Name { get; } = name;

    /// <summary>The tensor itself.</summary>
    public Tensor Value { get; private set; } = value;

    /// <summary>The tensor that this one is a part of; null if it has its own memory.</summary>
    internal TensorPart? Part { get; private set; }

    /// <summary>What it is.</summary>
    public TensorRole Role { get; } = role;

    /// <summary>Whether an optimizer updates it.</summary>
    public bool IsTrained => Role != TensorRole.Statistic;

    /// <summary>
    /// What processes that share a step average: the gradient, or the numbers of a statistic. A handle of its own.
    /// </summary>
    /// <returns>Null if there is no gradient.</returns>
    public Tensor? GradientOrStatistic() => IsTrained ? Value.grad : Value.alias();

    /// <summary>Reads the numbers, in the order of the dimensions, from whatever device and memory layout.</summary>
    public float[] ToArray()
    {
        using Tensor detached = Value.detach();
        using Tensor local = detached.cpu();
        using Tensor packed = local.contiguous();
        return packed.data<float>().ToArray();
    }

    /// <summary>Overwrites the values with those of <paramref name="source"/>, whatever its memory layout.</summary>
    public void CopyFrom(Tensor source)
    {
        using var scope = no_grad();
        Value.copy_(source);
    }

    /// <summary>Overwrites the values of tensors with those of others of the same shapes, in the same order.</summary>
    /// <param name="from">The others; the longer of the two lists is cut.</param>
    /// <param name="to">The tensors; the longer of the two lists is cut.</param>
    public static void CopyAll(IEnumerable<NetworkTensor> from, IEnumerable<NetworkTensor> to)
    {
        foreach ((NetworkTensor source, NetworkTensor target) in from.Zip(to))
        {
            target.CopyFrom(source.Value);
        }
    }

    /// <summary>
    /// Gives up its own memory and becomes the first part of another tensor along a dimension, with its own gradient.
    /// </summary>
    /// <param name="whole">
    /// The other tensor; of the same shape except along the dimension, where it is at least as long.
    /// </param>
    /// <param name="dimension">The dimension.</param>
    internal void BecomePartOf(WholeTensor whole, int dimension)
    {
        var part = new TensorPart(whole, dimension, Value.shape[dimension]);
        using Tensor own = Value;
        Value = part.Of(whole.Value).requires_grad_(own.requires_grad).DetachFromDisposeScope();
        Part = part;
    }

    /// <inheritdoc/>
    public void Dispose() => Value.Dispose();
}
