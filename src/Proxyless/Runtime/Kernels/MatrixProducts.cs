using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Proxyless.Runtime.Kernels;

/// <summary>
/// Products of matrices that are narrow compared with the number of pixels: 1x1 convolutions, forward and backward.
/// Nothing is packed: rows are stored as they are needed, and a tile of the result stays in registers while its terms
/// are added.
/// </summary>
internal static unsafe class MatrixProducts
{
    // For a factor that is read once for each panel of columns: fits a second-level cache together with the other
    // factor.
    private const int ChunkBytes = 128 << 10;

    // Terms of a sum between two visits of its tile.
    private const int Terms = 512;

    // With fewer per thread, threads share the rows of a sum instead of its terms: a result for each thread would cost
    // more than the products.
    private const int FewTerms = 1024;

    /// <summary>result[r, c] = sum over k of left[r, k] right[k, c].</summary>
    /// <param name="left">[rows, depth].</param>
    /// <param name="right">[depth, columns].</param>
    /// <param name="rows">Rows of the result: pixels.</param>
    /// <param name="depth">Terms of each sum.</param>
    /// <param name="columns">Columns of the result.</param>
    /// <param name="result">[rows, columns].</param>
    /// <param name="widest">The widest vectors, in tests.</param>
    public static void Multiply(
        float* left,
        float* right,
        int rows,
        int depth,
        int columns,
        float* result,
        int? widest = null
    )
    {
        int width = widest ?? ChannelWidths.Widest;
        var whole = new Kernel
        {
            Left = left,
            LeftRow = depth,
            LeftStep = 1,
            Right = right,
            RightStep = columns,
            Result = result,
            ResultRow = columns,
            EndTerm = depth,
            TermsAtOnce = depth,
            RowsAtOnce = Math.Max(8, ChunkBytes / sizeof(float) / depth / 8 * 8),
        };
        KernelThreads.For(
            rows,
            KernelThreads.Count,
            (_, from, to) =>
            {
                Kernel kernel = whole with { FirstRow = from, EndRow = to };
                ChannelWidths.Run(columns, width, ref kernel);
            }
        );
    }

    /// <summary>result[r, c] += sum over k of left[k, r] right[k, c].</summary>
    /// <param name="left">[terms, rows].</param>
    /// <param name="right">[terms, columns].</param>
    /// <param name="terms">Terms of each sum: pixels.</param>
    /// <param name="rows">Rows of the result.</param>
    /// <param name="columns">Columns of the result.</param>
    /// <param name="result">[rows, columns].</param>
    /// <param name="widest">The widest vectors, in tests.</param>
    public static void AddOuter(
        float* left,
        float* right,
        int terms,
        int rows,
        int columns,
        float* result,
        int? widest = null
    )
    {
        int width = widest ?? ChannelWidths.Widest;
        int threads = KernelThreads.Count;
        var whole = new Kernel
        {
            Left = left,
            LeftRow = 1,
            LeftStep = rows,
            Right = right,
            RightStep = columns,
            Result = result,
            ResultRow = columns,
            EndRow = rows,
            EndTerm = terms,
            TermsAtOnce = Terms,
            RowsAtOnce = rows,
            Adds = true,
        };
        if (terms <= FewTerms * threads)
        {
            KernelThreads.For(
                rows,
                threads,
                (_, from, to) =>
                {
                    Kernel kernel = whole with { FirstRow = from, EndRow = to };
                    ChannelWidths.Run(columns, width, ref kernel);
                }
            );
            return;
        }

        // The first thread adds to the result itself.
        var total = new Span<float>(result, rows * columns);
        var parts = new float[threads][];
        KernelThreads.For(
            terms,
            threads,
            (part, from, to) =>
            {
                float[] own = [];
                if (part > 0)
                {
                    own = parts[part] = ArrayPool<float>.Shared.Rent(rows * columns);
                    own.AsSpan(0, rows * columns).Clear();
                }

                fixed (float* partial = own)
                {
                    Kernel kernel = whole with
                    {
                        FirstTerm = from,
                        EndTerm = to,
                        Result = part == 0 ? result : partial,
                    };
                    ChannelWidths.Run(columns, width, ref kernel);
                }
            }
        );
        foreach (float[] part in parts.Where(part => part is not null))
        {
            TensorPrimitives.Add(total, part.AsSpan(0, total.Length), total);
            ArrayPool<float>.Shared.Return(part);
        }
    }

    private struct Kernel : IChannelKernel
    {
        /// <summary>The factor that is read number by number.</summary>
        public float* Left;

        /// <summary>Distance from one row of the result to the next.</summary>
        public int LeftRow;

        /// <summary>Distance from one term to the next.</summary>
        public int LeftStep;

