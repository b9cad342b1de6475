using Proxyless.Inference;
using Proxyless.Training;
using Xunit;

namespace Proxyless.Tests.Inference;

public sealed class SoftmaxTests
{
    [Theory]
    [InlineData(0f)]
    [InlineData(100f)]
    [InlineData(-200f)]
    [InlineData(1e30f)]
    public void Probabilities_are_numbers_whatever_the_scores_have_in_common(float common)
    {
        float[] probabilities = Softmax.Of([common + 1, common, common]);
        float e = common is 1e30f ? 1 : MathF.E;
        Assert.Equal(e / (e + 2), probabilities[0], 1e-6f);
        Assert.Equal(1 / (e + 2), probabilities[1], 1e-6f);
        Assert.Equal(1, probabilities.Sum(), 1e-6f);
    }

    [Fact]
    public void A_class_whose_score_is_far_above_all_others_is_certain()
    {
        Assert.Equal([1, 0], Softmax.Of([200, 0]));
        Assert.Equal([0, 1], Softmax.Of([float.MinValue, float.MaxValue]));
        var answer = ImageAnswer.Of("image", label: 0, [100, 0]);
        Assert.True(answer.IsRight);
        Assert.Equal(1, answer.Probability);
    }
}
