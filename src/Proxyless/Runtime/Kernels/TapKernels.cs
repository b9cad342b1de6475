using System.Runtime.CompilerServices;

namespace Proxyless.Runtime.Kernels;

/// <summary>The inner loops of a depthwise convolution over the blocks of a <see cref="PaddedTile"/>.</summary>
internal static unsafe class TapKernels<TVector, TLanes>
    where TVector : unmanaged
    where TLanes : ILanes<TVector>
{
    /// <summary>Pixels that are computed at once, so that a weight is loaded once for all of them.</summary>
    public const int Pixels = 8;

    private const int FewPixels = 4;

    /// <summary>result_i = sum_t weight_t * source_(i, t) for up to <see cref="Pixels"/> pixels in a row.</summary>
    /// <param name="origin">The first pixel's place in the tile.</param>
    /// <param name="step">Distance from one pixel's place to the next, in numbers.</param>
    /// <param name="pixels">Number of pixels needed; the numbers of all <see cref="Pixels"/> are in the tile.</param>
    /// <param name="taps">The taps.</param>
    /// <param name="weights">The weights of the block.</param>
    /// <param name="result">[<see cref="Pixels"/>, lanes]; values beyond the needed ones are undefined.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Correlate(float* origin, int step, int pixels, in TapRows taps, float* weights, float* result)
    {
        if (pixels <= FewPixels)
        {
            CorrelateFew(origin, step, taps.Places, taps.Weights, taps.Count, weights, result);
        }
        else
        {
            CorrelateMany(origin, step, taps.Places, taps.Weights, taps.Count, weights, result);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CorrelateMany(
        float* origin,
        int step,
        int* taps,
        int* weightTaps,
        int count,
        float* weights,
        float* result
    )
    {
        TVector a0 = default,
            a1 = default,
            a2 = default,
            a3 = default,
            a4 = default,
            a5 = default,
            a6 = default,
            a7 = default;
        for (int t = 0; t < count; t++)
        {
            TVector weight = TLanes.Load(weights + weightTaps[t]);
            float* source = origin + taps[t];
            a0 = TLanes.MultiplyAdd(weight, TLanes.Load(source), a0);
            a1 = TLanes.MultiplyAdd(weight, TLanes.Load(source + step), a1);
            a2 = TLanes.MultiplyAdd(weight, TLanes.Load(source + (2 * step)), a2);
            a3 = TLanes.MultiplyAdd(weight, TLanes.Load(source + (3 * step)), a3);
            a4 = TLanes.MultiplyAdd(weight, TLanes.Load(source + (4 * step)), a4);
            a5 = TLanes.MultiplyAdd(weight, TLanes.Load(source + (5 * step)), a5);
            a6 = TLanes.MultiplyAdd(weight, TLanes.Load(source + (6 * step)), a6);
            a7 = TLanes.MultiplyAdd(weight, TLanes.Load(source + (7 * step)), a7);
        }

        int lanes = TLanes.Count;
        TLanes.Store(a0, result);
        TLanes.Store(a1, result + lanes);
        TLanes.Store(a2, result + (2 * lanes));
        TLanes.Store(a3, result + (3 * lanes));
        TLanes.Store(a4, result + (4 * lanes));
        TLanes.Store(a5, result + (5 * lanes));
        TLanes.Store(a6, result + (6 * lanes));
        TLanes.Store(a7, result + (7 * lanes));
    }

    // Two sums for each of four pixels, so that as many additions are in flight as with eight pixels.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CorrelateFew(
        float* origin,
        int step,
        int* taps,
        int* weightTaps,
        int count,
        float* weights,
        float* result
    )
    {
        TVector a0 = default,
            a1 = default,
            a2 = default,
            a3 = default,
            b0 = default,
            b1 = default,
            b2 = default,
            b3 = default;
        int t = 0;
        for (; t < count - 1; t += 2)
        {
            TVector weight = TLanes.Load(weights + weightTaps[t]);
            float* source = origin + taps[t];
            a0 = TLanes.MultiplyAdd(weight, TLanes.Load(source), a0);
            a1 = TLanes.MultiplyAdd(weight, TLanes.Load(source + step), a1);
            a2 = TLanes.MultiplyAdd(weight, TLanes.Load(source + (2 * step)), a2);
            a3 = TLanes.MultiplyAdd(weight, TLanes.Load(source + (3 * step)), a3);
            weight = TLanes.Load(weights + weightTaps[t + 1]);
            source = origin + taps[t + 1];
            b0 = TLanes.MultiplyAdd(weight, TLanes.Load(source), b0);
            b1 = TLanes.MultiplyAdd(weight, TLanes.Load(source + step), b1);
            b2 = TLanes.MultiplyAdd(weight, TLanes.Load(source + (2 * step)), b2);
            b3 = TLanes.MultiplyAdd(weight, TLanes.Load(source + (3 * step)), b3);
        }

        if (t < count)
        {
            TVector weight = TLanes.Load(weights + weightTaps[t]);
            float* source = origin + taps[t];
            a0 = TLanes.MultiplyAdd(weight, TLanes.Load(source), a0);
            a1 = TLanes.MultiplyAdd(weight, TLanes.Load(source + step), a1);
            a2 = TLanes.MultiplyAdd(weight, TLanes.Load(source + (2 * step)), a2);
            a3 = TLanes.MultiplyAdd(weight, TLanes.Load(source + (3 * step)), a3);
        }

        int lanes = TLanes.Count;
        TLanes.Store(TLanes.Add(a0, b0), result);
        TLanes.Store(TLanes.Add(a1, b1), result + lanes);
        TLanes.Store(TLanes.Add(a2, b2), result + (2 * lanes));
        TLanes.Store(TLanes.Add(a3, b3), result + (3 * lanes));
    }

    /// <summary>
    /// sum_k += sum over a row of gradient * source, for kernels of three rows of three: all nine at once.
    /// </summary>
    /// <param name="gradient">The gradient's row, without gaps.</param>
    /// <param name="source">The first pixel under the kernel's first corner.</param>
    /// <param name="rowLength">Distance from one row of the source to the next.</param>
    /// <param name="step">Distance from the place of one gradient to that of the next.</param>
    /// <param name="pixels">Gradients in the row.</param>
    /// <param name="sums">[9, lanes].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Accumulate3x3(float* gradient, float* source, int rowLength, int step, int pixels, float* sums)
    {
        int lanes = TLanes.Count;
        TVector s0 = TLanes.Load(sums),
            s1 = TLanes.Load(sums + lanes),
            s2 = TLanes.Load(sums + (2 * lanes));
        TVector s3 = TLanes.Load(sums + (3 * lanes)),
            s4 = TLanes.Load(sums + (4 * lanes)),
            s5 = TLanes.Load(sums + (5 * lanes));
        TVector s6 = TLanes.Load(sums + (6 * lanes)),
            s7 = TLanes.Load(sums + (7 * lanes)),
            s8 = TLanes.Load(sums + (8 * lanes));
        for (int x = 0; x < pixels; x++, gradient += lanes, source += step)
        {
            TVector g = TLanes.Load(gradient);
            float* middle = source + rowLength;
            float* last = middle + rowLength;
            s0 = TLanes.MultiplyAdd(g, TLanes.Load(source), s0);
            s1 = TLanes.MultiplyAdd(g, TLanes.Load(source + lanes), s1);
            s2 = TLanes.MultiplyAdd(g, TLanes.Load(source + (2 * lanes)), s2);
            s3 = TLanes.MultiplyAdd(g, TLanes.Load(middle), s3);
            s4 = TLanes.MultiplyAdd(g, TLanes.Load(middle + lanes), s4);
            s5 = TLanes.MultiplyAdd(g, TLanes.Load(middle + (2 * lanes)), s5);
            s6 = TLanes.MultiplyAdd(g, TLanes.Load(last), s6);
            s7 = TLanes.MultiplyAdd(g, TLanes.Load(last + lanes), s7);
            s8 = TLanes.MultiplyAdd(g, TLanes.Load(last + (2 * lanes)), s8);
        }

        TLanes.Store(s0, sums);
        TLanes.Store(s1, sums + lanes);
        TLanes.Store(s2, sums + (2 * lanes));
        TLanes.Store(s3, sums + (3 * lanes));
        TLanes.Store(s4, sums + (4 * lanes));
        TLanes.Store(s5, sums + (5 * lanes));
        TLanes.Store(s6, sums + (6 * lanes));
        TLanes.Store(s7, sums + (7 * lanes));
        TLanes.Store(s8, sums + (8 * lanes));
    }

    /// <summary>
    /// sum_k += sum over rows of gradient * source_k, for up to seven neighboring taps of one kernel row.
    /// </summary>
    /// <param name="gradient">The gradient's first row, without gaps.</param>
    /// <param name="gradientRow">Distance from one row of the gradient to the next.</param>
    /// <param name="source">The first pixel under the first tap.</param>
    /// <param name="sourceRow">Distance from the source of one row of the gradient to that of the next.</param>
    /// <param name="step">Distance from the place of one gradient to that of the next.</param>
    /// <param name="rows">Rows of the gradient.</param>
    /// <param name="pixels">Gradients in a row.</param>
    /// <param name="sums">[taps, lanes].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AccumulateRows<TTaps>(
        float* gradient,
        int gradientRow,
        float* source,
        int sourceRow,
        int step,
        int rows,
        int pixels,
        float* sums
    )
        where TTaps : IKnownCount
    {
        int lanes = TLanes.Count;
        TVector s0 = TLanes.Load(sums);
        TVector s1 = TTaps.Count > 1 ? TLanes.Load(sums + lanes) : default;
        TVector s2 = TTaps.Count > 2 ? TLanes.Load(sums + (2 * lanes)) : default;
        TVector s3 = TTaps.Count > 3 ? TLanes.Load(sums + (3 * lanes)) : default;
        TVector s4 = TTaps.Count > 4 ? TLanes.Load(sums + (4 * lanes)) : default;
        TVector s5 = TTaps.Count > 5 ? TLanes.Load(sums + (5 * lanes)) : default;
        TVector s6 = TTaps.Count > 6 ? TLanes.Load(sums + (6 * lanes)) : default;
        for (int y = 0; y < rows; y++, gradient += gradientRow, source += sourceRow)
        {
            float* place = gradient;
            float* under = source;
            for (int x = 0; x < pixels; x++, place += lanes, under += step)
            {
                TVector g = TLanes.Load(place);
                s0 = TLanes.MultiplyAdd(g, TLanes.Load(under), s0);
                if (TTaps.Count > 1)
                {
                    s1 = TLanes.MultiplyAdd(g, TLanes.Load(under + lanes), s1);
                }

                if (TTaps.Count > 2)
                {
                    s2 = TLanes.MultiplyAdd(g, TLanes.Load(under + (2 * lanes)), s2);
                }

                if (TTaps.Count > 3)
                {
                    s3 = TLanes.MultiplyAdd(g, TLanes.Load(under + (3 * lanes)), s3);
                }

                if (TTaps.Count > 4)
                {
                    s4 = TLanes.MultiplyAdd(g, TLanes.Load(under + (4 * lanes)), s4);
                }

                if (TTaps.Count > 5)
                {
                    s5 = TLanes.MultiplyAdd(g, TLanes.Load(under + (5 * lanes)), s5);
                }

                if (TTaps.Count > 6)
                {
                    s6 = TLanes.MultiplyAdd(g, TLanes.Load(under + (6 * lanes)), s6);
                }
            }
        }

        TLanes.Store(s0, sums);
        Store(s1, 1);
        Store(s2, 2);
        Store(s3, 3);
        Store(s4, 4);
        Store(s5, 5);
        Store(s6, 6);

        void Store(TVector value, int tap)
        {
            if (TTaps.Count > tap)
            {
                TLanes.Store(value, sums + (tap * lanes));
            }
        }
    }
}
