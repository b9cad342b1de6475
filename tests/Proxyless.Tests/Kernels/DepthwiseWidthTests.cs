using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;
using Xunit;

namespace Proxyless.Tests.Kernels;

/// <summary>
/// Kernels give the same with vectors of any width, so that processors without wide ones are not forgotten.
/// </summary>
public sealed unsafe class DepthwiseWidthTests
{
    static DepthwiseWidthTests() => Libtorch.Load();

    [Theory]
    [InlineData(3, 1, 27)]
    [InlineData(5, 2, 24)]
    [InlineData(7, 1, 33)]
    [InlineData(7, 2, 16)]
    public void Vectors_of_any_width_give_the_same(int kernel, int stride, int channels)
    {
        var shape = new DepthwiseShape(3, 11, 13, channels, kernel, stride);
        float[][] expected = Run(shape, widest: 1);
        foreach (int widest in (int[])[4, 8, 16])
        {
            float[][] actual = Run(shape, widest);
            foreach ((float[] x, float[] y) in expected.Zip(actual))
            {
                Assert.Equal(x.Length, y.Length);
                float scale = x.Max(Math.Abs);
                Assert.All(x.Zip(y), pair => Assert.Equal(pair.First, pair.Second, 1e-5f * scale));
            }
        }
    }

    private static float[][] Run(DepthwiseShape shape, int widest)
    {
        var random = new Random(1);
        float[] Noise(int count, double from = -1, double to = 1) =>
            [.. Enumerable.Range(0, count).Select(_ => (float)(from + (random.NextDouble() * (to - from))))];
        float[] input = Noise(shape.Pixels * shape.Channels);
        float[] weights = Noise(shape.Channels * shape.Kernel * shape.Kernel);
        float[] gradient = Noise(shape.OutputPixels * shape.Channels);
        float[] gamma = Noise(shape.Channels, 1, 3);
        float[] beta = Noise(shape.Channels);
        var output = new float[shape.OutputPixels * shape.Channels];
        var activated = new float[output.Length];
        var inputGradient = new float[input.Length];
        var weightGradient = new float[weights.Length];
        fixed (
            float* x = input,
                w = weights,
                g = gradient,
                y = output,
                a = activated,
                dx = inputGradient,
                dw = weightGradient
        )
        {
            var inputSums = new ChannelSums(new float[shape.Channels], shape.Pixels);
            PixelKernels.Statistics(x, shape.Pixels, inputSums, widest);
            ChannelNorm inputNorm = ChannelNorm.OfBatch(gamma, beta, inputSums, 1e-3, 0, 6);
            var sums = new ChannelSums(new float[shape.Channels], shape.OutputPixels);
            DepthwiseForward.Run(shape, x, inputNorm, w, y, sums, widest);
            ChannelNorm norm = ChannelNorm.OfBatch(gamma, beta, sums, 1e-3, 0, 6);
            PixelKernels.Normalize(y, shape.OutputPixels, norm, null, a, widest);
            var gradientSums = new ChannelSums(norm.Mean, shape.OutputPixels);
            PixelKernels.GradientSums(y, g, shape.OutputPixels, norm, gradientSums, widest);
            var backwardSums = new ChannelSums(inputNorm.Mean, shape.Pixels);
            DepthwiseBackward.Run(
                shape,
                new DepthwiseBackward.Operands
                {
                    Input = x,
                    InputNorm = inputNorm,
                    Sums = backwardSums,
                    Output = y,
                    Gradient = g,
                    Norm = norm,
                    Factors = norm.Gradient(gradientSums),
                    Weights = w,
                    InputGradient = dx,
                    WeightGradient = dw,
                },
                widest
            );
            ChannelNormGradient before = inputNorm.Gradient(backwardSums);
            PixelKernels.Gradient(x, dx, shape.Pixels, inputNorm, before, isMasked: true, dx, widest);
            return [output, activated, inputGradient, weightGradient, before.Gamma, before.Beta];
        }
    }
}
