using Proxyless.Runtime.Kernels;
using Xunit;

namespace Proxyless.Tests.Kernels;

/// <summary>Mean and variance of a convolution's output from those of its input, against their definition.</summary>
public sealed unsafe class InputMomentsTests
{
    static InputMomentsTests() => Runtime.Libtorch.Load();

    /// <summary>A mean far from 0 leaves few digits to a variance that is not taken from centered numbers.</summary>
    [Theory]
    [InlineData(1, 1, 7, 0)]
    [InlineData(1500, 16, 40, 0)]
    [InlineData(3001, 27, 81, 100)]
    [InlineData(700, 24, 144, -1000)]
    public void Sums_of_the_output_follow_from_the_input(int pixels, int inputs, int channels, double mean)
    {
        var random = new Random(1);
        float[] x = [.. Enumerable.Range(0, pixels * inputs).Select(_ => (float)(mean + random.NextDouble()))];
        float[] weights = [.. Enumerable.Range(0, channels * inputs).Select(_ => random.NextSingle() - 0.5f)];
        float[] reference = [.. Enumerable.Range(0, channels).Select(_ => random.NextSingle())];
        foreach (int widest in (int[])[1, 4, 8, 16])
        {
            var sums = new ChannelSums(reference, pixels);
            double[] covariances;
            fixed (float* first = x)
            {
                covariances = InputMoments.Of(first, pixels, inputs, widest).OfOutputs(weights, sums);
            }

            for (int c = 0; c < channels; c++)
            {
                double[] y =
                [
                    .. Enumerable
                        .Range(0, pixels)
                        .Select(p =>
                            Enumerable
                                .Range(0, inputs)
                                .Sum(i => (double)x[(p * inputs) + i] * weights[(c * inputs) + i])
                        ),
                ];
                double average = y.Average();
                double variance = y.Average(value => (value - average) * (value - average));
                Assert.Equal(average, sums.Mean(c), 1e-6 * Math.Max(1, Math.Abs(mean)));
                Assert.Equal(variance, sums.Variance(c), 2e-6 * Math.Max(1, variance));
                double ofFirst = Enumerable.Range(0, pixels).Average(p => (y[p] - average) * x[p * inputs]);
                Assert.Equal(ofFirst, covariances[c * inputs], 1e-5);
            }
        }
    }
}
