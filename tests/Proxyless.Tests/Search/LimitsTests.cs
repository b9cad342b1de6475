using CsCheck;
using Proxyless.Architectures;
using Proxyless.Search;
using Xunit;

namespace Proxyless.Tests.Search;

public sealed class LimitsTests
{
    private static readonly Gen<int[][]> Table = Gen.Int[1, 9].Array[3].Array[1, 5];

    [Fact]
    public void A_choice_that_is_found_is_within_all_limits_and_what_is_called_impossible_is() =>
        Table
            .Select(Table, Gen.Int[3, 45], Gen.Int[3, 45])
            .Sample(
                (first, second, left, right) =>
                {
                    CostLimit[] limits =
                    [
                        Limit("latency", first, left),
                        Limit("parameters", [.. first.Select((_, i) => second[i % second.Length])], right),
                    ];
                    double[][] even = [.. first.Select(block => block.Select(_ => 1.0).ToArray())];
                    int[]? found = LimitFeasibility.Find(even, limits, out bool impossible);
                    if (found is not null)
                    {
                        Assert.All(limits, limit => Assert.True(limit.Cost.Of(found) <= limit.Limit));
                    }

                    bool possible = ArchitectureDerivation.TryDerive(even, limits, CancellationToken.None) is not null;
                    Assert.False(impossible && possible);
                    Assert.False(found is not null && !possible);
                }
            );

    [Fact]
    public void Under_one_limit_a_choice_is_found_whenever_there_is_one() =>
        Table
            .Select(Gen.Int[3, 45])
            .Sample(
                (costs, most) =>
                {
                    CostLimit limit = Limit("latency", costs, most);
                    double[][] even = [.. costs.Select(block => block.Select(_ => 1.0).ToArray())];
                    Assert.Equal(
                        limit.Cost.Smallest <= limit.Limit,
                        LimitFeasibility.Find(even, [limit], out bool impossible) is not null
                    );
                    Assert.Equal(limit.Cost.Smallest > limit.Limit, impossible);
                }
            );

    [Fact]
    public void No_choice_within_the_limits_is_more_probable_than_the_bound() =>
        Table
            .Select(Table, Gen.Int[3, 45])
            .Sample(
                (weights, costs, most) =>
                {
                    double[][] probabilities =
                    [
                        .. weights.Select(block => block.Select(weight => weight / (double)block.Sum()).ToArray()),
                    ];
                    CostLimit[] limits =
                    [
                        Limit("latency", [.. weights.Select((_, i) => costs[i % costs.Length])], most),
                    ];
                    if (ArchitectureDerivation.TryDerive(probabilities, limits, CancellationToken.None) is { } best)
                    {
                        double[][] logs = [.. probabilities.Select(block => block.Select(p => Math.Log(p)).ToArray())];
                        double probability = best.Select((j, i) => logs[i][j]).Sum();
                        var bound = new LagrangianBound(logs, limits);
                        Assert.True(bound.Of(0, [limits[0].Cost.Fixed], 0) >= probability - 1e-9);
                        Assert.True(bound.Known <= probability + 1e-9);
                    }
                }
            );

    [Theory]
    [InlineData(0)]
    [InlineData(10_000)]
    public void The_bound_of_one_limit_is_the_lowest_of_all_multipliers(int more) =>
        Table
            .Select(Table, Gen.Int[3, 45])
            .Sample(
                (weights, costs, most) =>
                {
                    double[][] logs =
                    [
                        .. weights.Select(block =>
                            block.Select(weight => Math.Log(weight / (double)block.Sum())).ToArray()
                        ),
                    ];
                    CostLimit blocks = Limit("latency", [.. weights.Select((_, i) => costs[i % costs.Length])], most);
                    var limit = new CostLimit(blocks.Cost with { Fixed = more }, more + most);
                    if (!limit.Allows(limit.Cost.Smallest))
                    {
                        return;
                    }

                    // Convex and linear between the multipliers at which two candidates of a block are equally good.
                    double BoundAt(double multiplier) =>
                        (multiplier * (1 - (limit.Cost.Fixed / limit.Limit)))
                        + logs.Select(
                                (block, i) =>
                                    block
                                        .Select(
                                            (value, j) =>
                                                value - (multiplier * limit.Cost.Candidates[i][j] / limit.Limit)
                                        )
                                        .Max()
                            )
                            .Sum();
                    IEnumerable<double> kinks = logs.SelectMany(
                        (block, i) =>
                            from j in Enumerable.Range(0, block.Length)
                            from k in Enumerable.Range(0, block.Length)
                            let dearer = limit.Cost.Candidates[i][j] - limit.Cost.Candidates[i][k]
                            where dearer > 0
                            select Math.Max(0, block[j] - block[k]) * limit.Limit / dearer
                    );
                    Assert.Equal(
                        kinks.Append(0).Min(BoundAt),
                        new LagrangianBound(logs, [limit]).Of(0, [limit.Cost.Fixed], 0),
                        1e-6
                    );
                }
            );

    [Fact]
    public void A_pruned_candidate_stands_at_its_last_probability_but_under_the_threshold()
    {
        SearchEpoch[] log =
        [
            Epoch([
                [0.3, 0.4, 0.3],
            ]),
            Epoch([
                [0.004, 0.6, 0.396],
            ]),
            Epoch(
                [
                    [0, 1, 0],
                ],
                [0, 0],
                [0, 2]
            ),
        ];
        Assert.Equal([0.004, 1, 0.01], DerivationProbabilities.Of(log, pruneThreshold: 0.01)[0]);
        Assert.Equal([0.01, 1, 0.01], DerivationProbabilities.Of([log[2]], pruneThreshold: 0.01)[0]);
        SearchEpoch diverged = log[2] with
        {
            Probabilities =
            [
                [0.5, double.NaN, 0.5],
            ],
        };
        string message = Assert
            .Throws<InvalidInputException>(() => DerivationProbabilities.Of([.. log, diverged], pruneThreshold: 0.01))
            .Message;
        Assert.Contains("a probability of NaN for candidate 1 of block 0", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_probability_that_was_too_small_for_a_double_is_not_that_of_a_pruned_candidate()
    {
        SearchEpoch[] log =
        [
            Epoch([
                [0.3, 0.4, 0.3],
            ]),
            Epoch(
                [
                    [0, 1, 0],
                ],
                [0, 2]
            ),
            Epoch([
                [0, 1, 0],
            ]),
        ];
        Assert.Equal([false, false, true], PrunedCandidates.Of(log)[0]);
        double[] probabilities = DerivationProbabilities.Of(log, pruneThreshold: 0.01)[0];
        Assert.InRange(probabilities[0], double.Epsilon, 1e-200);
        Assert.Equal(0.01, probabilities[2]);

        // Whatever threshold is given now.
        Assert.All(DerivationProbabilities.Of(log, pruneThreshold: 0)[0], p => Assert.True(p > 0));
    }

    private static SearchEpoch Epoch(double[][] probabilities, params int[][] pruned) =>
        new(
            1,
            1,
            0,
            0,
            null,
            new Dictionary<string, double>(),
            new Dictionary<string, double>(),
            0,
            0,
            probabilities,
            pruned
        );

    private static CostLimit Limit(string quantity, int[][] costs, int limit) =>
        new(
            new SpaceCost(quantity, "", 0, [.. costs.Select(block => block.Select(cost => (double)cost).ToArray())]),
            limit
        );
}
