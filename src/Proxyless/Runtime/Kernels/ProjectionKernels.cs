using System.Numerics.Tensors;

namespace Proxyless.Runtime.Kernels;

/// <summary>
/// A 1x1 convolution behind a batch norm and an activation, forward and backward, a few pixels at a time: what is
/// computed from the norm's input y goes to memory only where a later pass over the whole batch needs it.
/// </summary>
internal static unsafe class ProjectionKernels
{
    // Of the pixels that are activated at once: fits a second-level cache together with the weights of a panel.
    private const int Numbers = 32 << 10;

    // Sums in single precision before they are added in double, and no less than a panel of weights is packed for.
    private const int LeastPixels = 64;
    private const int MostPixels = 128;

    /// <summary>result = activated(y) W^T, and its sums.</summary>
    /// <param name="y">[pixels, channels].</param>
    /// <param name="pixels">Number of pixels.</param>
    /// <param name="norm">The norm and activation of y.</param>
    /// <param name="weights">[channels, outputs]: W^T.</param>
    /// <param name="outputs">Channels of the result.</param>
    /// <param name="result">[pixels, outputs].</param>
    /// <param name="sums">
    /// What the result is beyond their reference, and its square, are added to these sums; null if they are not needed.
    /// </param>
    /// <param name="widest">The widest vectors, in tests.</param>
    public static void Forward(
        float* y,
        int pixels,
        ChannelNorm norm,
        float* weights,
        int outputs,
        float* result,
        ChannelSums? sums,
        int? widest = null
    )
    {
        int width = widest ?? ChannelWidths.Widest;
        int channels = norm.Channels;
        int together = Together(channels);
        var parts = new (double[] First, double[] Second)?[KernelThreads.Count];
        fixed (
            float* scale = norm.Scale,
                shift = norm.Shift,
                reference = sums?.Reference
        )
        {
            NormalizeKernel normalize = Normalize(norm, scale, shift);
            float* origin = reference;
            KernelThreads.For(
                pixels,
                parts.Length,
                (part, from, to) =>
                {
                    using var activated = new AlignedBuffer((long)together * channels);
                    using PixelSums? own = sums is null ? null : new PixelSums(outputs);
                    for (int first = from; first < to; first += together)
                    {
                        int count = Math.Min(together, to - first);
                        NormalizeKernel here = normalize with
                        {
                            Y = y + ((long)first * channels),
                            Output = activated.Data,
                            Pixels = count,
                        };
                        ChannelWidths.Run(channels, width, ref here);
                        float* destination = result + ((long)first * outputs);
                        ProductKernel<StoredSum> product = ProductKernel<StoredSum>.Of(
                            activated.Data,
                            weights,
                            count,
                            channels,
                            outputs,
                            destination
                        );
                        ChannelWidths.Run(outputs, width, ref product);
                        if (own is not null)
                        {
                            var statistics = new StatisticsKernel
                            {
                                Y = destination,
                                Pixels = count,
                                Channels = outputs,
                                Reference = origin,
                                First = own.First,
                                Second = own.Second,
                            };
                            ChannelWidths.Run(outputs, width, ref statistics);
                            own.Flush();
                        }
                    }

                    parts[part] = own?.Totals;
                }
            );
        }

        sums?.Add(parts);
    }

    /// <summary>The inputs and the destinations of <see cref="Backward"/>.</summary>
    internal struct Operands
    {
        /// <summary>[pixels, channels]: the norm's input.</summary>
        public float* Y;

        /// <summary>Its norm and activation.</summary>
        public ChannelNorm Norm;

        /// <summary>[pixels, outputs]: the convolution's output.</summary>
        public float* Output;

        /// <summary>[pixels, outputs]: the gradient of the normalized output.</summary>
        public float* Gradient;

        /// <summary>The norm of the output, which no activation follows.</summary>
        public ChannelNorm OutputNorm;

        /// <summary>Its gradient.</summary>
        public ChannelNormGradient Factors;

        /// <summary>[outputs, channels].</summary>
        public float* Weights;

        /// <summary>[pixels, channels]: receives the gradient of the activated y.</summary>
        public float* OfActivated;

        /// <summary>
        /// [outputs, channels]: the gradient of the weights is added to it; null if it is not needed.
        /// </summary>
        public float* WeightGradient;

        /// <summary>
        /// The sums of g and g (y - mean), where g is the gradient where the activation lets it through.
        /// </summary>
        public ChannelSums Sums;
    }

