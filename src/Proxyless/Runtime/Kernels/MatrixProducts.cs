namespace Proxyless.Runtime.Kernels;

/// <summary>
/// Products of matrices that are narrow compared with the number of pixels: 1x1 convolutions, forward and backward.
/// Rows are stored as they are needed, and what is read again and again is packed as it is read first.
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
    ) => Multiply(left, right, rows, depth, columns, result, default(StoredSum), widest);

    /// <summary>result[r, c] = activation of the sum over k of left[r, k] right[k, c].</summary>
    /// <param name="left">[rows, depth].</param>
    /// <param name="right">[depth, columns].</param>
    /// <param name="rows">Rows of the result: pixels.</param>
    /// <param name="depth">Terms of each sum.</param>
    /// <param name="columns">Columns of the result.</param>
    /// <param name="activation">What is done with each sum.</param>
    /// <param name="result">[rows, columns].</param>
    /// <param name="widest">The widest vectors, in tests.</param>
    public static void MultiplyActivated(
        float* left,
        float* right,
        int rows,
        int depth,
        int columns,
        ActivatedSum activation,
        float* result,
        int? widest = null
    ) => Multiply(left, right, rows, depth, columns, result, activation, widest);

    /// <summary>result[r, c] += sum over k of left[r, k] right[k, c] + constants[c].</summary>
    /// <param name="left">[rows, depth].</param>
    /// <param name="right">[depth, columns].</param>
    /// <param name="rows">Rows of the result: pixels.</param>
    /// <param name="depth">Terms of each sum.</param>
    /// <param name="columns">Columns of the result.</param>
    /// <param name="constants">[columns].</param>
    /// <param name="result">[rows, columns].</param>
    /// <param name="widest">The widest vectors, in tests.</param>
    public static void Add(
        float* left,
        float* right,
        int rows,
        int depth,
        int columns,
        float* constants,
        float* result,
        int? widest = null
    ) => Multiply(left, right, rows, depth, columns, result, new ShiftedSum(constants), widest);

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
        ProductKernel<AddedSum> whole = ProductKernel<AddedSum>.OfTransposed(
            left,
            right,
            terms,
            rows,
            columns,
            result
        ) with
        {
            TermsAtOnce = Terms,
        };
        if (terms <= FewTerms * threads)
        {
            KernelThreads.For(
                rows,
                threads,
                (_, from, to) =>
                {
                    ProductKernel<AddedSum> kernel = whole with { FirstRow = from, EndRow = to };
                    ChannelWidths.Run(columns, width, ref kernel);
                }
            );
            return;
        }

        ThreadSums.Add(
            terms,
            (from, to, sum) =>
            {
                ProductKernel<AddedSum> kernel = whole with { FirstTerm = from, EndTerm = to, Result = sum };
                ChannelWidths.Run(columns, width, ref kernel);
            },
            result,
            rows * columns
        );
    }

    private static void Multiply<TEpilogue>(
        float* left,
        float* right,
        int rows,
        int depth,
        int columns,
        float* result,
        TEpilogue epilogue,
        int? widest
    )
        where TEpilogue : struct, IEpilogue
    {
        int width = widest ?? ChannelWidths.Widest;
        ProductKernel<TEpilogue> whole = ProductKernel<TEpilogue>.Of(left, right, rows, depth, columns, result) with
        {
            Epilogue = epilogue,
            RowsAtOnce = Math.Max(8, ChunkBytes / sizeof(float) / depth / 8 * 8),
        };
        KernelThreads.For(
            rows,
            KernelThreads.Count,
            (_, from, to) =>
            {
                ProductKernel<TEpilogue> kernel = whole with { FirstRow = from, EndRow = to };
                ChannelWidths.Run(columns, width, ref kernel);
            }
        );
    }
}
