using CsCheck;
using Proxyless.Export;
using Xunit;

namespace Proxyless.Tests.Export;

public sealed class FoldedConvolutionTests
{
    private static readonly Gen<float> Number = Gen.Float[-3, 3];

    [Fact]
    public void A_folded_convolution_is_the_convolution_and_then_batch_norm()
    {
        Gen.Select(Gen.Int[1, 6], Gen.Int[1, 4], Gen.Int[0, 1].Select(i => 1 + (2 * i)))
            .SelectMany(
                (outputs, inputs, kernel) =>
                {
                    int perOutput = inputs * kernel * kernel;
                    return Gen.Select(
                        Number.Array[outputs * perOutput],
                        Number.Array[outputs],
                        Number.Array[outputs],
                        Number.Array[outputs],
                        Gen.Float[0, 4].Array[outputs],
                        Number.Array[perOutput],
                        (weight, gamma, beta, mean, variance, patch) =>
                            (weight, gamma, beta, mean, variance, patch, kernel)
                    );
                }
            )
            .Sample(sample =>
            {
                const double Epsilon = 1e-3;
                var folded = FoldedConvolution.Fold(
                    sample.weight,
                    sample.gamma,
                    sample.beta,
                    sample.mean,
                    sample.variance,
                    Epsilon,
                    groups: 1,
                    sample.kernel,
                    stride: 1
                );
                for (int o = 0; o < sample.gamma.Length; o++)
                {
                    double convolved = Dot(sample.weight, o, sample.patch);
                    double normalized =
                        (sample.gamma[o] * (convolved - sample.mean[o]) / Math.Sqrt(sample.variance[o] + Epsilon))
                        + sample.beta[o];
                    double size =
                        sample.patch.Length * 9 * Math.Abs(sample.gamma[o]) / Math.Sqrt(sample.variance[o] + Epsilon);
                    Assert.Equal(normalized, Dot(folded.Weight, o, sample.patch) + folded.Bias[o], 1e-6 * (size + 10));
                }
            });
    }

    [Fact]
    public void Batch_norm_of_another_width_is_refused() =>
        Assert.Throws<ArgumentException>(() =>
            FoldedConvolution.Fold(new float[8], new float[2], new float[3], new float[2], new float[2], 1e-3, 1, 1, 1)
        );

    private static double Dot(float[] weight, int output, float[] patch)
    {
        double sum = 0;
        for (int i = 0; i < patch.Length; i++)
        {
            sum += (double)weight[(output * patch.Length) + i] * patch[i];
        }

        return sum;
    }
}
