using Proxyless.Architectures;
using Proxyless.Search;
using Xunit;

namespace Proxyless.Tests.Search;

public sealed class PathPruningTests
{
    private static readonly SpaceCost Latency = new(
        "latency",
        "ms",
        0,
        [
            [1, 2, 3],
            [1, 2, 3],
        ]
    );

    [Theory]
    [InlineData(100)]
    [InlineData(2)]
    public void The_most_probable_candidate_of_a_block_stays_whatever_the_threshold(double limit)
    {
        var parameters = new ArchitectureParameters([3, 3]);
        parameters.Learn(0, 2, 0.1);
        new PathPruning(0.49, [new CostLimit(Latency, limit)]).Prune(parameters);
        Assert.True(parameters.IsAlive(0, 2));

        // Under a limit of 2 the first candidate of both blocks is needed.
        Assert.Equal(limit > 2 ? [2] : [0, 2], parameters.AliveIn(0));
        Assert.Equal([0], parameters.AliveIn(1));
    }

    [Fact]
    public void A_limit_that_the_cheapest_network_is_over_by_rounding_alone_keeps_no_other()
    {
        // 0.1 + 0.2 is a little over 0.3.
        var cost = new SpaceCost(
            "latency",
            "ms",
            0.1,
            [
                [0.2, 1],
                [0, 1],
            ]
        );
        var parameters = new ArchitectureParameters([2, 2]);
        parameters.Learn(0, 1, -5);
        parameters.Learn(1, 1, -5);
        IReadOnlyList<(int, int)> pruned = new PathPruning(0.1, [new CostLimit(cost, 0.3)]).Prune(parameters);
        Assert.Equal([(0, 1), (1, 1)], pruned);
    }

    [Fact]
    public void Under_a_limit_of_0_a_choice_without_cost_is_found_and_none_of_what_is_not_there()
    {
        var cost = new SpaceCost(
            "latency",
            "ms",
            0,
            [
                [0, 0, 1],
                [1, 0, 0],
            ]
        );
        int[]? Find(double[] second) =>
            LimitFeasibility.Find(
                [
                    [0, 1, 1],
                    second,
                ],
                [new CostLimit(cost, 0)],
                out _
            );
        Assert.Equal([1, 2], Find([1, 0, 1])!);
        Assert.Null(Find([1, 0, 0]));
    }

    [Fact]
    public void A_block_without_candidates_is_no_choice()
    {
        Assert.Null(
            LimitFeasibility.Find(
                [
                    [1.0, 0, 0],
                    [0, 0, 0],
                ],
                [new CostLimit(Latency, 100)],
                out bool impossible
            )
        );
        Assert.True(impossible);
    }
}
