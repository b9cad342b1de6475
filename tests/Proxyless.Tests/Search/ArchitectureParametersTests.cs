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

    [Fact]
    public void Without_a_choice_there_is_no_entropy() => Assert.Equal(0, new ArchitectureParameters([1, 1]).RelativeEntropy);
}
