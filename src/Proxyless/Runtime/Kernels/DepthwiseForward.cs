using System.Runtime.InteropServices;

namespace Proxyless.Runtime.Kernels;

/// <summary>
/// A depthwise convolution over channels-last memory. Its input is normalized and activated as it is read, and its
/// output is summed for its own batch norm, or activated, as it is written: each saves a pass over memory.
/// </summary>
internal static unsafe class DepthwiseForward
{
    /// <summary>Computes the convolution.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="input">[images, height, width, channels].</param>
    /// <param name="norm">The norm of the input, or null.</param>
    /// <param name="weights">[channels, kernel, kernel].</param>
    /// <param name="output">[images, output height, output width, channels].</param>
    /// <param name="sums">
    /// What the output is beyond their reference, and its square, are added to these sums; null if they are not needed.
    /// </param>
    /// <param name="widest">The widest vectors, in tests.</param>
    public static void Run(
        DepthwiseShape shape,
        float* input,
        ChannelNorm? norm,
        float* weights,
        float* output,
        ChannelSums? sums,
        int? widest = null
    )
    {
        fixed (
            float* scale = norm?.Scale,
                shift = norm?.Shift
        )
        {
            var source = new ActivatedSource
            {
                Y = input,
                Scale = scale,
                Shift = shift,
                Low = norm?.Low ?? 0,
                High = norm?.High ?? 0,
                Channels = shape.Channels,
            };
            Run(shape, source, weights, output, sums, widest);
        }
    }

    /// <summary>The same for an input that is computed tile by tile as it is needed.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="source">The normalized and activated input.</param>
    /// <param name="weights">[channels, kernel, kernel].</param>
    /// <param name="output">[images, output height, output width, channels].</param>
    /// <param name="sums">
    /// What the output is beyond their reference, and its square, are added to these sums; null if they are not needed.
    /// </param>
    /// <param name="widest">The widest vectors, in tests.</param>
    public static void Run<TSource>(
        DepthwiseShape shape,
        TSource source,
        float* weights,
        float* output,
        ChannelSums? sums,
        int? widest = null
    )
        where TSource : struct, IBatchSource<TSource> =>
        Run(shape, source, weights, output, default(StoredSum), sums, widest);

    /// <summary>The same with a batch norm that is part of the weights, and its activation.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="source">The activated input.</param>
    /// <param name="weights">[channels, kernel, kernel] times the norm's scale.</param>
    /// <param name="activation">What is done with each number of the output.</param>
    /// <param name="output">[images, output height, output width, channels].</param>
    /// <param name="widest">The widest vectors, in tests.</param>
    public static void RunFolded<TSource>(
        DepthwiseShape shape,
        TSource source,
        float* weights,
        ActivatedSum activation,
        float* output,
        int? widest = null
    )
        where TSource : struct, IBatchSource<TSource> => Run(shape, source, weights, output, activation, null, widest);

    private static void Run<TSource, TEpilogue>(
        DepthwiseShape shape,
        TSource source,
        float* weights,
        float* output,
        TEpilogue epilogue,
        ChannelSums? sums,
        int? widest
    )
        where TSource : struct, IBatchSource<TSource>
        where TEpilogue : struct, IEpilogue
    {
        int width = widest ?? ChannelWidths.Widest;
        var parts = new (double[] First, double[] Second)?[KernelThreads.Count];
        fixed (float* from = sums?.Reference)
        {
            var shared = new Kernel<TSource, TEpilogue>
            {
                Shape = shape,
                Source = source,
                Weights = weights,
                Output = output,
                Epilogue = epilogue,
                Reference = from,
            };
            KernelThreads.For(
                shape.Images,
                parts.Length,
                (part, first, end) =>
                {
                    using var tile = new PaddedTile();
                    int summed = sums is null ? 0 : shape.Channels;
                    Kernel<TSource, TEpilogue> kernel = shared with
                    {
                        FirstImage = first,
                        EndImage = end,
                        Tile = tile,
                        First = new double[summed],
                        Second = new double[summed],
                    };
                    ChannelWidths.Run(shape.Channels, width, ref kernel);
                    parts[part] = (kernel.First, kernel.Second);
                }
            );
        }

        sums?.Add(parts);
    }

