using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Proxyless.Runtime.Kernels;

/// <summary>
/// A product of matrices on one thread. A tile of the result stays in registers while its terms are added.
/// </summary>
/// <typeparam name="TEpilogue">What is done with each sum.</typeparam>
internal unsafe struct ProductKernel<TEpilogue> : IChannelKernel
    where TEpilogue : struct, IEpilogue
{
    // Copying a panel costs about as much as one tile of its rows.
    private const int PackedRows = 32;

    /// <summary>The factor that is read number by number.</summary>
    public float* Left;

    /// <summary>Distance from a number of the left factor to that of the next row of the result.</summary>
    public int LeftRow;

    /// <summary>Distance from a number of the left factor to that of the next term.</summary>
    public int LeftStep;

    /// <summary>[terms, columns]: the factor that is read in vectors.</summary>
    public float* Right;

    /// <summary>Distance from one term to the next.</summary>
    public int RightStep;

    /// <summary>[rows, columns].</summary>
    public float* Result;

    /// <summary>Distance from one row of the result to the next.</summary>
    public int ResultRow;

    /// <summary>
    /// Distance from one vector of a row to the next, if the result is [columns / lanes, rows, lanes] and its columns
    /// are of one vector width; 0 if a row has no gaps.
    /// </summary>
    public int ResultVector;

    /// <summary>What is done with each sum.</summary>
    public TEpilogue Epilogue;

    /// <summary>The first row of the result.</summary>
    public int FirstRow;

    /// <summary>The row after the last.</summary>
    public int EndRow;

    /// <summary>Rows for which a panel of columns stays in the cache.</summary>
    public int RowsAtOnce;

    /// <summary>The first term.</summary>
    public int FirstTerm;

    /// <summary>The term after the last.</summary>
    public int EndTerm;

    /// <summary>
    /// Terms between two visits of a tile; fewer than all only where sums are added to what is there.
    /// </summary>
    public int TermsAtOnce;

    /// <summary>The product of two matrices.</summary>
    /// <param name="left">[rows, terms].</param>
    /// <param name="right">[terms, columns].</param>
    /// <param name="rows">Rows of the result.</param>
    /// <param name="terms">Terms of each sum.</param>
    /// <param name="columns">Columns of the result.</param>
    /// <param name="result">[rows, columns].</param>
    public static ProductKernel<TEpilogue> Of(
        float* left,
        float* right,
        int rows,
        int terms,
        int columns,
        float* result
    ) =>
        new()
        {
            Left = left,
            LeftRow = terms,
            LeftStep = 1,
            Right = right,
            RightStep = columns,
            Result = result,
            ResultRow = columns,
            EndRow = rows,
            RowsAtOnce = rows,
            EndTerm = terms,
            TermsAtOnce = terms,
        };

    /// <summary>The same with the transpose of the left matrix.</summary>
    /// <param name="left">[terms, rows].</param>
    /// <param name="right">[terms, columns].</param>
    /// <param name="terms">Terms of each sum.</param>
    /// <param name="rows">Rows of the result.</param>
    /// <param name="columns">Columns of the result.</param>
    /// <param name="result">[rows, columns].</param>
    public static ProductKernel<TEpilogue> OfTransposed(
        float* left,
        float* right,
        int terms,
        int rows,
        int columns,
        float* result
    ) => Of(left, right, rows, terms, columns, result) with { LeftRow = 1, LeftStep = rows };

    public readonly void Run<TVector, TLanes>(int from, int to)
        where TVector : unmanaged
        where TLanes : ILanes<TVector>
    {
        Debug.Assert(
            TEpilogue.AddsUp || TermsAtOnce >= EndTerm - FirstTerm,
            "a sum in parts would lose all but the last"
        );
        int lanes = TLanes.Count;
        for (int term = FirstTerm; term < EndTerm; term += TermsAtOnce)
        {
            int depth = Math.Min(TermsAtOnce, EndTerm - term);
            for (int row = FirstRow; row < EndRow; row += RowsAtOnce)
            {
                int end = Math.Min(row + RowsAtOnce, EndRow);
                int column = from;

                // Sixteen sums, or eight where there are sixteen registers.
                for (; lanes >= 16 && column + (4 * lanes) <= to; column += 4 * lanes)
                {
                    Panel<TVector, TLanes, Four, Four>(term, depth, row, end, column);
                }

                for (; column + (2 * lanes) <= to; column += 2 * lanes)
                {
                    if (lanes >= 16)
                    {
                        Panel<TVector, TLanes, Eight, Two>(term, depth, row, end, column);
                    }
                    else
                    {
                        Panel<TVector, TLanes, Four, Two>(term, depth, row, end, column);
                    }
                }

                for (; column < to; column += lanes)
                {
                    Panel<TVector, TLanes, Eight, One>(term, depth, row, end, column);
                }
            }
        }
    }

    private readonly void Panel<TVector, TLanes, TRows, TVectors>(int term, int depth, int row, int end, int column)
        where TVector : unmanaged
        where TLanes : ILanes<TVector>
        where TRows : IKnownCount
        where TVectors : IKnownCount
    {
        float* right = Right + ((long)term * RightStep) + column;
        int step = RightStep;
        int wide = TVectors.Count * TLanes.Count;
        if (step > wide && end - row >= PackedRows)
        {
            right = Pack<TVector, TLanes, TVectors>(right, depth);
            step = wide;
        }

        int first = row;
        for (; row + TRows.Count <= end; row += TRows.Count)
        {
            Tile<TVector, TLanes, TRows, TVectors>(right, step, term, depth, row, column);
        }

        if (row < end && row > first && TEpilogue.IsRepeatable)
        {
            // The last rows together with some that are there already: a tile of one row waits for its additions.
            Tile<TVector, TLanes, TRows, TVectors>(right, step, term, depth, end - TRows.Count, column);
            return;
        }

        for (; row < end; row++)
        {
            Tile<TVector, TLanes, One, TVectors>(right, step, term, depth, row, column);
        }
    }

    // Where the matrix is wide, each row of a panel lies on a page of its own.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly float* Pack<TVector, TLanes, TVectors>(float* source, int depth)
        where TVector : unmanaged
        where TLanes : ILanes<TVector>
        where TVectors : IKnownCount
    {
        int lanes = TLanes.Count;
        float* packed = ProductScratch.Panel((long)depth * TVectors.Count * lanes);
        float* place = packed;
        for (int k = 0; k < depth; k++, source += RightStep)
        {
            for (int v = 0; v < TVectors.Count; v++, place += lanes)
            {
                TLanes.Store(TLanes.Load(source + (v * lanes)), place);
            }
        }

        return packed;
    }

    // Eight rows by two vectors, four by four, or fewer: the compiler leaves out what is not used.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Tile<TVector, TLanes, TRows, TVectors>(
        float* b,
        int rightStep,
        int term,
        int depth,
        int row,
        int column
    )
        where TVector : unmanaged
        where TLanes : ILanes<TVector>
        where TRows : IKnownCount
        where TVectors : IKnownCount
    {
        int lanes = TLanes.Count;
        float* a = Left + ((long)row * LeftRow) + ((long)term * LeftStep);
        float* c =
            Result + ((long)row * ResultRow) + (ResultVector == 0 ? column : (long)column / lanes * ResultVector);
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
        for (int k = 0; k < depth; k++, a += LeftStep, b += rightStep)
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

        Put<TVector, TLanes, TVectors>(c, column, s00, s01, s02, s03);
        if (TRows.Count > 1)
        {
            Put<TVector, TLanes, TVectors>(c + resultRow, column, s10, s11, s12, s13);
            Put<TVector, TLanes, TVectors>(c + (2 * resultRow), column, s20, s21, s22, s23);
            Put<TVector, TLanes, TVectors>(c + (3 * resultRow), column, s30, s31, s32, s33);
        }

        if (TRows.Count > 4)
        {
            Put<TVector, TLanes, TVectors>(c + (4 * resultRow), column, s40, s41, default, default);
            Put<TVector, TLanes, TVectors>(c + (5 * resultRow), column, s50, s51, default, default);
            Put<TVector, TLanes, TVectors>(c + (6 * resultRow), column, s60, s61, default, default);
            Put<TVector, TLanes, TVectors>(c + (7 * resultRow), column, s70, s71, default, default);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Put<TVector, TLanes, TVectors>(
        float* c,
        int column,
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
        int step = ResultVector == 0 ? lanes : ResultVector;
        TLanes.Store(Epilogue.Of<TVector, TLanes>(v0, c, column), c);
        if (TVectors.Count > 1)
        {
            c += step;
            TLanes.Store(Epilogue.Of<TVector, TLanes>(v1, c, column + lanes), c);
        }

        if (TVectors.Count > 2)
        {
            c += step;
            TLanes.Store(Epilogue.Of<TVector, TLanes>(v2, c, column + (2 * lanes)), c);
            c += step;
            TLanes.Store(Epilogue.Of<TVector, TLanes>(v3, c, column + (3 * lanes)), c);
        }
    }
}
