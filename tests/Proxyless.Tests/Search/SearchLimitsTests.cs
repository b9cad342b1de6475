using Proxyless.Architectures;
using Proxyless.Search;
using Xunit;

namespace Proxyless.Tests.Search;

public sealed class SearchLimitsTests
{
    private static readonly CostLimit Latency = new(
        new SpaceCost(
            "latency",
            "ms",
            0,
            [
                [1, 2],
            ]
        ),
        1.25
    );
    private static readonly CostLimit Parameters = new(
        new SpaceCost(
            "parameters",
            "",
            0,
            [
                [10, 20],
            ]
        ),
        15
    );

    [Fact]
    public void The_limit_on_latency_is_the_first_of_all()
    {
        var limits = new SearchLimits(Latency, Parameters);
        Assert.Same(Latency, limits.Latency);
        Assert.Equal([Parameters], limits.Others);
        Assert.Equal([Latency, Parameters], limits.All);
        Assert.Equal("latency 1.25 ms, parameters 15", limits.ToString());
        Assert.Equal([Parameters], new SearchLimits(null, Parameters).All);
        Assert.Empty(SearchLimits.None.All);
    }

    [Fact]
    public void A_limit_in_the_other_place_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new SearchLimits(Parameters, Latency));
        Assert.Throws<ArgumentException>(() => new SearchLimits(null, Latency));
    }

    [Fact]
    public void The_logarithmic_objective_is_of_latency_and_nothing_else()
    {
        SearchLimits[] others = [SearchLimits.None, new(null, Parameters), new(Latency, Parameters)];
        foreach (SearchLimits limits in others)
        {
            Assert.Throws<InvalidInputException>(() => new SearchObjective(ObjectiveKind.Log, limits, 0.6, 100));
        }
    }
}