    private struct Kernel<TSource, TEpilogue> : IChannelKernel
        where TSource : struct, IBatchSource<TSource>
        where TEpilogue : struct, IEpilogue
    {
        public DepthwiseShape Shape;
        public TSource Source;
        public float* Weights;
        public float* Output;
        public TEpilogue Epilogue;

        /// <summary>Null if the output is not summed.</summary>
        public float* Reference;
        public int FirstImage;
        public int EndImage;
        public PaddedTile Tile;
        public double[] First;
        public double[] Second;

        public readonly void Run<TVector, TLanes>(int from, int to)
            where TVector : unmanaged
            where TLanes : ILanes<TVector>
        {
            int lanes = TLanes.Count;
            int taps = Shape.Kernel * Shape.Kernel;
            int columns = Math.Max(
                Shape.Width + (2 * Shape.Before),
                ((TilePlan.RoundUp(Shape.OutputWidth, TapKernels<TVector, TLanes>.Pixels) - 1) * Shape.Stride)
                    + Shape.Kernel
            );
            TilePlan plan = TilePlan.Of(Shape, (to - from) / lanes, columns, lanes, TSource.IsComputed);
            int* offsets = stackalloc int[taps];
            int* weightOffsets = stackalloc int[taps];
            for (int t = 0; t < taps; t++)
            {
                offsets[t] = (t / Shape.Kernel * columns * lanes) + (t % Shape.Kernel * lanes);
                weightOffsets[t] = t * lanes;
            }

            var within = (TapRows*)NativeMemory.Alloc((nuint)(Shape.OutputHeight * sizeof(TapRows)));
            for (int y = 0; y < Shape.OutputHeight; y++)
            {
                int top = (y * Shape.Stride) - Shape.Before;
                within[y] = new TapRows(offsets, weightOffsets, Shape.Kernel, Shape.Kernel).Between(
                    -top,
                    Shape.Height - top
                );
            }

            float* weights = (float*)NativeMemory.AlignedAlloc((nuint)((to - from) * taps * sizeof(float)), 64);
            float* sums = stackalloc float[2 * plan.Blocks * lanes];
            float* result = stackalloc float[TapKernels<TVector, TLanes>.Pixels * lanes];
            try
            {
                TilePlan.Interleave(Weights + ((long)from * taps), to - from, taps, lanes, weights);
                for (int image = FirstImage; image < EndImage; image++)
                {
                    for (int row = 0; row < Shape.OutputHeight; row += plan.OutputRows)
                    {
                        int end = Math.Min(row + plan.OutputRows, Shape.OutputHeight);
                        for (int channel = from; channel < to; channel += plan.Blocks * lanes)
                        {
                            int blocks = Math.Min(plan.Blocks, (to - channel) / lanes);
                            TSource source = Source.From((long)image * Shape.Height * Shape.Width, channel);
                            int firstRow = Math.Max(0, (row * Shape.Stride) - Shape.Before);
                            int endRow = Math.Min(
                                Shape.Height,
                                ((end - 1) * Shape.Stride) - Shape.Before + Shape.Kernel
                            );
                            Tile.Shape(blocks, firstRow, endRow - firstRow, Shape.Before, columns, lanes);
                            Tile.Fill<TVector, TLanes, TSource>(blocks, Shape.Height, Shape.Width, ref source);
                            new Span<float>(sums, 2 * blocks * lanes).Clear();
                            for (int block = 0; block < blocks; block++)
                            {
                                float* blockWeights = weights + ((channel - from + (block * lanes)) * taps);
                                for (int y = row; y < end; y++)
                                {
                                    Row<TVector, TLanes>(
                                        image,
                                        y,
                                        channel,
                                        block,
                                        within[y],
                                        blockWeights,
                                        result,
                                        sums + (2 * block * lanes)
                                    );
                                }
                            }

                            if (Reference is not null)
                            {
                                ChannelSums.AddBlocks(sums, channel, blocks, lanes, First, Second);
                            }
                        }
                    }
                }
            }
            finally
            {
                NativeMemory.Free(within);
                NativeMemory.AlignedFree(weights);
            }
        }

        private readonly void Row<TVector, TLanes>(
            int image,
            int y,
            int channel,
            int block,
            in TapRows taps,
            float* weights,
            float* result,
            float* sums
        )
            where TVector : unmanaged
            where TLanes : ILanes<TVector>
        {
            int lanes = TLanes.Count;
            int first = channel + (block * lanes);
            TVector reference = Reference is null ? default : TLanes.Load(Reference + first);
            TVector sum = TLanes.Load(sums);
            TVector squares = TLanes.Load(sums + lanes);
            float* output =
                Output + ((((long)image * Shape.OutputHeight) + y) * Shape.OutputWidth * Shape.Channels) + first;
            for (int x = 0; x < Shape.OutputWidth; x += TapKernels<TVector, TLanes>.Pixels)
            {
                float* origin = Tile.At(
                    block,
                    (y * Shape.Stride) - Shape.Before,
                    (x * Shape.Stride) - Shape.Before,
                    lanes
                );
                int valid = Math.Min(TapKernels<TVector, TLanes>.Pixels, Shape.OutputWidth - x);
                TapKernels<TVector, TLanes>.Correlate(origin, Shape.Stride * lanes, valid, taps, weights, result);
                for (int i = 0; i < valid; i++, output += Shape.Channels)
                {
                    TVector value = TLanes.Load(result + (i * lanes));
                    TLanes.Store(Epilogue.Of<TVector, TLanes>(value, output, first), output);
                    if (Reference is not null)
                    {
                        value = TLanes.Subtract(value, reference);
                        sum = TLanes.Add(sum, value);
                        squares = TLanes.MultiplyAdd(value, value, squares);
                    }
                }
            }

            TLanes.Store(sum, sums);
            TLanes.Store(squares, sums + lanes);
        }
    }
}
