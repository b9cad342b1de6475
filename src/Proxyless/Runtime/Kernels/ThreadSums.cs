using System.Buffers;
using System.Numerics.Tensors;

namespace Proxyless.Runtime.Kernels;

/// <summary>Sums over many items: each thread adds up its own.</summary>
internal static unsafe class ThreadSums
{
    /// <summary>Adds the terms of some items.</summary>
    /// <param name="from">The first item.</param>
    /// <param name="to">The one after the last.</param>
    /// <param name="sum">Receives the terms, in addition to what it holds.</param>
    public delegate void Terms(int from, int to, float* sum);

    /// <summary>
    /// Adds the terms of all items. The parts are added in the order of the threads, so that the same
    /// number of threads gives the same bits.
    /// </summary>
    /// <param name="items">Number of items.</param>
    /// <param name="terms">Adds the terms of some items; several threads call it at once.</param>
    /// <param name="result">The sum, in addition to what it holds.</param>
    /// <param name="length">Count of the numbers of the sum.</param>
    public static void Add(int items, Terms terms, float* result, int length)
    {
        // The first thread adds to the result itself.
        var parts = new float[KernelThreads.Count][];
        KernelThreads.For(
            items,
            parts.Length,
            (part, from, to) =>
            {
                if (part == 0)
                {
                    terms(from, to, result);
                    return;
                }

                float[] own = parts[part] = ArrayPool<float>.Shared.Rent(length);
                own.AsSpan(0, length).Clear();
                fixed (float* sum = own)
                {
                    terms(from, to, sum);
                }
            }
        );
        var total = new Span<float>(result, length);
        foreach (float[] part in parts.Where(part => part is not null))
        {
            TensorPrimitives.Add(total, part.AsSpan(0, length), total);
            ArrayPool<float>.Shared.Return(part);
        }
    }
}
