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
    [InlineData(3, 1, 27, 1)]
    [InlineData(5, 2, 24, 2)]
    [InlineData(7, 1, 33, 3)]
    [InlineData(7, 2, 16, 3)]
    [InlineData(3, 2, 27, 0)]
    [InlineData(5, 2, 24, 1)]
    public void Vectors_of_any_width_give_the_same(int kernel, int stride, int channels, int before)
    {
        var shape = new DepthwiseShape(3, 11, 13, channels, kernel, stride, before);
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

    [Theory]
    [InlineData(3, 1, 27, 16, 1)]
    [InlineData(5, 2, 24, 7, 2)]
    [InlineData(7, 1, 90, 24, 3)]
    [InlineData(3, 2, 27, 16, 0)]
    [InlineData(5, 2, 24, 7, 1)]
    public void Vectors_of_any_width_give_the_same_where_the_input_is_computed(
        int kernel,
        int stride,
        int channels,
        int inputs,
        int before
    )
    {
        var shape = new DepthwiseShape(3, 11, 13, channels, kernel, stride, before);
        float[][] expected = RunExpanded(shape, inputs, widest: 1);
        foreach (int widest in (int[])[4, 8, 16])
        {
            foreach ((float[] x, float[] y) in expected.Zip(RunExpanded(shape, inputs, widest)))
            {
                float scale = x.Max(Math.Abs);
                Assert.All(x.Zip(y), pair => Assert.Equal(pair.First, pair.Second, 1e-5f * scale));
            }
        }
    }

    private static float[] Noise(Random random, int count, double from = -1, double to = 1) =>
        [.. Enumerable.Range(0, count).Select(_ => (float)(from + (random.NextDouble() * (to - from))))];

    // An expansion with a norm of fixed numbers, a depthwise convolution, and a projection behind them.
    private static float[][] RunExpanded(DepthwiseShape shape, int inputs, int widest)
    {
        const int Outputs = 19;
        var random = new Random(2);
        int channels = shape.Channels;
        float[] input = Noise(random, shape.Pixels * inputs);
        float[] expand = Noise(random, channels * inputs);
        float[] weights = Noise(random, channels * shape.Kernel * shape.Kernel);
        float[] project = Noise(random, channels * Outputs);
        float[] gradient = Noise(random, shape.OutputPixels * Outputs);
        ChannelNorm Fixed(int count) =>
            ChannelNorm.OfRunning(
                Noise(random, count, 1, 2),
                Noise(random, count),
                Noise(random, count),
                Noise(random, count, 1, 2),
                1e-3,
                0,
                6
            );
        ChannelNorm norm = Fixed(channels);
        ChannelNorm depthwiseNorm = Fixed(channels);
        ChannelNorm outputNorm = ChannelNorm.Identity(Outputs, float.NegativeInfinity, float.PositiveInfinity);
        using var folded = new FoldedExpansion(expand, norm, Noise(random, inputs));
        var filtered = new float[shape.OutputPixels * channels];
        var activated = new float[filtered.Length];
        float[] shift = Noise(random, channels);
        var projected = new float[gradient.Length];
        var ofActivated = new float[filtered.Length];
        var ofInput = new float[input.Length];
        var weightGradient = new float[weights.Length];
        var projectGradient = new float[project.Length];
        var products = new double[expand.Length];
        var sums = new ChannelSums(new float[channels], shape.OutputPixels);
        var projectedSums = new ChannelSums(new float[Outputs], shape.OutputPixels);
        var activatedSums = new ChannelSums(depthwiseNorm.Mean, shape.OutputPixels);
        var innerSums = new ChannelSums(norm.Mean, shape.Pixels);
        fixed (
            float* x = input,
                w = weights,
                p = project,
                g = gradient,
                y = filtered,
                a = activated,
                s = shift,
                o = projected,
                ga = ofActivated,
                gx = ofInput,
                gw = weightGradient,
                gp = projectGradient
        )
        {
            DepthwiseForward.Run(shape, folded.Source(x), w, y, sums, widest);
            DepthwiseForward.RunFolded(shape, folded.Source(x), w, new ActivatedSum(s, 0, 6), a, widest);
            ProjectionKernels.Forward(y, shape.OutputPixels, depthwiseNorm, p, Outputs, o, projectedSums, widest);
            ProjectionKernels.Backward(
                shape.OutputPixels,
                new ProjectionKernels.Operands
                {
                    Y = y,
                    Norm = depthwiseNorm,
                    Output = o,
                    Gradient = g,
                    OutputNorm = outputNorm,
                    Factors = outputNorm.Gradient(projectedSums),
                    Weights = p,
                    OfActivated = ga,
                    WeightGradient = gp,
                    Sums = activatedSums,
                },
                widest
            );
            DepthwiseBackward.Run(
                shape,
                new DepthwiseBackward.Operands
                {
                    Sums = innerSums,
                    Output = y,
                    Gradient = ga,
                    Norm = depthwiseNorm,
                    Factors = depthwiseNorm.Gradient(activatedSums),
                    Weights = w,
                    WeightGradient = gw,
                },
                new ExpansionProducts(folded, x, products, gx),
                widest
            );
        }

        return
        [
            filtered,
            activated,
            projected,
            ofActivated,
            ofInput,
            weightGradient,
            projectGradient,
            [.. products.Select(value => (float)value)],
            [.. innerSums.First.Select(value => (float)value)],
            [.. activatedSums.Second.Select(value => (float)value)],
            [.. projectedSums.Second.Select(value => (float)value)],
        ];
    }

    private static float[][] Run(DepthwiseShape shape, int widest)
    {
        var random = new Random(1);
        float[] input = Noise(random, shape.Pixels * shape.Channels);
        float[] weights = Noise(random, shape.Channels * shape.Kernel * shape.Kernel);
        float[] gradient = Noise(random, shape.OutputPixels * shape.Channels);
        float[] gamma = Noise(random, shape.Channels, 1, 3);
        float[] beta = Noise(random, shape.Channels);
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
