using static TorchSharp.torch;

namespace Proxyless.Networks;

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
