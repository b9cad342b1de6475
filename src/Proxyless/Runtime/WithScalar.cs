using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Proxyless.Runtime;

/// <summary>
/// Operations on a tensor and a number, and on the number in a tensor, that free nothing while libtorch reads it.
/// </summary>
/// <remarks>
/// TorchSharp creates a <see cref="Scalar"/> from a number, passes its address to libtorch and keeps no reference, and
/// it keeps none to a temporary tensor within an expression: the garbage collector may free either while libtorch works
/// with it. Then a result is wrong, a call fails, or the process ends (docs/reliability.md). So every scalar and every
/// tensor between two operations has a name and a <c>using</c>, here and wherever TorchSharp is called. No method is
/// called that creates a scalar inside TorchSharp.
/// </remarks>
internal static class WithScalar
{
    /// <summary>tensor * factor, a new tensor.</summary>
    public static Tensor Times(Tensor tensor, double factor)
    {
        using Scalar scalar = factor;
        return tensor.mul(scalar);
    }

    /// <summary>tensor + term, a new tensor.</summary>
    public static Tensor Plus(Tensor tensor, double term)
    {
        // With only one scalar, TorchSharp would create the other, which multiplies the term, and not keep it.
        using Scalar scalar = term;
        using Scalar one = 1;
        return tensor.add(scalar, one);
    }

    /// <summary>one + other, a new tensor.</summary>
    public static Tensor Sum(Tensor one, Tensor other)
    {
        using Scalar factor = 1;
        return one.add(other, factor);
    }

    /// <summary>The tensor clamped between two numbers, a new tensor.</summary>
    public static Tensor Clamp(Tensor tensor, double low, double high)
    {
        using Scalar least = low;
        using Scalar most = high;
        return tensor.clamp(least, most);
    }

    /// <summary>A vector of one value.</summary>
    public static Tensor Full(long length, double value, ScalarType type)
    {
        using Scalar scalar = value;
        return full(length, scalar, dtype: type);
    }

    /// <summary>Sets all numbers of a tensor to one value.</summary>
    public static void Fill(Tensor tensor, double value)
    {
        using Scalar scalar = value;
        tensor.fill_(scalar);
    }

    /// <summary>Reads the number of a tensor that holds one, of single or double precision, on any device.</summary>
    public static double ToDouble(Tensor tensor)
    {
        using Tensor detached = tensor.detach();
        using Tensor local = detached.cpu();
        return local.dtype == ScalarType.Float64
            ? MemoryMarshal.Read<double>(local.bytes)
            : MemoryMarshal.Read<float>(local.bytes);
    }
}
