using TorchSharp;
using static TorchSharp.torch;

namespace Proxyless.Runtime;

/// <summary>
/// Sums and products in place, whose scalars outlive the call (<see cref="WithScalar"/>): including the factor of 1
/// that TorchSharp adds by itself ("Expected false to be true" from Scalar.toFloat was seen once in hours of training).
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