        /// <summary>The factor that is read in vectors.</summary>
        public float* Right;

        /// <summary>Distance from one term to the next.</summary>
        public int RightStep;

        public float* Result;
        public int ResultRow;
        public int FirstRow;
        public int EndRow;
        public int RowsAtOnce;
        public int FirstTerm;
        public int EndTerm;
        public int TermsAtOnce;

        /// <summary>Whether the result is added to.</summary>
        public bool Adds;

        public readonly void Run<TVector, TLanes>(int from, int to)
            where TVector : unmanaged
            where TLanes : ILanes<TVector>
        {
            int lanes = TLanes.Count;
            for (int term = FirstTerm; term < EndTerm; term += TermsAtOnce)
            {
                int depth = Math.Min(TermsAtOnce, EndTerm - term);
                bool adds = Adds || term > FirstTerm;
                for (int row = FirstRow; row < EndRow; row += RowsAtOnce)
                {
                    int end = Math.Min(row + RowsAtOnce, EndRow);
                    int column = from;

                    // Sixteen sums, or eight where there are sixteen registers.
                    for (; lanes >= 16 && column + (4 * lanes) <= to; column += 4 * lanes)
                    {
                        Panel<TVector, TLanes, Four, Four>(term, depth, row, end, column, adds);
                    }

                    for (; column + (2 * lanes) <= to; column += 2 * lanes)
                    {
                        if (lanes >= 16)
                        {
                            Panel<TVector, TLanes, Eight, Two>(term, depth, row, end, column, adds);
                        }
                        else
                        {
                            Panel<TVector, TLanes, Four, Two>(term, depth, row, end, column, adds);
                        }
                    }

                    for (; column < to; column += lanes)
                    {
                        Panel<TVector, TLanes, Eight, One>(term, depth, row, end, column, adds);
                    }
                }
            }
        }

        private readonly void Panel<TVector, TLanes, TRows, TVectors>(
            int term,
            int depth,
            int row,
            int end,
            int column,
            bool adds
        )
            where TVector : unmanaged
            where TLanes : ILanes<TVector>
            where TRows : IKnownCount
            where TVectors : IKnownCount
        {
            for (; row + TRows.Count <= end; row += TRows.Count)
            {
                Tile<TVector, TLanes, TRows, TVectors>(term, depth, row, column, adds);
            }

            for (; row < end; row++)
            {
                Tile<TVector, TLanes, One, TVectors>(term, depth, row, column, adds);
            }
        }

