using CsCheck;
using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;
using Xunit;

namespace Proxyless.Tests.Kernels;

/// <summary>Against the sums of the definition, at every vector width.</summary>
public sealed unsafe class PatchConvolutionTests
{
    private static readonly Gen<(ConvolutionShape Shape, int Widest)> Cases = Gen.Select(
            Gen.Int[1, 3],
            Gen.Int[1, 20],
            Gen.Int[1, 20],
            Gen.Int[1, 4],
            Gen.Int[1, 40],
            Gen.Int[0, 2],
            Gen.Int[1, 2],
            Gen.Int[0, 3],
            (images, height, width, inputs, outputs, half, stride, widest) =>
                (
                    // One zero fewer before than after, as TensorFlow pads, or as many.
                    new ConvolutionShape(
                        images,
                        height,
                        width,
                        inputs,
                        outputs,
                        (2 * half) + 1,
                        stride,
                        Math.Max(0, half - (stride - 1)),
                        half
                    ),
                    new[] { 1, 4, 8, 16 }[widest]
                )
        )
        .Where(one => one.Item1.Height + one.Item1.Before + one.Item1.After >= one.Item1.Kernel)
        .Where(one => one.Item1.Width + one.Item1.Before + one.Item1.After >= one.Item1.Kernel);

    static PatchConvolutionTests() => Libtorch.Load();

    [Fact]
    public void The_output_is_the_sums_of_the_definition() =>
        Cases.Sample(
            one =>
            {
                (ConvolutionShape shape, int widest) = one;
                float[] input = Noise(shape.Images * shape.Height * shape.Width * shape.Inputs, 1);
                float[] weights = Noise(shape.PatchLength * shape.Outputs, 2);
                var output = new float[shape.OutputPixels * shape.Outputs];
                var expected = new double[output.Length];
                Visit(shape, (from, tap, to) => expected[to] += (double)input[from] * weights[tap]);
                fixed (
                    float* x = input,
                        w = weights,
                        y = output
                )
                {
                    PatchConvolution.Forward(shape, x, w, default(StoredSum), y, widest);
                }

                AssertNear(expected, output);
            },
            threads: 1
        );

    [Fact]
    public void The_gradient_of_the_weights_is_added_to_what_is_there() =>
        Cases.Sample(
            one =>
            {
                (ConvolutionShape shape, int widest) = one;
                float[] input = Noise(shape.Images * shape.Height * shape.Width * shape.Inputs, 1);
                float[] gradient = Noise(shape.OutputPixels * shape.Outputs, 2);
                var sum = new float[shape.PatchLength * shape.Outputs];
                Array.Fill(sum, 2f);
                double[] expected = [.. sum.Select(value => (double)value)];
                Visit(shape, (from, tap, to) => expected[tap] += (double)input[from] * gradient[to]);
                fixed (
                    float* x = input,
                        g = gradient,
                        s = sum
                )
                {
                    PatchConvolution.AddWeightGradient(shape, x, g, s, widest);
                }

                AssertNear(expected, sum);
            },
            threads: 1
        );

    // Every product of the convolution: the places of the input's number, of the weight, of the output's number.
    private static void Visit(ConvolutionShape shape, Action<int, int, int> product)
    {
        for (int pixel = 0; pixel < shape.OutputPixels; pixel++)
        {
            int x = pixel % shape.OutputWidth;
            int y = pixel / shape.OutputWidth % shape.OutputHeight;
            int image = pixel / shape.OutputWidth / shape.OutputHeight;
            for (int tap = 0; tap < shape.Kernel * shape.Kernel; tap++)
            {
                int row = (y * shape.Stride) - shape.Before + (tap / shape.Kernel);
                int column = (x * shape.Stride) - shape.Before + (tap % shape.Kernel);
                if (row < 0 || row >= shape.Height || column < 0 || column >= shape.Width)
                {
                    continue;
                }

                for (int c = 0; c < shape.Inputs; c++)
                {
                    for (int o = 0; o < shape.Outputs; o++)
                    {
                        product(
                            (((((image * shape.Height) + row) * shape.Width) + column) * shape.Inputs) + c,
                            (((tap * shape.Inputs) + c) * shape.Outputs) + o,
                            (pixel * shape.Outputs) + o
                        );
                    }
                }
            }
        }
    }

    private static void AssertNear(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double scale = Math.Max(1, expected.Max(Math.Abs));
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * scale));
    }

    private static float[] Noise(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }
}
