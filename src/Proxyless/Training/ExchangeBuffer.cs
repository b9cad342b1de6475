using System.Numerics;
using System.Runtime.InteropServices;
using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.Training;

/// <summary>
/// Native memory that tensors pass through on their way between processes: it never moves, and it is used again.
/// </summary>
internal sealed unsafe class ExchangeBuffer : IDisposable
{
    // So that a vector never crosses two cache lines.
    private const nuint Alignment = 64;

    private float* _numbers;
    private long _room;

    /// <summary>Returns room for numbers; what was there before is gone.</summary>
    /// <param name="count">How many.</param>
    public Span<float> Of(long count) => new(Reserve(count), checked((int)count));

    /// <summary>Returns the first of as many numbers; what was there before is gone.</summary>
    /// <param name="count">How many.</param>
    public float* Reserve(long count)
    {
        if (count > _room)
        {
            Dispose();
            _numbers = (float*)NativeMemory.AlignedAlloc(checked((nuint)count * sizeof(float)), Alignment);
            _room = count;
        }

        return _numbers;
    }

    /// <summary>Leaves the memory to somebody who still uses it; it is never freed.</summary>
    public void Abandon()
    {
        _numbers = null;
        _room = 0;
    }

    /// <summary>
    /// Copies a tensor's numbers, multiplied: in the order in which they lie in memory if there are no gaps, which is
    /// the same in every process.
    /// </summary>
    /// <param name="from">The tensor, of any device.</param>
    /// <param name="to">As many numbers.</param>
    /// <param name="factor">The factor.</param>
    public static void CopyIn(Tensor from, Span<float> to, float factor)
    {
        if (IsPlain(from))
        {
            Multiply(new ReadOnlySpan<float>((void*)TensorMemory.Address(from), to.Length), factor, to);
            return;
        }

        using Tensor local = from.to(float32, CPU);
        using Tensor packed = local.contiguous();
        Multiply(new ReadOnlySpan<float>(TensorMemory.Pointer(packed), to.Length), factor, to);
    }

    /// <summary>Copies numbers into a tensor, in the order of <see cref="CopyIn"/>, multiplied.</summary>
    /// <param name="from">The numbers.</param>
    /// <param name="to">A tensor of as many.</param>
    /// <param name="factor">The factor.</param>
    public static void CopyOut(ReadOnlySpan<float> from, Tensor to, float factor)
    {
        using var withoutGraph = no_grad();
        if (IsPlain(to))
        {
            Multiply(from, factor, new Span<float>((void*)TensorMemory.Address(to), from.Length));
            return;
        }

        using Tensor packed = empty(to.shape, float32);
        Multiply(from, factor, new Span<float>(TensorMemory.Pointer(packed), from.Length));
        to.copy_(packed);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_numbers);
        _numbers = null;
        _room = 0;
    }

    private static bool IsPlain(Tensor tensor) =>
        tensor.dtype == ScalarType.Float32
        && tensor.device_type == TorchSharp.DeviceType.CPU
        && SgdOptimizer.IsDense(tensor);

    private static void Multiply(ReadOnlySpan<float> from, float factor, Span<float> to)
    {
        int whole = from.Length - (from.Length % Vector<float>.Count);
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(from[..whole]);
        Span<Vector<float>> results = MemoryMarshal.Cast<float, Vector<float>>(to[..whole]);
        for (int i = 0; i < vectors.Length; i++)
        {
            results[i] = vectors[i] * factor;
        }

        for (int i = whole; i < from.Length; i++)
        {
            to[i] = from[i] * factor;
        }
    }
}
