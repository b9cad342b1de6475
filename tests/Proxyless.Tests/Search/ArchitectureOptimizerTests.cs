using CsCheck;
using Proxyless.Search;
using Xunit;

namespace Proxyless.Tests.Search;

public sealed class ArchitectureOptimizerTests
{
    [Fact]
    public void A_two_path_update_leaves_the_probabilities_of_the_others_as_they_were() =>
        Gen.Double[-3, 3].Array[7].Select(Gen.Double[-5, 5]).Sample((logits, gradient) =>
        {
            var parameters = new ArchitectureParameters([7]);
            logits.CopyTo(parameters.Logits[0], 0);
            double[] before = parameters.Probabilities(0);
            new ArchitectureOptimizer(parameters).StepPair(0, 2, 5, gradient, -gradient, 0.5);
            double[] after = parameters.Probabilities(0);
            foreach (int j in (int[])[0, 1, 3, 4, 6])
            {
                Assert.Equal(before[j], after[j], 1e-12);
            }

            Assert.Equal(before[2] + before[5], after[2] + after[5], 1e-12);
        });

    [Fact]
    public void The_first_step_moves_each_logit_by_the_rate_against_its_gradient()
    {
        var parameters = new ArchitectureParameters([3]);
        new ArchitectureOptimizer(parameters).Step(0, [2, -0.1, 0], 0.05);
        Assert.Equal(-0.05, parameters.Logits[0][0], 1e-6);
        Assert.Equal(0.05, parameters.Logits[0][1], 1e-6);
        Assert.Equal(0, parameters.Logits[0][2]);
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
