using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Proxyless.Runtime.Kernels;

/// <summary>
/// The gradients of a depthwise convolution between two batch norms, in one pass over channels-last memory: the
/// gradient of the norm after it and the activated input are computed as they are read; the gradient of the input is
/// summed for the norm before it as it is written.
/// </summary>
internal static unsafe class DepthwiseBackward
{
    /// <summary>The inputs, and the destinations of the results.</summary>
    internal struct Operands
    {
        /// <summary>
        /// [images, height, width, channels]: the input of <see cref="DepthwiseForward"/>; unused if it is computed
        /// tile by tile.
        /// </summary>
        public float* Input;

        /// <summary>The norm of the input, or null.</summary>
        public ChannelNorm? InputNorm;

        /// <summary>[images, output height, output width, channels]: its output.</summary>
        public float* Output;

        /// <summary>
        /// [images, output height, output width, channels]: the gradient of the activated, normalized output.
        /// </summary>
        public float* Gradient;

        /// <summary>
        /// The sums of g and g (y - mean) for the norm before, where g is the input's gradient and y that norm's input;
        /// null if there is none. Where the input is computed tile by tile, there is no y, and the second sums are
        /// those of g times the activated input.
        /// </summary>
        public ChannelSums? Sums;

        /// <summary>The norm after the convolution.</summary>
        public ChannelNorm Norm;

        /// <summary>Its gradient.</summary>
        public ChannelNormGradient Factors;

        /// <summary>[channels, kernel, kernel].</summary>
        public float* Weights;

        /// <summary>
        /// [images, height, width, channels]: receives the gradient of the activated input where the activation lets it
        /// through; unused if the input is computed tile by tile.
        /// </summary>
        public float* InputGradient;

        /// <summary>
        /// [channels, kernel, kernel]: the gradient of the weights is added to it; null if it is not needed.
        /// </summary>
        public float* WeightGradient;
    }

    /// <summary>Computes the gradients.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="operands">The inputs, and the destinations of the results.</param>
    /// <param name="widest">The widest vectors, in tests.</param>
    public static void Run(DepthwiseShape shape, Operands operands, int? widest = null)
    {
        ChannelNorm? before = operands.InputNorm;
        fixed (
            float* scale = before?.Scale,
                shift = before?.Shift
        )
        {
            var source = new ActivatedSource
            {
                Y = operands.Input,
                Scale = scale,
                Shift = shift,
                Low = before?.Low ?? 0,
                High = before?.High ?? 0,
                Channels = shape.Channels,
            };
            Run(shape, operands, source, null, widest);
        }
    }

    /// <summary>
    /// The same for an input that a 1x1 convolution widens tile by tile: the gradient of its norm's output goes no
    /// further than into the products that the gradients of that convolution need.
    /// </summary>
    /// <param name="shape">The shape.</param>
    /// <param name="operands">The inputs, and the destinations of the results.</param>
    /// <param name="expansion">What widens the input, and the products.</param>
    /// <param name="widest">The widest vectors, in tests.</param>
    public static void Run(DepthwiseShape shape, Operands operands, ExpansionProducts expansion, int? widest = null) =>
        Run(shape, operands, expansion.Source, expansion, widest);

