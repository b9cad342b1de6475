using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// A memory block that several tensors of a network are parts of. Optimizers key the shared part of their state by it.
/// </summary>
/// <param name="name">The name of the tensor that fills it, such as <c>blocks.3.mb5e6.project.weight</c>.</param>
/// <param name="value">The numbers; owned, and kept alive by the parts after this is disposed of.</param>
internal sealed class WholeTensor(string name, Tensor value) : IDisposable
{
    /// <summary>The name of the tensor that fills it.</summary>
    public string Name { get; } = name;

    /// <summary>The numbers, without a graph.</summary>
    public Tensor Value { get; } = value;

    /// <inheritdoc/>
    public void Dispose() => Value.Dispose();
}