    /// <summary>The gradients of the activated y and of the weights.</summary>
    /// <param name="pixels">Number of pixels.</param>
    /// <param name="operands">The inputs, and the destinations of the results.</param>
    /// <param name="widest">The widest vectors, in tests.</param>
    public static void Backward(int pixels, Operands operands, int? widest = null)
    {
        int width = widest ?? ChannelWidths.Widest;
        int threads = KernelThreads.Count;
        int channels = operands.Norm.Channels;
        int outputs = operands.OutputNorm.Channels;
        int together = Together(channels);
        var parts = new (double[] First, double[] Second)?[threads];
        var weightParts = new AlignedBuffer?[threads];
        ChannelNormGradient factors = operands.Factors;
        fixed (
            float* scale = operands.Norm.Scale,
                shift = operands.Norm.Shift,
                reference = operands.Norm.Mean,
                outputScale = operands.OutputNorm.Scale,
                outputShift = operands.OutputNorm.Shift,
                outputMean = operands.OutputNorm.Mean,
                ofOutput = factors.OfOutput,
                ofDistance = factors.OfDistance,
                constant = factors.Constant
        )
        {
            NormalizeKernel normalize = Normalize(operands.Norm, scale, shift);
            var ofNorm = new GradientKernel
            {
                Channels = outputs,
                Scale = outputScale,
                Shift = outputShift,
                Mean = outputMean,
                OfOutput = ofOutput,
                OfDistance = ofDistance,
                Constant = constant,
                Low = float.NegativeInfinity,
                High = float.PositiveInfinity,
            };
            var ofSums = new GradientSumsKernel
            {
                Channels = channels,
                Scale = scale,
                Shift = shift,
                Reference = reference,
                Low = operands.Norm.Low,
                High = operands.Norm.High,
            };
            KernelThreads.For(
                pixels,
                threads,
                (part, from, to) =>
                {
                    using var activated = new AlignedBuffer((long)together * channels);
                    using var ofProduct = new AlignedBuffer((long)together * outputs);
                    using var own = new PixelSums(channels);
                    AlignedBuffer? ownWeights = null;
                    if (operands.WeightGradient is not null)
                    {
                        ownWeights = weightParts[part] = new AlignedBuffer((long)outputs * channels);
                        new Span<float>(ownWeights.Data, outputs * channels).Clear();
                    }

                    for (int first = from; first < to; first += together)
                    {
                        int count = Math.Min(together, to - first);
                        long offset = (long)first * channels;
                        GradientKernel gradient = ofNorm with
                        {
                            Y = operands.Output + ((long)first * outputs),
                            Gradient = operands.Gradient + ((long)first * outputs),
                            Output = ofProduct.Data,
                            Pixels = count,
                        };
                        ChannelWidths.Run(outputs, width, ref gradient);
                        if (ownWeights is not null)
                        {
                            NormalizeKernel here = normalize with
                            {
                                Y = operands.Y + offset,
                                Output = activated.Data,
                                Pixels = count,
                            };
                            ChannelWidths.Run(channels, width, ref here);
                            ProductKernel<AddedSum> outer = ProductKernel<AddedSum>.OfTransposed(
                                ofProduct.Data,
                                activated.Data,
                                count,
                                outputs,
                                channels,
                                ownWeights.Data
                            );
                            ChannelWidths.Run(channels, width, ref outer);
                        }

                        ProductKernel<StoredSum> product = ProductKernel<StoredSum>.Of(
                            ofProduct.Data,
                            operands.Weights,
                            count,
                            outputs,
                            channels,
                            operands.OfActivated + offset
                        );
                        ChannelWidths.Run(channels, width, ref product);
                        GradientSumsKernel sums = ofSums with
                        {
                            Y = operands.Y + offset,
                            Gradient = operands.OfActivated + offset,
                            Pixels = count,
                            First = own.First,
                            Second = own.Second,
                        };
                        ChannelWidths.Run(channels, width, ref sums);
                        own.Flush();
                    }

                    parts[part] = own.Totals;
                }
            );
        }

        operands.Sums.Add(parts);
        foreach (AlignedBuffer part in weightParts.OfType<AlignedBuffer>())
        {
            var total = new Span<float>(operands.WeightGradient, outputs * channels);
            TensorPrimitives.Add(total, new ReadOnlySpan<float>(part.Data, total.Length), total);
            part.Dispose();
        }
    }

    private static int Together(int channels) => Math.Clamp(Numbers / channels, LeastPixels, MostPixels);

    private static NormalizeKernel Normalize(ChannelNorm norm, float* scale, float* shift) =>
        new()
        {
            Channels = norm.Channels,
            Scale = scale,
            Shift = shift,
            Low = norm.Low,
            High = norm.High,
        };
}