    private static void Run<TSource>(
        DepthwiseShape shape,
        Operands operands,
        TSource source,
        ExpansionProducts? expansion,
        int? widest
    )
        where TSource : struct, IBatchSource<TSource>
    {
        int width = widest ?? ChannelWidths.Widest;
        int threads = KernelThreads.Count;
        int weights = shape.Channels * shape.Kernel * shape.Kernel;
        ChannelNorm? before = expansion is null ? operands.InputNorm : expansion.Mask;
        ChannelNormGradient factors = operands.Factors;
        var parts = new (double[] First, double[] Second)?[threads];
        var gradients = new float[threads][];
        var products = new ExpansionProducts.Part?[threads];
        fixed (
            float* scale = before?.Scale,
                shift = before?.Shift,
                mean = before?.Mean,
                normScale = operands.Norm.Scale,
                normShift = operands.Norm.Shift,
                normMean = operands.Norm.Mean,
                ofOutput = factors.OfOutput,
                ofDistance = factors.OfDistance,
                constant = factors.Constant
        )
        {
            var shared = new Kernel<TSource>
            {
                Shape = shape,
                Source = source,
                Input = operands.Input,
                Scale = scale,
                Shift = shift,
                Mean = mean,
                Low = before?.Low ?? 0,
                High = before?.High ?? 0,
                GradientSource = new NormGradientSource
                {
                    Norm = new ActivatedSource
                    {
                        Y = operands.Output,
                        Scale = normScale,
                        Shift = normShift,
                        Low = operands.Norm.Low,
                        High = operands.Norm.High,
                        Channels = shape.Channels,
                    },
                    Gradient = operands.Gradient,
                    Mean = normMean,
                    OfOutput = ofOutput,
                    OfDistance = ofDistance,
                    Constant = constant,
                },
                Weights = operands.Weights,
                InputGradient = operands.InputGradient,
            };
            bool wantsWeights = operands.WeightGradient is not null;
            KernelThreads.For(
                shape.Images,
                threads,
                (part, first, end) =>
                {
                    using var tile = new PaddedTile();
                    using var gradientTile = new PaddedTile();
                    ExpansionProducts.Part? own = products[part] = expansion?.OfThread(width);
                    Kernel<TSource> kernel = shared with
                    {
                        FirstImage = first,
                        EndImage = end,
                        Tile = tile,
                        GradientTile = gradientTile,
                        First = new double[shape.Channels],
                        Second = new double[shape.Channels],
                        WeightGradient = wantsWeights ? new float[weights] : null,
                        Expansion = own,
                    };
                    ChannelWidths.Run(shape.Channels, width, ref kernel);
                    parts[part] = (kernel.First, kernel.Second);
                    gradients[part] = kernel.WeightGradient ?? [];
                }
            );
        }

        if (operands.WeightGradient is not null)
        {
            var sum = new Span<float>(operands.WeightGradient, weights);
            foreach (float[] part in gradients.Where(part => part is not null))
            {
                TensorPrimitives.Add(sum, part, sum);
            }
        }

        operands.Sums?.Add(parts);
        expansion?.Add(products);
    }

