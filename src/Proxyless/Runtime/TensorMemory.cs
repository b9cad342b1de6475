using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Proxyless.Runtime;

/// <summary>The memory of tensors, for our own kernels.</summary>
internal static unsafe class TensorMemory
{
    /// <summary>
    /// Returns the first number of a contiguous float32 tensor on the CPU; valid as long as the tensor exists.
    /// </summary>
    /// <exception cref="ArgumentException">It is of another type or on another device.</exception>
    public static float* Pointer(Tensor tensor)
    {
        if (tensor.dtype != ScalarType.Float32 || tensor.device_type != TorchSharp.DeviceType.CPU)
        {
            throw new ArgumentException(
                $"a {tensor.dtype} tensor on {tensor.device_type} is not float32 on the CPU",
                nameof(tensor)
            );
        }

        // Bytes are a span, which has a length of 31 bits.
        if (tensor.numel() <= int.MaxValue / sizeof(float))
        {
            return First(tensor);
        }

        using Tensor flat = tensor.view(-1);
        using Tensor first = flat.narrow(0, 0, 1);
        return First(first);
    }

    /// <summary>
    /// Returns the start of the numbers of a float32 tensor on the CPU, in whatever order they are; there are no gaps.
    /// </summary>
    public static nint Address(Tensor tensor)
    {
        if (tensor.is_contiguous())
        {
            return (nint)Pointer(tensor);
        }

        using Tensor flat = tensor.as_strided([tensor.numel()], [1]);
        return (nint)Pointer(flat);
    }

    /// <summary>Returns the numbers of a small tensor.</summary>
    public static float[] ToArray(Tensor tensor) =>
        new Span<float>(Pointer(tensor), checked((int)tensor.numel())).ToArray();

    /// <summary>Returns the same memory as [N, H, W, C]; a copy if the tensor is not channels-last.</summary>
    /// <param name="tensor">[N, C, H, W].</param>
    public static Tensor PixelsFirst(Tensor tensor)
    {
        using Tensor permuted = tensor.permute(0, 2, 3, 1);
        return permuted.contiguous();
    }

    private static float* First(Tensor tensor) =>
        (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes));
}
