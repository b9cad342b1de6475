using Proxyless.Architectures;
using Proxyless.Latency;
using Xunit;

namespace Proxyless.Tests.Latency;

public sealed class NetworkSelectionTests
{
    [Fact]
    public void Covering_networks_take_every_candidate_of_every_block()
    {
        IReadOnlyList<int[]> choices = CoveringNetworks.Choices(SmallSpace.Space, new Random(1));
        Assert.Equal(4, choices.Count);
        foreach (SearchBlock block in SmallSpace.Space.Blocks())
        {
            Assert.Equal(
                Enumerable.Range(0, block.Candidates.Count),
                choices.Select(choice => choice[block.Index]).Distinct().Order()
            );
        }
    }

    [Fact]
    public void Spread_networks_reach_from_the_cheapest_to_the_dearest()
    {
        var random = new Random(2);
        double[][] candidates =
        [
            .. Enumerable.Range(0, 20).Select(_ => Enumerable.Range(0, 6).Select(_ => random.NextDouble()).ToArray()),
        ];
        var cost = new SpaceCost("latency", "ms", 1, candidates);

        double[] costs = [.. SpreadNetworks.Choices(cost, 21, random).Select(choice => cost.Of(choice))];

        Assert.Equal(cost.Smallest, costs[0], 1e-9);
        Assert.Equal(cost.Largest, costs[^1], 1e-9);
        double range = cost.Largest - cost.Smallest;
        for (int i = 0; i < costs.Length; i++)
        {
            // Twenty independent blocks scatter about the expectation by a tenth of the range at most.
            Assert.Equal(cost.Smallest + (range * i / 20), costs[i], 0.3 * range);
        }

        Assert.True(costs[15] - costs[5] > 0.2 * range);
    }

    [Fact]
    public void A_space_of_one_network_gives_that_network()
    {
        var cost = new SpaceCost(
            "latency",
            "ms",
            1,
            [
                [0.5],
                [0.25],
            ]
        );
        Assert.All(SpreadNetworks.Choices(cost, 3, new Random(1)), choice => Assert.Equal([0, 0], choice));
    }
}
