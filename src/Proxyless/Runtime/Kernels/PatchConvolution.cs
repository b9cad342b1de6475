namespace Proxyless.Runtime.Kernels;

/// <summary>
/// A convolution of few channels, such as the first one of a network, as a product of matrices (im2col): the patches
/// that some pixels of the output depend on are copied to the rows of a matrix, which stays in a core's cache.
/// </summary>
internal static unsafe class PatchConvolution
{
    // Of the output, at once.
    private const int Pixels = 256;

    /// <summary>Computes the convolution.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="input">[images, height, width, inputs].</param>
    /// <param name="weights">[kernel, kernel, inputs, outputs].</param>
    /// <param name="epilogue">What is done with each sum.</param>
    /// <param name="output">[images, output height, output width, outputs].</param>
    /// <param name="widest">The widest vectors, in tests.</param>
    public static void Forward<TEpilogue>(
        ConvolutionShape shape,
        float* input,
        float* weights,
        TEpilogue epilogue,
        float* output,
        int? widest = null
    )
        where TEpilogue : struct, IEpilogue
    {
        int width = widest ?? ChannelWidths.Widest;
        KernelThreads.For(
            shape.OutputPixels,
            KernelThreads.Count,
            (_, from, to) =>
            {
                using var patches = new AlignedBuffer((long)Pixels * shape.PatchLength);
                for (int first = from; first < to; first += Pixels)
                {
                    int count = Math.Min(Pixels, to - first);
                    CopyPatches(shape, input, first, count, patches.Data);
                    ProductKernel<TEpilogue> product = ProductKernel<TEpilogue>.Of(
                        patches.Data,
                        weights,
                        count,
                        shape.PatchLength,
                        shape.Outputs,
                        output + ((long)first * shape.Outputs)
                    ) with
                    {
                        Epilogue = epilogue,
                    };
                    ChannelWidths.Run(shape.Outputs, width, ref product);
                }
            }
        );
    }

    /// <summary>Adds the gradient of the weights.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="input">[images, height, width, inputs].</param>
    /// <param name="gradient">[images, output height, output width, outputs].</param>
    /// <param name="sum">[kernel, kernel, inputs, outputs].</param>
    /// <param name="widest">The widest vectors, in tests.</param>
    public static void AddWeightGradient(
        ConvolutionShape shape,
        float* input,
        float* gradient,
        float* sum,
        int? widest = null
    )
    {
        int width = widest ?? ChannelWidths.Widest;
        ThreadSums.Add(
            shape.OutputPixels,
            (from, to, own) =>
            {
                using var patches = new AlignedBuffer((long)Pixels * shape.PatchLength);
                for (int first = from; first < to; first += Pixels)
                {
                    int count = Math.Min(Pixels, to - first);
                    CopyPatches(shape, input, first, count, patches.Data);
                    ProductKernel<AddedSum> product = ProductKernel<AddedSum>.OfTransposed(
                        patches.Data,
                        gradient + ((long)first * shape.Outputs),
                        count,
                        shape.PatchLength,
                        shape.Outputs,
                        own
                    );
                    ChannelWidths.Run(shape.Outputs, width, ref product);
                }
            },
            sum,
            shape.PatchLength * shape.Outputs
        );
    }

    // [count, kernel, kernel, inputs], zero outside the image.
    private static void CopyPatches(ConvolutionShape shape, float* input, int first, int count, float* patches)
    {
        int row = shape.Kernel * shape.Inputs;
        (int line, int x) = Math.DivRem(first, shape.OutputWidth);
        (int image, int y) = Math.DivRem(line, shape.OutputHeight);
        for (int pixel = 0; pixel < count; pixel++)
        {
            int left = (x * shape.Stride) - shape.Before;
            int from = Math.Max(0, -left) * shape.Inputs;
            int to = Math.Min(shape.Kernel, shape.Width - left) * shape.Inputs;
            for (int tap = 0; tap < shape.Kernel; tap++, patches += row)
            {
                int inputRow = (y * shape.Stride) - shape.Before + tap;
                if (inputRow < 0 || inputRow >= shape.Height || to <= from)
                {
                    new Span<float>(patches, row).Clear();
                    continue;
                }

                long start = ((((long)image * shape.Height) + inputRow) * shape.Width) + left;
                CopyRow(input + (start * shape.Inputs), from, to, row, patches);
            }

            if (++x == shape.OutputWidth)
            {
                x = 0;
                if (++y == shape.OutputHeight)
                {
                    y = 0;
                    image++;
                }
            }
        }
    }

    // A handful of numbers: a call of a copying routine would cost more.
    private static void CopyRow(float* source, int from, int to, int length, float* destination)
    {
        for (int i = 0; i < from; i++)
        {
            destination[i] = 0;
        }

        for (int i = from; i < to; i++)
        {
            destination[i] = source[i];
        }

        for (int i = to; i < length; i++)
        {
            destination[i] = 0;
        }
    }
}
