using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>The first part of a tensor along a dimension.</summary>
/// <param name="Whole">The tensor.</param>
/// <param name="Dimension">The dimension.</param>
/// <param name="Length">The length of the part along the dimension.</param>
internal sealed record TensorPart(WholeTensor Whole, int Dimension, long Length)
{
    /// <summary>This part of any tensor that has the whole's shape, in the same memory and without a graph.</summary>
    public Tensor Of(Tensor whole)
    {
        using Tensor view = whole.narrow(Dimension, 0, Length);
        return view.detach();
    }
}
