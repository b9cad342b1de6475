using TorchSharp;
using static TorchSharp.torch;

namespace Proxyless.Runtime;

/// <summary>
/// Sums and products in place. TorchSharp makes a <see cref="Scalar"/> of a number, and of the factor of 1 that it adds by itself,
/// hands its address to libtorch and keeps no reference: the collector may free it before libtorch reads it ("Expected false to
/// be true" from Scalar.toFloat, seen once in hours of training). Here it outlives the call.
/// </summary>
internal static class InPlace
{
    /// <summary>destination += source.</summary>
    public static Tensor Add(Tensor destination, Tensor source) => Add(destination, source, 1);

    /// <summary>destination += factor * source.</summary>
    public static Tensor Add(Tensor destination, Tensor source, double factor)
    {
        using Scalar scalar = factor;
        return destination.add_(source, scalar);
    }

    /// <summary>destination *= factor.</summary>
    public static Tensor Multiply(Tensor destination, double factor)
    {
        using Scalar scalar = factor;
        return destination.mul_(scalar);
    }
}
