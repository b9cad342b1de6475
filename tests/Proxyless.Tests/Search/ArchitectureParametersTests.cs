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
    public void Without_a_choice_there_is_no_entropy() =>
        Assert.Equal(0, new ArchitectureParameters([1, 1]).RelativeEntropy);
}
