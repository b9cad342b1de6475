using System.Numerics;

namespace Proxyless.Runtime.Kernels;

/// <summary>
/// Rounds numbers to the multiples of a scale within two ends, and passes gradients through it as if it were only held
/// within the ends (the straight-through estimator: Bengio, Léonard, Courville, arXiv 1308.3432).
/// </summary>
/// <param name="Scale">The distance of two neighboring results.</param>
/// <param name="Low">The smallest result, a multiple of the scale.</param>
/// <param name="High">The largest result, a multiple of the scale.</param>
internal readonly record struct RoundingKernel(float Scale, float Low, float High)
{
    // A part that fits the cache, and that is worth a thread.
    private const int Part = 16384;

    /// <summary>results = round(values / scale) * scale, half to even, held within the ends.</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="results">As many; may be the numbers themselves.</param>
    /// <param name="count">Their number.</param>
    public unsafe void Round(float* values, float* results, long count)
    {
        RoundingKernel own = this;
        ForParts(count, (from, length) => own.Round(new(values + from, length), new(results + from, length)));
    }

    /// <summary>results = gradients where rounding changes the number by at most half a scale, else 0.</summary>
    /// <param name="values">The numbers that were rounded.</param>
    /// <param name="gradients">The gradients of the results of rounding.</param>
    /// <param name="results">As many; may be the gradients themselves.</param>
    /// <param name="count">Their number.</param>
    public unsafe void Gradient(float* values, float* gradients, float* results, long count)
    {
        RoundingKernel own = this;
        ForParts(
            count,
            (from, length) =>
                own.Gradient(new(values + from, length), new(gradients + from, length), new(results + from, length))
        );
    }

    private static void ForParts(long count, Action<long, int> work) =>
        KernelThreads.For(
            checked((int)((count + Part - 1) / Part)),
            KernelThreads.Count,
            (_, first, end) =>
            {
                for (long part = first; part < end; part++)
                {
                    work(part * Part, (int)Math.Min(Part, count - (part * Part)));
                }
            }
        );

    private void Round(ReadOnlySpan<float> values, Span<float> results)
    {
        var scale = new Vector<float>(Scale);
        var low = new Vector<float>(Low);
        var high = new Vector<float>(High);
        int i = 0;
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> rounded = Vector.Round(new Vector<float>(values[i..]) / scale) * scale;
            Vector.Min(Vector.Max(rounded, low), high).CopyTo(results[i..]);
        }

        for (; i < values.Length; i++)
        {
            results[i] = Math.Min(Math.Max(MathF.Round(values[i] / Scale) * Scale, Low), High);
        }
    }

    private void Gradient(ReadOnlySpan<float> values, ReadOnlySpan<float> gradients, Span<float> results)
    {
        float least = Low - (Scale / 2);
        float most = High + (Scale / 2);
        var low = new Vector<float>(least);
        var high = new Vector<float>(most);
        int i = 0;
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var value = new Vector<float>(values[i..]);
            Vector<int> inside = Vector.GreaterThanOrEqual(value, low) & Vector.LessThanOrEqual(value, high);
            Vector
                .ConditionalSelect(inside, new Vector<float>(gradients[i..]), Vector<float>.Zero)
                .CopyTo(results[i..]);
        }

        for (; i < values.Length; i++)
        {
            results[i] = values[i] >= least && values[i] <= most ? gradients[i] : 0;
        }
    }
}
