using CsCheck;
using Proxyless.Search;
using Xunit;

namespace Proxyless.Tests.Search;

public sealed class ArchitectureOptimizerTests
{
    [Fact]
    public void A_two_path_update_leaves_the_probabilities_of_the_others_as_they_were() =>
        Gen.Double[-3, 3]
            .Array[7]
            .Select(Gen.Double[-5, 5])
            .Sample(
                (logits, gradient) =>
                {
                    var parameters = new ArchitectureParameters([7]);
                    Array.ForEach(Enumerable.Range(0, 7).ToArray(), j => parameters.Learn(0, j, logits[j]));
                    double[] before = parameters.Probabilities(0);
                    new ArchitectureOptimizer(parameters).StepPair(0, 2, 5, gradient, -gradient, 0.5);
                    double[] after = parameters.Probabilities(0);
                    foreach (int j in (int[])[0, 1, 3, 4, 6])
                    {
                        Assert.Equal(before[j], after[j], 1e-12);
                    }

                    Assert.Equal(before[2] + before[5], after[2] + after[5], 1e-12);
                }
            );

    [Fact]
    public void The_first_step_moves_each_logit_by_the_rate_against_its_gradient()
    {
        var parameters = new ArchitectureParameters([3]);
        new ArchitectureOptimizer(parameters).Step(0, [2, -0.1, 0], 0.05);
        Assert.Equal(-0.05, parameters.Logits(0)[0], 1e-6);
        Assert.Equal(0.05, parameters.Logits(0)[1], 1e-6);
        Assert.Equal(0, parameters.Logits(0)[2]);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(1e200)]
    public void A_gradient_without_a_finite_square_is_refused_and_moves_no_logit(double gradient)
    {
        var parameters = new ArchitectureParameters([2, 3]);
        var optimizer = new ArchitectureOptimizer(parameters);
        string Message(Action step) => Assert.Throws<NotFiniteNumberException>(step).Message;
        Assert.StartsWith(
            "the gradient of candidate 0 of block 1 became",
            Message(() => optimizer.Step(1, [gradient, 0, 0], 0.1)),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "the gradient of candidate 2 of block 1 became",
            Message(() => optimizer.StepPair(1, 2, 0, gradient, -gradient, 0.1)),
            StringComparison.Ordinal
        );
        Assert.Equal([0, 0, 0], parameters.Logits(1).ToArray());
        Assert.All(optimizer.Save().SecondMoments[1], moment => Assert.Equal(0, moment));
    }

    [Fact]
    public void A_candidate_that_takes_no_part_keeps_its_moment()
    {
        var parameters = new ArchitectureParameters([3]);
        var optimizer = new ArchitectureOptimizer(parameters);
        optimizer.StepPair(0, 0, 1, 1, -1, 0.1);
        double[] moments = [.. optimizer.Save().SecondMoments[0]];
        optimizer.StepPair(0, 1, 2, 1, -1, 0.1);
        Assert.Equal(moments[0], optimizer.Save().SecondMoments[0][0]);
        Assert.NotEqual(moments[1], optimizer.Save().SecondMoments[0][1]);
    }
}