    private struct Kernel<TSource> : IChannelKernel
        where TSource : struct, IBatchSource<TSource>
    {
        public DepthwiseShape Shape;
        public TSource Source;
        public NormGradientSource GradientSource;

        /// <summary>What tells where the activation lets the input's gradient through: see <see cref="Row"/>.</summary>
        public float* Input;

        public float* Scale;
        public float* Shift;
        public float* Mean;
        public float Low;
        public float High;
        public float* Weights;
        public float* InputGradient;
        public float[]? WeightGradient;
        public int FirstImage;
        public int EndImage;
        public PaddedTile Tile;
        public PaddedTile GradientTile;
        public double[] First;
        public double[] Second;

        /// <summary>If the input is computed tile by tile.</summary>
        public ExpansionProducts.Part? Expansion;

        // Columns of zeros on both sides of the gradient: as many as the taps of an input pixel reach beyond it.
        private readonly int GradientMargin => Shape.Kernel / 2;

        public readonly void Run<TVector, TLanes>(int from, int to)
            where TVector : unmanaged
            where TLanes : ILanes<TVector>
        {
            int lanes = TLanes.Count;
            int taps = Shape.Kernel * Shape.Kernel;
            int columns = Math.Max(
                Shape.Width + (2 * Shape.Before),
                ((Shape.OutputWidth - 1) * Shape.Stride) + Shape.Kernel
            );
            int places = TilePlan.RoundUp(
                (Shape.Width + Shape.Stride - 1) / Shape.Stride,
                TapKernels<TVector, TLanes>.Pixels
            );
            int gradientColumns = GradientMargin + Math.Max(Shape.OutputWidth, places + GradientMargin);
            TilePlan plan = TilePlan.Of(Shape, (to - from) / lanes, columns, lanes, TSource.IsComputed);
            float* weights = (float*)NativeMemory.AlignedAlloc((nuint)((to - from) * taps * sizeof(float)), 64);
            float* weightSums = (float*)
                NativeMemory.AlignedAlloc((nuint)(plan.Blocks * lanes * taps * sizeof(float)), 64);
            float* weightTotals = (float*)NativeMemory.AlignedAlloc((nuint)((to - from) * taps * sizeof(float)), 64);
            float* sums = stackalloc float[2 * plan.Blocks * lanes];
            float* result = stackalloc float[TapKernels<TVector, TLanes>.Pixels * lanes];
            int phases = Shape.Stride * Shape.Stride;
            int* offsets = stackalloc int[phases * taps];
            int* weightOffsets = stackalloc int[phases * taps];
            TapRows* tapRows = stackalloc TapRows[phases];
            for (int phase = 0; phase < phases; phase++)
            {
                tapRows[phase] = Taps(
                    phase / Shape.Stride,
                    phase % Shape.Stride,
                    gradientColumns * lanes,
                    lanes,
                    offsets + (phase * taps),
                    weightOffsets + (phase * taps)
                );
            }

            // For every row of the input and both phases of its columns.
            var within = (TapRows*)NativeMemory.Alloc((nuint)(Shape.Height * Shape.Stride * sizeof(TapRows)));
            for (int y = 0; y < Shape.Height; y++)
            {
                int under = (y + Shape.Before) / Shape.Stride;
                for (int phase = 0; phase < Shape.Stride; phase++)
                {
                    within[(y * Shape.Stride) + phase] = tapRows[(y % Shape.Stride * Shape.Stride) + phase]
                        .Between(under - (Shape.OutputHeight - 1), under + 1);
                }
            }

            try
            {
                TilePlan.Interleave(Weights + ((long)from * taps), to - from, taps, lanes, weights);
                new Span<float>(weightTotals, (to - from) * taps).Clear();
                for (int image = FirstImage; image < EndImage; image++)
                {
                    for (int row = 0; row < Shape.OutputHeight; row += plan.OutputRows)
                    {
                        int end = Math.Min(row + plan.OutputRows, Shape.OutputHeight);
                        int inputRow = row * Shape.Stride;
                        int inputEnd = end == Shape.OutputHeight ? Shape.Height : end * Shape.Stride;
                        for (int channel = from; channel < to; channel += plan.Blocks * lanes)
                        {
                            int blocks = Math.Min(plan.Blocks, (to - channel) / lanes);
                            FillGradient<TVector, TLanes>(
                                image,
                                row,
                                end,
                                inputRow,
                                inputEnd,
                                channel,
                                blocks,
                                gradientColumns
                            );
                            if (WeightGradient is not null || Expansion is not null)
                            {
                                FillInput<TVector, TLanes>(image, row, end, inputEnd, channel, blocks, columns);
                            }

                            Expansion?.Begin((inputEnd - inputRow) * Shape.Width, blocks * lanes);
                            new Span<float>(sums, 2 * blocks * lanes).Clear();
                            for (int block = 0; block < blocks; block++)
                            {
                                float* blockWeights = weights + ((channel - from + (block * lanes)) * taps);
                                for (int y = inputRow; y < inputEnd; y++)
                                {
                                    for (int phase = 0; phase < Shape.Stride; phase++)
                                    {
                                        Row<TVector, TLanes>(
                                            image,
                                            y,
                                            inputRow,
                                            phase,
                                            channel,
                                            block,
                                            within[(y * Shape.Stride) + phase],
                                            blockWeights,
                                            result,
                                            sums + (2 * block * lanes)
                                        );
                                    }
                                }
                            }

                            ChannelSums.AddBlocks(sums, channel, blocks, lanes, First, Second);
                            Expansion?.End<TVector, TLanes>(
                                (((long)image * Shape.Height) + inputRow) * Shape.Width,
                                channel
                            );
                            if (WeightGradient is not null)
                            {
                                var tileSums = new Span<float>(weightSums, blocks * lanes * taps);
                                tileSums.Clear();
                                for (int block = 0; block < blocks; block++)
                                {
                                    AccumulateWeights<TVector, TLanes>(
                                        block,
                                        row,
                                        end,
                                        weightSums + (block * lanes * taps)
                                    );
                                }

                                var totals = new Span<float>(weightTotals + ((channel - from) * taps), tileSums.Length);
                                TensorPrimitives.Add(totals, tileSums, totals);
                            }
                        }
                    }
                }

                if (WeightGradient is not null)
                {
                    fixed (float* gradient = WeightGradient)
                    {
                        TilePlan.AddInterleaved(weightTotals, to - from, taps, lanes, gradient + ((long)from * taps));
                    }
                }
            }
            finally
            {
                NativeMemory.Free(within);
                NativeMemory.AlignedFree(weights);
                NativeMemory.AlignedFree(weightTotals);
                NativeMemory.AlignedFree(weightSums);
            }
        }

        private readonly void FillGradient<TVector, TLanes>(
            int image,
            int row,
            int end,
            int inputRow,
            int inputEnd,
            int channel,
            int blocks,
            int columns
        )
            where TVector : unmanaged
            where TLanes : ILanes<TVector>
        {
            NormGradientSource source = GradientSource;
            long pixel = (long)image * Shape.OutputHeight * Shape.OutputWidth;
            source.Norm = source.Norm.From(pixel, channel);
            source.Gradient += (pixel * Shape.Channels) + channel;
            source.Mean += channel;
            source.OfOutput += channel;
            source.OfDistance += channel;
            source.Constant += channel;
            int first = Math.Clamp((inputRow + Shape.Before - (Shape.Kernel - 1)) / Shape.Stride, 0, row);
            int last = Math.Clamp((inputEnd - 1 + Shape.Before) / Shape.Stride, end - 1, Shape.OutputHeight - 1);
            GradientTile.Shape(blocks, first, last - first + 1, GradientMargin, columns, TLanes.Count);
            GradientTile.Fill<TVector, TLanes, NormGradientSource>(
                blocks,
                Shape.OutputHeight,
                Shape.OutputWidth,
                ref source
            );
        }

        private readonly void FillInput<TVector, TLanes>(
            int image,
            int row,
            int end,
            int inputEnd,
            int channel,
            int blocks,
            int columns
        )
            where TVector : unmanaged
            where TLanes : ILanes<TVector>
        {
            TSource source = Source.From((long)image * Shape.Height * Shape.Width, channel);
            int first = (row * Shape.Stride) - Shape.Before;

            // The row after the last tap, or after the last gradient: a kernel of 1 with a stride of 2 skips rows.
            int behind = Math.Max(((end - 1) * Shape.Stride) - Shape.Before + Shape.Kernel, inputEnd);
            if (Shape.Kernel != 3)
            {
                // Rows beyond the border are left out of the sums.
                (first, behind) = (Math.Max(0, first), Math.Min(Shape.Height, behind));
            }

            Tile.Shape(blocks, first, behind - first, Shape.Before, columns, TLanes.Count);
            Tile.Fill<TVector, TLanes, TSource>(blocks, Shape.Height, Shape.Width, ref source);
        }

        // The output pixels that an input pixel contributed to: with a stride of 2 only every second tap; which ones
        // depends on whether row and column are even.
        private readonly TapRows Taps(
            int rowPhase,
            int columnPhase,
            int rowLength,
            int lanes,
            int* offsets,
            int* weightOffsets
        )
        {
            int count = 0;
            int rows = 0;
            int firstRow = (rowPhase + Shape.Before) % Shape.Stride;
            int firstColumn = (columnPhase + Shape.Before) % Shape.Stride;
            for (int ky = firstRow; ky < Shape.Kernel; ky += Shape.Stride, rows++)
            {
                for (int kx = firstColumn; kx < Shape.Kernel; kx += Shape.Stride)
                {
                    offsets[count] =
                        -((ky - firstRow) / Shape.Stride * rowLength) - ((kx - firstColumn) / Shape.Stride * lanes);
                    weightOffsets[count++] = ((ky * Shape.Kernel) + kx) * lanes;
                }
            }

            return new TapRows(offsets, weightOffsets, rows, rows == 0 ? 0 : count / rows);
        }

        private readonly void Row<TVector, TLanes>(
            int image,
            int y,
            int firstRow,
            int phase,
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
            long offset = (((((long)image * Shape.Height) + y) * Shape.Width) + phase) * Shape.Channels + first;
            TVector sum = TLanes.Load(sums);
            TVector products = TLanes.Load(sums + lanes);
            bool isMasked = Scale is not null;
            TVector scale = isMasked ? TLanes.Load(Scale + first) : default;
            TVector shift = isMasked ? TLanes.Load(Shift + first) : default;
            TVector mean = isMasked ? TLanes.Load(Mean + first) : default;
            TVector low = TLanes.Broadcast(Low);
            TVector high = TLanes.Broadcast(High);
            int places = (Shape.Width - phase + Shape.Stride - 1) / Shape.Stride;
            long step = (long)Shape.Stride * Shape.Channels;
            long outputStep = step;
            float* y1 = Input + offset;
            float* output = InputGradient + offset;
            if (Expansion is not null)
            {
                y1 = Tile.At(block, y, phase, lanes);
                step = (long)Shape.Stride * lanes;
                outputStep = (long)Shape.Stride * Expansion.Channels;
                output =
                    Expansion.Gradient
                    + ((((long)(y - firstRow) * Shape.Width) + phase) * Expansion.Channels)
                    + (block * lanes);
            }

            for (int place = 0; place < places; place += TapKernels<TVector, TLanes>.Pixels)
            {
                float* origin = GradientTile.At(
                    block,
                    (y + Shape.Before) / Shape.Stride,
                    place + ((phase + Shape.Before) / Shape.Stride),
                    lanes
                );
                int valid = Math.Min(TapKernels<TVector, TLanes>.Pixels, places - place);
                TapKernels<TVector, TLanes>.Correlate(origin, lanes, valid, taps, weights, result);
                for (int i = 0; i < valid; i++, y1 += step, output += outputStep)
                {
                    TVector value = TLanes.Load(result + (i * lanes));
                    if (isMasked)
                    {
                        TVector before = TLanes.Load(y1);
                        value = TLanes.WhereInside(TLanes.MultiplyAdd(before, scale, shift), low, high, value);
                        sum = TLanes.Add(sum, value);
                        products = TLanes.MultiplyAdd(value, TLanes.Subtract(before, mean), products);
                    }

                    TLanes.Store(value, output);
                }
            }

            TLanes.Store(sum, sums);
            TLanes.Store(products, sums + lanes);
        }

        private readonly void AccumulateWeights<TVector, TLanes>(int block, int row, int end, float* sums)
            where TVector : unmanaged
            where TLanes : ILanes<TVector>
        {
            int lanes = TLanes.Count;
            int step = Shape.Stride * lanes;
            for (int y = row; y < end && Shape.Kernel == 3; y++)
            {
                TapKernels<TVector, TLanes>.Accumulate3x3(
                    GradientTile.At(block, y, 0, lanes),
                    Under(block, y, 0, lanes),
                    Tile.RowLength,
                    step,
                    Shape.OutputWidth,
                    sums
                );
            }

            for (int ky = 0; ky < Shape.Kernel && Shape.Kernel != 3; ky++)
            {
                // The rows whose source is not beyond the border.
                int top = Math.Max(row, (Shape.Before - ky + Shape.Stride - 1) / Shape.Stride);
                int rows = Math.Min(end, (Shape.Height + Shape.Before - ky + Shape.Stride - 1) / Shape.Stride) - top;
                if (rows <= 0)
                {
                    continue;
                }

                float* rowSums = sums + (ky * Shape.Kernel * lanes);
                float* gradient = GradientTile.At(block, top, 0, lanes);
                float* source = Under(block, top, ky, lanes);
                int sourceRow = Shape.Stride * Tile.RowLength;
                switch (Shape.Kernel)
                {
                    case 5:
                        TapKernels<TVector, TLanes>.AccumulateRows<Five>(
                            gradient,
                            GradientTile.RowLength,
                            source,
                            sourceRow,
                            step,
                            rows,
                            Shape.OutputWidth,
                            rowSums
                        );
                        break;
                    case 7:
                        TapKernels<TVector, TLanes>.AccumulateRows<Seven>(
                            gradient,
                            GradientTile.RowLength,
                            source,
                            sourceRow,
                            step,
                            rows,
                            Shape.OutputWidth,
                            rowSums
                        );
                        break;
                    default:
                        for (int kx = 0; kx < Shape.Kernel; kx++)
                        {
                            TapKernels<TVector, TLanes>.AccumulateRows<One>(
                                gradient,
                                GradientTile.RowLength,
                                source + (kx * lanes),
                                sourceRow,
                                step,
                                rows,
                                Shape.OutputWidth,
                                rowSums + (kx * lanes)
                            );
                        }

                        break;
                }
            }
        }

        private readonly float* Under(int block, int y, int ky, int lanes) =>
            Tile.At(block, (y * Shape.Stride) + ky - Shape.Before, -Shape.Before, lanes);
    }
}