        // Eight rows by two vectors, four by four, or fewer: the compiler leaves out what is not used.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Tile<TVector, TLanes, TRows, TVectors>(
            int term,
            int depth,
            int row,
            int column,
            bool adds
        )
            where TVector : unmanaged
            where TLanes : ILanes<TVector>
            where TRows : IKnownCount
            where TVectors : IKnownCount
        {
            int lanes = TLanes.Count;
            float* a = Left + ((long)row * LeftRow) + ((long)term * LeftStep);
            float* b = Right + ((long)term * RightStep) + column;
            float* c = Result + ((long)row * ResultRow) + column;
            long row1 = LeftRow,
                row2 = 2 * row1,
                row3 = 3 * row1,
                row4 = 4 * row1,
                row5 = 5 * row1,
                row6 = 6 * row1,
                row7 = 7 * row1;
            long resultRow = ResultRow;
            TVector s00 = default,
                s01 = default,
                s02 = default,
                s03 = default;
            TVector s10 = default,
                s11 = default,
                s12 = default,
                s13 = default;
            TVector s20 = default,
                s21 = default,
                s22 = default,
                s23 = default;
            TVector s30 = default,
                s31 = default,
                s32 = default,
                s33 = default;
            TVector s40 = default,
                s41 = default;
            TVector s50 = default,
                s51 = default;
            TVector s60 = default,
                s61 = default;
            TVector s70 = default,
                s71 = default;
            for (int k = 0; k < depth; k++, a += LeftStep, b += RightStep)
            {
                TVector b0 = TLanes.Load(b);
                TVector b1 = TVectors.Count > 1 ? TLanes.Load(b + lanes) : default;
                TVector b2 = TVectors.Count > 2 ? TLanes.Load(b + (2 * lanes)) : default;
                TVector b3 = TVectors.Count > 2 ? TLanes.Load(b + (3 * lanes)) : default;
                TVector factor = TLanes.Broadcast(*a);
                s00 = TLanes.MultiplyAdd(factor, b0, s00);
                s01 = TVectors.Count > 1 ? TLanes.MultiplyAdd(factor, b1, s01) : s01;
                s02 = TVectors.Count > 2 ? TLanes.MultiplyAdd(factor, b2, s02) : s02;
                s03 = TVectors.Count > 2 ? TLanes.MultiplyAdd(factor, b3, s03) : s03;
                if (TRows.Count > 1)
                {
                    factor = TLanes.Broadcast(a[row1]);
                    s10 = TLanes.MultiplyAdd(factor, b0, s10);
                    s11 = TVectors.Count > 1 ? TLanes.MultiplyAdd(factor, b1, s11) : s11;
                    s12 = TVectors.Count > 2 ? TLanes.MultiplyAdd(factor, b2, s12) : s12;
                    s13 = TVectors.Count > 2 ? TLanes.MultiplyAdd(factor, b3, s13) : s13;

                    factor = TLanes.Broadcast(a[row2]);
                    s20 = TLanes.MultiplyAdd(factor, b0, s20);
                    s21 = TVectors.Count > 1 ? TLanes.MultiplyAdd(factor, b1, s21) : s21;
                    s22 = TVectors.Count > 2 ? TLanes.MultiplyAdd(factor, b2, s22) : s22;
                    s23 = TVectors.Count > 2 ? TLanes.MultiplyAdd(factor, b3, s23) : s23;

                    factor = TLanes.Broadcast(a[row3]);
                    s30 = TLanes.MultiplyAdd(factor, b0, s30);
                    s31 = TVectors.Count > 1 ? TLanes.MultiplyAdd(factor, b1, s31) : s31;
                    s32 = TVectors.Count > 2 ? TLanes.MultiplyAdd(factor, b2, s32) : s32;
                    s33 = TVectors.Count > 2 ? TLanes.MultiplyAdd(factor, b3, s33) : s33;
                }

                if (TRows.Count > 4)
                {
                    factor = TLanes.Broadcast(a[row4]);
                    s40 = TLanes.MultiplyAdd(factor, b0, s40);
                    s41 = TVectors.Count > 1 ? TLanes.MultiplyAdd(factor, b1, s41) : s41;

                    factor = TLanes.Broadcast(a[row5]);
                    s50 = TLanes.MultiplyAdd(factor, b0, s50);
                    s51 = TVectors.Count > 1 ? TLanes.MultiplyAdd(factor, b1, s51) : s51;

                    factor = TLanes.Broadcast(a[row6]);
                    s60 = TLanes.MultiplyAdd(factor, b0, s60);
                    s61 = TVectors.Count > 1 ? TLanes.MultiplyAdd(factor, b1, s61) : s61;

                    factor = TLanes.Broadcast(a[row7]);
                    s70 = TLanes.MultiplyAdd(factor, b0, s70);
                    s71 = TVectors.Count > 1 ? TLanes.MultiplyAdd(factor, b1, s71) : s71;
                }
            }

            Put<TVector, TLanes, TVectors>(c, adds, s00, s01, s02, s03);
            if (TRows.Count > 1)
            {
                Put<TVector, TLanes, TVectors>(c + resultRow, adds, s10, s11, s12, s13);
                Put<TVector, TLanes, TVectors>(c + (2 * resultRow), adds, s20, s21, s22, s23);
                Put<TVector, TLanes, TVectors>(c + (3 * resultRow), adds, s30, s31, s32, s33);
            }

            if (TRows.Count > 4)
            {
                Put<TVector, TLanes, TVectors>(c + (4 * resultRow), adds, s40, s41, default, default);
                Put<TVector, TLanes, TVectors>(c + (5 * resultRow), adds, s50, s51, default, default);
                Put<TVector, TLanes, TVectors>(c + (6 * resultRow), adds, s60, s61, default, default);
                Put<TVector, TLanes, TVectors>(c + (7 * resultRow), adds, s70, s71, default, default);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Put<TVector, TLanes, TVectors>(
            float* c,
            bool adds,
            TVector v0,
            TVector v1,
            TVector v2,
            TVector v3
        )
            where TVector : unmanaged
            where TLanes : ILanes<TVector>
            where TVectors : IKnownCount
        {
            int lanes = TLanes.Count;
            TLanes.Store(adds ? TLanes.Add(TLanes.Load(c), v0) : v0, c);
            if (TVectors.Count > 1)
            {
                TLanes.Store(adds ? TLanes.Add(TLanes.Load(c + lanes), v1) : v1, c + lanes);
            }

            if (TVectors.Count > 2)
            {
                TLanes.Store(adds ? TLanes.Add(TLanes.Load(c + (2 * lanes)), v2) : v2, c + (2 * lanes));
                TLanes.Store(adds ? TLanes.Add(TLanes.Load(c + (3 * lanes)), v3) : v3, c + (3 * lanes));
            }
        }
    }
}
