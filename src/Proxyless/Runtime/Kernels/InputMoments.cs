using System.Numerics.Tensors;

namespace Proxyless.Runtime.Kernels;

/// <summary>
/// Mean m and covariance S of the input x of a 1x1 convolution W. From them follow mean and variance of each output
/// without the output: W m, and the diagonal of W S W^T. In an output that hardly varies though its inputs do, terms
/// cancel: the variance has a relative error of about 1e-7 |w|^2 (largest variance of an input) / variance, which
/// batch norm's epsilon covers unless weights are large.
/// </summary>
internal sealed unsafe class InputMoments
{
    // Pixels whose products are added up in single precision.
    private const int Tile = 512;

    private readonly double[] _mean;
    private readonly double[] _covariance;

    private InputMoments(double[] mean, double[] covariance, long pixels)
    {
        (_mean, _covariance, Pixels) = (mean, covariance, pixels);
        Mean = [.. mean.Select(value => (float)value)];
    }

    /// <summary>[inputs].</summary>
    public float[] Mean { get; }

    /// <summary>Number of pixels.</summary>
    public long Pixels { get; }

    private int Inputs => _mean.Length;

    /// <summary>Computes them in two passes, so that the covariance is one of centered numbers.</summary>
    /// <param name="x">[pixels, inputs].</param>
    /// <param name="pixels">Number of pixels.</param>
    /// <param name="inputs">Number of channels.</param>
    /// <param name="widest">The widest vectors, in tests.</param>
    public static InputMoments Of(float* x, int pixels, int inputs, int? widest = null)
    {
        int width = widest ?? ChannelWidths.Widest;
        var sums = new ChannelSums(new float[inputs], pixels);
        PixelKernels.Statistics(x, pixels, sums, widest);
        double[] mean = [.. Enumerable.Range(0, inputs).Select(sums.Mean)];
        float[] center = [.. mean.Select(value => (float)value)];
        var parts = new double[KernelThreads.Count][];
        KernelThreads.For(pixels, parts.Length, (part, from, to) => parts[part] = Products(x, from, to, center, width));

        // The numbers were centered by the rounded mean.
        var covariance = new double[inputs * inputs];
        foreach (double[] part in parts.Where(part => part is not null))
        {
            TensorPrimitives.Add(covariance, part, covariance);
        }

        for (int i = 0; i < covariance.Length; i++)
        {
            (int row, int column) = (i / inputs, i % inputs);
            covariance[i] = (covariance[i] / pixels) - ((mean[row] - center[row]) * (mean[column] - center[column]));
        }

        return new InputMoments(mean, covariance, pixels);
    }

    /// <summary>Subtracts a number of each channel.</summary>
    /// <param name="x">[pixels, inputs].</param>
    /// <param name="pixels">Number of pixels.</param>
    /// <param name="center">[inputs].</param>
    /// <param name="result">[pixels, inputs].</param>
    public static void Center(float* x, int pixels, float[] center, float* result)
    {
        // Of several pixels at once: a call for the few channels of one would cost more than its work.
        Span<float> repeated = stackalloc float[center.Length * Math.Min(pixels, Math.Max(1, 1024 / center.Length))];
        for (int i = 0; i < repeated.Length; i += center.Length)
        {
            center.CopyTo(repeated[i..]);
        }

        int count = pixels * center.Length;
        for (int i = 0; i < count; i += repeated.Length)
        {
            int length = Math.Min(repeated.Length, count - i);
            TensorPrimitives.Subtract(
                new ReadOnlySpan<float>(x + i, length),
                repeated[..length],
                new Span<float>(result + i, length)
            );
        }
    }

    /// <summary>The sums over the outputs of the convolution, as if they had been added up.</summary>
    /// <param name="weights">[channels, inputs].</param>
    /// <param name="sums">Receives them.</param>
    /// <returns>[channels, inputs]: W S.</returns>
    public double[] OfOutputs(float[] weights, ChannelSums sums)
    {
        int channels = sums.First.Length;
        var products = new double[channels * Inputs];
        KernelThreads.For(
            channels,
            KernelThreads.Count,
            (_, from, to) =>
            {
                var row = new double[Inputs];
                for (int c = from; c < to; c++)
                {
                    TensorPrimitives.ConvertChecked<float, double>(weights.AsSpan(c * Inputs, Inputs), row);
                    Span<double> product = products.AsSpan(c * Inputs, Inputs);
                    for (int i = 0; i < Inputs; i++)
                    {
                        TensorPrimitives.MultiplyAdd(_covariance.AsSpan(i * Inputs, Inputs), row[i], product, product);
                    }

                    double distance = TensorPrimitives.Dot<double>(_mean, row) - sums.Reference[c];
                    double variance = TensorPrimitives.Dot<double>(product, row);
                    sums.First[c] = Pixels * distance;
                    sums.Second[c] = Pixels * (variance + (distance * distance));
                }
            }
        );
        return products;
    }

    // The sum of (x - center) (x - center)^T.
    private static double[] Products(float* x, int from, int to, float[] center, int widest)
    {
        int inputs = center.Length;
        var total = new double[inputs * inputs];
        using var centered = new AlignedBuffer((long)Math.Min(Tile, to - from) * inputs);
        using var products = new AlignedBuffer(total.Length);
        for (int first = from; first < to; first += Tile)
        {
            int pixels = Math.Min(Tile, to - first);
            Center(x + ((long)first * inputs), pixels, center, centered.Data);
            ProductKernel<StoredSum> kernel = ProductKernel<StoredSum>.OfTransposed(
                centered.Data,
                centered.Data,
                pixels,
                inputs,
                inputs,
                products.Data
            );
            ChannelWidths.Run(inputs, widest, ref kernel);
            for (int i = 0; i < total.Length; i++)
            {
                total[i] += products.Data[i];
            }
        }

        return total;
    }
}
