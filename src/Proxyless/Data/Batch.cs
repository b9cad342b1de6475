using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Proxyless.Data;

/// <summary>Images and their classes as tensors on the CPU.</summary>
internal sealed class Batch : IDisposable
{
    /// <summary>Copies a batch into tensors.</summary>
    /// <param name="images">[count, resolution, resolution, channels], or longer.</param>
    /// <param name="labels">[count].</param>
    /// <param name="resolution">Side of the images.</param>
    /// <param name="channels">1 or 3.</param>
    /// <param name="positions">[count], the numbers of the images in the set.</param>
    internal Batch(ReadOnlySpan<float> images, long[] labels, int resolution, int channels, int[] positions)
    {
        Positions = positions;
        Count = labels.Length;
        // Memory of libtorch's own allocator: a pinned managed array would keep the garbage collector from moving it.
        using Tensor interleaved = empty([Count, resolution, resolution, channels], float32);
        images[..(Count * resolution * resolution * channels)]
            .CopyTo(MemoryMarshal.Cast<byte, float>(interleaved.bytes));
        // The permuted view has channels-last strides, which convolutions follow; contiguous() would undo it.
        Images = interleaved.permute(0, 3, 1, 2);
        Labels = tensor(labels, int64);
    }

    /// <summary>[N, C, H, W], float32, normalized, channels-last in memory.</summary>
    public Tensor Images { get; }

    /// <summary>[N], int64.</summary>
    public Tensor Labels { get; }

    /// <summary>Number of images, N.</summary>
    public int Count { get; }

    /// <summary>The numbers of the images in the set.</summary>
    internal int[] Positions { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Images.Dispose();
        Labels.Dispose();
    }
}
