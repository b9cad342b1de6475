using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>Memory that several tensors of a network are parts of. Optimisers key what those share of their state by it.</summary>
/// <param name="value">The numbers; owned, and kept alive by the parts once this is disposed of.</param>
internal sealed class WholeTensor(Tensor value) : IDisposable
{
    /// <summary>The numbers, without graph.</summary>
    public Tensor Value { get; } = value;

    /// <inheritdoc/>
    public void Dispose() => Value.Dispose();
}

/// <summary>The first numbers of a tensor along a dimension.</summary>
/// <param name="Whole">The tensor.</param>
/// <param name="Dimension">The dimension.</param>
/// <param name="Length">How many of it.</param>
internal sealed record TensorPart(WholeTensor Whole, int Dimension, long Length)
{
    /// <summary>The part of a tensor of the whole's shape, in the same memory and without graph.</summary>
    public Tensor Of(Tensor whole)
    {
        using Tensor view = whole.narrow(Dimension, 0, Length);
        return view.detach();
    }
}
