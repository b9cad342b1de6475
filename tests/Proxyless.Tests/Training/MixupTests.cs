using Proxyless.Runtime;
using Proxyless.Training;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Training;

public sealed class MixupTests
{
    private const int Images = 5;
    private const int Classes = 3;

    public MixupTests() => Libtorch.Load();

    [Fact]
    public void Without_a_parameter_nothing_is_mixed() => Assert.Null(Mixup.Of(0, seed: 1, step: 1));

    [Fact]
    public void Each_image_is_mixed_with_the_one_at_the_other_end_of_the_batch()
    {
        Mixup mixup = Mixup.Of(0.4, seed: 3, step: 7)!;
        using Tensor images = rand(Images, 4, 4, 2).permute(0, 3, 1, 2);

        using Tensor mixed = mixup.Of(images);

        Assert.InRange(mixup.Share, 0, 1);
        Assert.Equal(images.shape, mixed.shape);
        Assert.Equal(images.stride(), mixed.stride());
        float share = (float)mixup.Share;
        for (int i = 0; i < Images; i++)
        {
            using Tensor own = images[i];
            using Tensor other = images[Images - 1 - i];
            using Tensor result = mixed[i];
            float[] expected =
            [
                .. own.flatten()
                    .data<float>()
                    .Zip(other.flatten().data<float>(), (one, two) => (share * one) + ((1 - share) * two)),
            ];
            float[] actual = [.. result.flatten().data<float>()];
            Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_loss_is_that_against_the_mixed_labels(bool isWeighed)
    {
        double[]? weights = isWeighed ? [0.2, 1.5, 40] : null;
        using var loss = new ClassificationLoss(0.1, weights, CPU);
        Mixup mixup = Mixup.Of(0.4, seed: 3, step: 8)!;
        long[] classes = [0, 2, 1, 0, 1];
        using Tensor labels = tensor(classes);
        using Tensor images = zeros(Images, 1, 1, 1);
        using Tensor logits = randn(Images, Classes);
        float[] values = [.. logits.data<float>()];

        using Tensor actual = loss.Of(images, logits, labels, teacher: null, mixup);

        double sum = 0;
        double all = 0;
        for (int i = 0; i < Images; i++)
        {
            float[] own = values[(i * Classes)..((i + 1) * Classes)];
            double log = Math.Log(own.Sum(value => Math.Exp(value)));
            foreach ((long label, double share) in Mixed(classes, i, mixup.Share))
            {
                double weight = share * (weights?[label] ?? 1);
                double smoothed = own.Select((value, k) => (log - value) * ((k == label ? 0.9 : 0) + (0.1 / Classes)))
                    .Sum();
                sum += weight * smoothed;
                all += weight;
            }
        }

        Assert.Equal(sum / all, WithScalar.ToDouble(actual), 1e-5);
    }

    [Fact]
    public void Shares_depend_on_seed_and_step_alone()
    {
        double[] shares = [.. Enumerable.Range(0, 50).Select(step => Mixup.Of(0.3, 5, step)!.Share)];

        Assert.Equal(shares, Enumerable.Range(0, 50).Select(step => Mixup.Of(0.3, 5, step)!.Share));
        Assert.Equal(50, shares.Distinct().Count());
        Assert.NotEqual(shares, Enumerable.Range(0, 50).Select(step => Mixup.Of(0.3, 6, step)!.Share));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0.4)]
    [InlineData(0.1)]
    [InlineData(1e-6)]
    public void Shares_have_the_moments_of_the_beta_distribution(double alpha)
    {
        const int Count = 20_000;
        var random = new Random(1);
        double[] shares = [.. Enumerable.Range(0, Count).Select(_ => Mixup.SymmetricBeta(alpha, random))];

        Assert.All(shares, share => Assert.InRange(share, 0, 1));
        Assert.Equal(0.5, shares.Average(), 0.02);

        // Variance of Beta(a, a): 1 / (4 (2 a + 1)).
        Assert.Equal(1 / (4 * ((2 * alpha) + 1)), shares.Average(share => (share - 0.5) * (share - 0.5)), 0.005);
    }

    /// <summary>Its powers of uniform numbers are all 0 in a double: it is one of the two images, by a coin.</summary>
    [Fact]
    public void The_smallest_parameter_mixes_nothing_and_ends()
    {
        var random = new Random(2);
        double[] shares = [.. Enumerable.Range(0, 100).Select(_ => Mixup.SymmetricBeta(double.Epsilon, random))];
        Assert.Equal([0.0, 1.0], shares.Distinct().Order());
    }

    private static (long Label, double Share)[] Mixed(long[] classes, int i, double share) =>
        [(classes[i], share), (classes[Images - 1 - i], 1 - share)];
}
