using Proxyless.Search;
using Xunit;

namespace Proxyless.Tests.Search;

public sealed class ArchitectureParametersTests
{
    [Fact]
    public void Entropy_is_that_of_the_odds_over_that_of_even_ones()
    {
        var parameters = new ArchitectureParameters([4, 1]);
        Assert.Equal(1, parameters.RelativeEntropy, 1e-12);
        parameters.Prune(0, 1);
        parameters.Prune(0, 2);
        Assert.Equal(0.5, parameters.RelativeEntropy, 1e-12);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_logit_stays_as_it_was_where_it_would_be_no_number(double change)
    {
        var parameters = new ArchitectureParameters([2, 3]);
        parameters.Learn(1, 2, 0.5);
        string learned = Assert.Throws<NotFiniteNumberException>(() => parameters.Learn(1, 2, change)).Message;
        Assert.Equal($"the logit of candidate 2 of block 1 became {change}", learned);
        Assert.Throws<NotFiniteNumberException>(() =>
            parameters.ShiftForCosts([
                [0, 0],
                [0, 0, change],
            ])
        );
        Assert.Equal([0, 0, 0.5], parameters.Logits(1).ToArray());
    }

    [Fact]
    public void What_is_handed_out_for_a_checkpoint_is_a_copy()
    {
        var parameters = new ArchitectureParameters([2]);
        (double?[][] logits, double[][] costs) = parameters.Save();
        logits[0][0] = 1;
        costs[0][0] = 1;
        Assert.Equal([0, 0], parameters.Logits(0).ToArray());
        Assert.Equal([0, 0], parameters.CostLogits(0).ToArray());
    }

    [Fact]
    public void Only_a_removed_candidate_has_no_probability()
    {
        var parameters = new ArchitectureParameters([4]);
        parameters.Learn(0, 1, -1e6);
        parameters.Learn(0, 2, -1e9);
        parameters.Prune(0, 3);
        double[] p = parameters.Probabilities(0);
        Assert.Equal(1, p[0]);
        Assert.Equal(0, p[3]);
        Assert.InRange(p[1], double.Epsilon, 1e-200);
        Assert.Equal(p[1], p[2]);

        // After the one that has all else, the others are equally probable.
        var random = new Random(1);
        int[] second = [.. Enumerable.Range(0, 100).Select(_ => parameters.SamplePair(0, random).Second)];
        Assert.InRange(second.Count(j => j == 1), 25, 75);
        Assert.InRange(second.Count(j => j == 2), 25, 75);
    }

    [Fact]
    public void Without_a_choice_there_is_no_entropy() =>
        Assert.Equal(0, new ArchitectureParameters([1, 1]).RelativeEntropy);
}
