namespace Proxyless.Runtime.Kernels;

/// <summary>
/// The part of a batch norm that treats each pixel separately, in one pass over channels-last memory [pixels,
/// channels]: statistics, normalization with the activation and the shortcut, and their gradients. Only the
/// convolution's output y is needed; what the activation let through is computed from it again.
/// </summary>
internal static unsafe class PixelKernels
{
    // Pixels whose sums are kept in single precision before they are added in double.
    private const int Tile = 128;

    /// <summary>Adds (y - reference) and (y - reference)^2 to the sums of each channel.</summary>
    public static void Statistics(float* y, int pixels, ChannelSums sums, int? widest = null)
    {
        float[] reference = sums.Reference;
        fixed (float* from = reference)
        {
            float* origin = from;
            int width = widest ?? ChannelWidths.Widest;
            ForTiles(
                pixels,
                sums,
                (first, count, left, right) =>
                {
                    var kernel = new StatisticsKernel
                    {
                        Y = y + ((long)first * reference.Length),
                        Pixels = count,
                        Channels = reference.Length,
                        Reference = origin,
                        First = left,
                        Second = right,
                    };
                    ChannelWidths.Run(reference.Length, width, ref kernel);
                }
            );
        }
    }

    /// <summary>output = clamp(y * scale + shift) + shortcut.</summary>
    /// <param name="y">[pixels, channels].</param>
    /// <param name="pixels">Number of pixels.</param>
    /// <param name="norm">Scale, shift, activation.</param>
    /// <param name="shortcut">[pixels, channels], or null.</param>
    /// <param name="output">[pixels, channels]; may be <paramref name="y"/>.</param>
    /// <param name="widest">The widest vectors, in tests.</param>
    public static void Normalize(
        float* y,
        int pixels,
        ChannelNorm norm,
        float* shortcut,
        float* output,
        int? widest = null
    )
    {
        int width = widest ?? ChannelWidths.Widest;
        int channels = norm.Channels;
        fixed (
            float* scale = norm.Scale,
                shift = norm.Shift
        )
        {
            float* a = scale;
            float* b = shift;
            KernelThreads.For(
                pixels,
                KernelThreads.Count,
                (_, from, to) =>
                {
                    var kernel = new NormalizeKernel
                    {
                        Y = y + ((long)from * channels),
                        Shortcut = shortcut is null ? null : shortcut + ((long)from * channels),
                        Output = output + ((long)from * channels),
                        Pixels = to - from,
                        Channels = channels,
                        Scale = a,
                        Shift = b,
                        Low = norm.Low,
                        High = norm.High,
                    };
                    ChannelWidths.Run(channels, width, ref kernel);
                }
            );
        }
    }

    /// <summary>
    /// Adds g and g (y - mean) to the sums of each channel, where g is the gradient where the activation lets it
    /// through.
    /// </summary>
    public static void GradientSums(
        float* y,
        float* gradient,
        int pixels,
        ChannelNorm norm,
        ChannelSums sums,
        int? widest = null
    )
    {
        int width = widest ?? ChannelWidths.Widest;
        int channels = norm.Channels;
        fixed (
            float* scale = norm.Scale,
                shift = norm.Shift,
                mean = norm.Mean
        )
        {
            float* a = scale;
            float* b = shift;
            float* m = mean;
            ForTiles(
                pixels,
                sums,
                (first, count, left, right) =>
                {
                    long offset = (long)first * channels;
                    var kernel = new GradientSumsKernel
                    {
                        Y = y + offset,
                        Gradient = gradient + offset,
                        Pixels = count,
                        Channels = channels,
                        Scale = a,
                        Shift = b,
                        Reference = m,
                        Low = norm.Low,
                        High = norm.High,
                        First = left,
                        Second = right,
                    };
                    ChannelWidths.Run(channels, width, ref kernel);
                }
            );
        }
    }

    /// <summary>Computes dL/dy from the gradient of the output.</summary>
    /// <param name="y">[pixels, channels].</param>
    /// <param name="gradient">[pixels, channels], of the output.</param>
    /// <param name="pixels">Number of pixels.</param>
    /// <param name="norm">The batch norm.</param>
    /// <param name="factors">From <see cref="ChannelNorm.Gradient"/>.</param>
    /// <param name="isMasked">Whether the gradient is already 0 where the activation lets nothing through.</param>
    /// <param name="output">[pixels, channels]; may be <paramref name="gradient"/>.</param>
    /// <param name="widest">The widest vectors, in tests.</param>
    public static void Gradient(
        float* y,
        float* gradient,
        int pixels,
        ChannelNorm norm,
        ChannelNormGradient factors,
        bool isMasked,
        float* output,
        int? widest = null
    )
    {
        int width = widest ?? ChannelWidths.Widest;
        int channels = norm.Channels;
        fixed (
            float* scale = norm.Scale,
                shift = norm.Shift,
                mean = norm.Mean,
                ofOutput = factors.OfOutput,
                ofDistance = factors.OfDistance,
                constant = factors.Constant
        )
        {
            var shared = new GradientKernel
            {
                Channels = channels,
                Scale = scale,
                Shift = shift,
                Mean = mean,
                OfOutput = ofOutput,
                OfDistance = ofDistance,
                Constant = constant,
                Low = isMasked ? float.NegativeInfinity : norm.Low,
                High = isMasked ? float.PositiveInfinity : norm.High,
            };
            KernelThreads.For(
                pixels,
                KernelThreads.Count,
                (_, from, to) =>
                {
                    long offset = (long)from * channels;
                    GradientKernel kernel = shared with
                    {
                        Y = y + offset,
                        Gradient = gradient + offset,
                        Output = output + offset,
                        Pixels = to - from,
                    };
                    ChannelWidths.Run(channels, width, ref kernel);
                }
            );
        }
    }

    private delegate void TileWork(int first, int count, float* left, float* right);

    private static void ForTiles(int pixels, ChannelSums sums, TileWork work)
    {
        int channels = sums.Reference.Length;
        var parts = new (double[] First, double[] Second)?[KernelThreads.Count];
        KernelThreads.For(
            pixels,
            parts.Length,
            (part, from, to) =>
            {
                using var own = new PixelSums(channels);
                for (int tile = from; tile < to; tile += Tile)
                {
                    work(tile, Math.Min(Tile, to - tile), own.First, own.Second);
                    own.Flush();
                }

                parts[part] = own.Totals;
            }
        );
        sums.Add(parts);
    }
}
