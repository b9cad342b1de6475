using CsCheck;
using Proxyless.Architectures;
using Proxyless.Search;
using Xunit;

namespace Proxyless.Tests.Search;

public sealed class ArchitectureDerivationTests
{
    // Few distinct values, so that ties in cost and probability are common.
    private static readonly Gen<int[][]> Table = Gen.Int[1, 4].Array[1, 4].Array[1, 6];

    [Fact]
    public void Under_one_limit_it_equals_brute_force() =>
        Table
            .Select(Table, Gen.Double[0, 1])
            .Sample(
                (weights, costs, share) =>
                {
                    double[][] probabilities = Probabilities(weights);
                    CostLimit[] limits = [Limit("latency", Like(weights, costs), share)];
                    AssertOptimal(probabilities, limits);
                }
            );

    [Fact]
    public void Under_several_limits_it_equals_brute_force() =>
        Table
            .Select(Table, Table, Gen.Double[0, 1])
            .Sample(
                (weights, first, second, share) =>
                {
                    double[][] probabilities = Probabilities(weights);
                    CostLimit[] limits =
                    [
                        Limit("latency", Like(weights, first), share),
                        Limit("parameters", Like(weights, second), 1 - (share / 2)),
                    ];
                    AssertOptimal(probabilities, limits);
                }
            );

    [Fact]
    public void Where_blocks_decide_on_little_of_a_limit_it_equals_brute_force_too() =>
        Table
            .Select(Table, Table, Gen.Double[0, 1])
            .Sample(
                (weights, first, second, share) =>
                {
                    double[][] probabilities = Probabilities(weights);
                    CostLimit[] limits =
                    [
                        Limit("latency", Like(weights, first), share, fixedPart: 1e4),
                        Limit("parameters", Like(weights, second), 1 - (share / 2), fixedPart: 1e3),
                    ];
                    AssertOptimal(probabilities, limits);
                    AssertOptimal(probabilities, [limits[0]]);
                }
            );

    // Most of the latency is that of stem and head, so that a large multiplier is needed. Without a bound more than
    // 10,000 choices are kept under one limit.
    [Theory]
    [InlineData(1, 25, 9, 0.5)]
    [InlineData(1, 25, 9, 0.01)]
    [InlineData(2, 12, 6, 0.5)]
    [InlineData(2, 12, 6, 0.01)]
    public void Few_choices_are_kept_in_a_large_space_however_little_of_a_limit_its_blocks_decide_on(
        int count,
        int blocks,
        int candidates,
        double range
    )
    {
        for (int seed = 0; seed < 3; seed++)
        {
            var random = new Random(seed);
            double[][][] costs = [.. Enumerable.Range(0, count).Select(_ => new double[blocks][])];
            double[][] values = new double[blocks][];
            for (int i = 0; i < blocks; i++)
            {
                double[] sizes = [.. Enumerable.Range(0, candidates).Select(j => j / (double)candidates)];
                double cost = 0.5 + (2 * random.NextDouble());
                double weight = 0.5 + random.NextDouble();
                values[i] =
                [
                    .. sizes.Select(size => weight * (Math.Log(1 + (5 * size)) + (0.3 * random.NextDouble()))),
                ];
                foreach (double[][] one in costs)
                {
                    one[i] = [.. sizes.Select(size => cost * (0.3 + (2 * size)) * (0.8 + (0.4 * random.NextDouble())))];
                }
            }

            CostLimit[] limits =
            [
                .. costs.Select(
                    (one, c) =>
                    {
                        SpaceCost blocksAlone = new($"cost {c}", "", 0, one);
                        double middle = (blocksAlone.Smallest + blocksAlone.Largest) / 2;
                        double limit = (blocksAlone.Largest - blocksAlone.Smallest) / range;
                        return new CostLimit(blocksAlone with { Fixed = limit - middle }, limit);
                    }
                ),
            ];
            Maximum best = ArchitectureDerivation.Maximize(
                values,
                limits,
                slack: 0,
                ArchitectureDerivation.MostPartials,
                CancellationToken.None
            );
            int[] choice = Assert.IsType<int[]>(best.Choice);
            Assert.Equal(0, best.Gap);
            Assert.All(limits, limit => Assert.True(limit.Allows(choice)));
            Assert.InRange(best.Kept, blocks, 5000);
        }
    }

    [Fact]
    public void With_a_bound_on_its_work_it_tells_how_much_better_another_choice_may_be() =>
        Table
            .Select(Table, Table, Gen.Double[0, 1])
            .Sample(
                (weights, first, second, share) =>
                {
                    double[][] probabilities = Probabilities(weights);
                    double[][] logs = [.. probabilities.Select(block => block.Select(p => Math.Log(p)).ToArray())];
                    CostLimit[] limits =
                    [
                        Limit("latency", Like(weights, first), share),
                        Limit("parameters", Like(weights, second), 1 - (share / 2)),
                    ];
                    double best = Highest(probabilities, limits);
                    foreach ((double slack, int most) in ((double, int)[])[(0, 1), (0, 3), (0.1, 1000)])
                    {
                        Maximum found = ArchitectureDerivation.Maximize(
                            logs,
                            limits,
                            slack,
                            most,
                            CancellationToken.None
                        );
                        if (found.Choice is { } choice)
                        {
                            Assert.All(limits, limit => Assert.True(limit.Allows(choice)));
                            Assert.InRange(best - LogProbability(probabilities, choice), -1e-6, found.Gap + 1e-6);
                        }
                        else
                        {
                            Assert.True(double.IsNaN(best) || double.IsPositiveInfinity(found.Gap));
                        }
                    }
                }
            );

    [Theory]
    [InlineData(0.01, ArchitectureDerivation.MostPartials)]
    [InlineData(0.0, 1000)]
    public void Where_values_are_proportional_to_a_cost_the_work_ends_near_the_highest_sum(double slack, int most)
    {
        (SpaceCost latency, CostLimit[] limits, double bound) = Proportional();
        Maximum found = ArchitectureDerivation.Maximize(
            latency.Candidates,
            limits,
            slack,
            most,
            CancellationToken.None
        );
        int[] choice = Assert.IsType<int[]>(found.Choice);
        Assert.All(limits, limit => Assert.True(limit.Allows(choice)));
        Assert.InRange(latency.Of(choice), 0.99 * bound, bound);
        Assert.InRange(found.Gap, 0, 0.011 * latency.Largest);
        Assert.InRange(found.Kept, 0, 100_000);
    }

    [Fact]
    public void It_stops_when_it_is_told_to()
    {
        (SpaceCost latency, CostLimit[] limits, _) = Proportional();
        Assert.Throws<OperationCanceledException>(() =>
            ArchitectureDerivation.TryMaximize(latency.Candidates, limits, new CancellationToken(canceled: true))
        );
    }

    [Fact]
    public void Without_limits_it_takes_the_most_probable_candidates() =>
        Table.Sample(weights =>
        {
            double[][] probabilities = Probabilities(weights);
            int[] choice = ArchitectureDerivation.Derive(probabilities, [], CancellationToken.None);
            Assert.All(
                choice.Select((candidate, i) => (candidate, i)),
                pair => Assert.Equal(probabilities[pair.i].Max(), probabilities[pair.i][pair.candidate])
            );
        });

    [Fact]
    public void An_impossible_limit_says_the_smallest_possible_value()
    {
        var cost = new SpaceCost(
            "latency",
            "ms",
            1,
            [
                [0.5, 2],
                [0.25, 3],
            ]
        );
        var exception = Assert.Throws<LimitNotMetException>(() =>
            ArchitectureDerivation.Derive(
                [
                    [0.5, 0.5],
                    [0.5, 0.5],
                ],
                [new CostLimit(cost, 1.5)],
                CancellationToken.None
            )
        );
        Assert.Contains("1.75 ms", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.5, "no architecture meets all limits at once (latency 2 ms, parameters 2)")]
    [InlineData(0, "no architecture that the search left meets all limits at once (latency 2 ms, parameters 2)")]
    public void What_cannot_be_met_is_the_fault_of_the_search_only_if_it_has_removed_something(
        double probability,
        string message
    )
    {
        CostLimit[] limits =
        [
            new CostLimit(
                new SpaceCost(
                    "latency",
                    "ms",
                    0,
                    [
                        [1, 3, 9],
                    ]
                ),
                2
            ),
            new CostLimit(
                new SpaceCost(
                    "parameters",
                    "",
                    0,
                    [
                        [3, 1, 9],
                    ]
                ),
                2
            ),
        ];
        var exception = Assert.Throws<LimitNotMetException>(() =>
            ArchitectureDerivation.Derive(
                [
                    [0.5, 0.5, probability],
                ],
                limits,
                CancellationToken.None
            )
        );
        Assert.StartsWith(message, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_space_of_the_published_size_is_solved_under_three_limits()
    {
        var random = new Random(1);
        SearchSpace space = SearchSpacePresets.ByName("imagenet-mobile");
        SpaceCost work = SpaceCost.MultiplyAdds(space, 1000);
        double[][] probabilities = Probabilities([
            .. work.Candidates.Select(block => block.Select(_ => random.Next(1, 1000)).ToArray()),
        ]);

        // A machine on which multiply-adds of one operation take up to twice as long as of another.
        SpaceCost latency = new(
            "latency",
            "ms",
            1,
            [
                .. work.Candidates.Select(block =>
                    block.Select(count => count / 1e6 * (1 + random.NextDouble())).ToArray()
                ),
            ]
        );
        CostLimit[] limits =
        [
            .. new[] { latency, SpaceCost.Parameters(space, 1000), work }.Select(cost => new CostLimit(
                cost,
                (0.6 * cost.Smallest) + (0.4 * cost.Largest)
            )),
        ];
        int[] choice = ArchitectureDerivation.Derive(probabilities, limits, CancellationToken.None);
        Assert.All(limits, limit => Assert.True(limit.Cost.Of(choice) <= limit.Limit));
    }

    [Theory]
    [InlineData(1e-9)]
    [InlineData(1)]
    [InlineData(1e6)]
    public void The_highest_sum_of_values_of_any_scale_equals_brute_force(double scale) =>
        Table
            .Select(Table, Gen.Double[0, 1])
            .Sample(
                (weights, costs, share) =>
                {
                    // Values of both signs; whatever weighs 4 is not there.
                    double[][] values =
                    [
                        .. weights.Select(
                            (block, i) =>
                                block
                                    .Select(
                                        (weight, j) =>
                                            weight == 4 ? double.NegativeInfinity : scale * (weight - 2 + (0.1 * i * j))
                                    )
                                    .ToArray()
                        ),
                    ];
                    CostLimit[] limits = [Limit("latency", Like(weights, costs), share)];
                    double Sum(int[] choice) => choice.Select((j, i) => values[i][j]).Sum();
                    double best = Choices(values)
                        .Where(choice => limits[0].Cost.Of(choice) <= limits[0].Limit)
                        .Select(Sum)
                        .Append(double.NegativeInfinity)
                        .Max();
                    int[]? found = ArchitectureDerivation.TryMaximize(values, limits, CancellationToken.None);
                    Assert.Equal(double.IsNegativeInfinity(best), found is null);
                    if (found is not null)
                    {
                        Assert.Equal(best, Sum(found), scale * 1e-6);
                        Assert.True(limits[0].Cost.Of(found) <= limits[0].LimitOfSums);
                    }
                }
            );

    [Fact]
    public void A_value_so_low_that_its_probability_would_be_0_is_chosen_where_the_limit_leaves_no_other()
    {
        SpaceCost cost = new(
            "latency",
            "ms",
            1,
            [
                [1, 5],
                [1, 2],
            ]
        );
        double[][] values =
        [
            [-2000, 0],
            [0, 1],
        ];
        int[] Best(params CostLimit[] limits) =>
            ArchitectureDerivation.TryMaximize(values, limits, CancellationToken.None)!;
        Assert.Equal([0, 1], Best(new CostLimit(cost, 4)));
        Assert.Equal([1, 1], Best());
    }

    [Fact]
    public void Expected_cost_equals_enumeration() =>
        Table
            .Select(Table)
            .Sample(
                (weights, costs) =>
                {
                    double[][] probabilities = Probabilities(weights);
                    SpaceCost cost = new("latency", "ms", 2, Like(weights, costs));
                    double mean = Choices(probabilities)
                        .Sum(choice =>
                            choice.Select((j, i) => probabilities[i][j]).Aggregate(1.0, (a, b) => a * b)
                            * cost.Of(choice)
                        );
                    Assert.Equal(mean, cost.Expectation(probabilities), 1e-9);
                }
            );

    /// <summary>
    /// Latencies that are proportional to multiply-adds, but for 0.01 ms a block; limits on both, in the middle of
    /// multiply-adds; and a latency that no network within them exceeds.
    /// </summary>
    internal static (SpaceCost Latency, CostLimit[] Limits, double Bound) Proportional()
    {
        SpaceCost work = SpaceCost.MultiplyAdds(SearchSpacePresets.ByName("imagenet-mobile"), 1000);
        SpaceCost latency = new(
            "latency",
            "ms",
            0,
            [.. work.Candidates.Select(block => block.Select(count => count > 0 ? 0.01 + (1e-6 * count) : 0).ToArray())]
        );
        double middle = (work.Smallest + work.Largest) / 2;
        return (
            latency,
            [new CostLimit(latency, latency.Largest), new CostLimit(work, middle)],
            (0.01 * work.Candidates.Length) + (1e-6 * (middle - work.Fixed)) + 1e-6
        );
    }

    private static double Highest(double[][] probabilities, CostLimit[] limits) =>
        Choices(probabilities)
            .Where(choice => limits.All(limit => limit.Cost.Of(choice) <= limit.Limit))
            .Select(choice => LogProbability(probabilities, choice))
            .DefaultIfEmpty(double.NaN)
            .Max();

    private static void AssertOptimal(double[][] probabilities, CostLimit[] limits)
    {
        double best = Highest(probabilities, limits);
        int[]? derived = ArchitectureDerivation.TryDerive(probabilities, limits, CancellationToken.None);
        if (double.IsNaN(best))
        {
            Assert.Null(derived);
            return;
        }

        Assert.NotNull(derived);
        Assert.Equal(best, LogProbability(probabilities, derived), 1e-9);
        Assert.All(limits, limit => Assert.True(limit.Cost.Of(derived) <= limit.Limit * (1 + 1e-9)));
    }

    private static double LogProbability(double[][] probabilities, int[] choice) =>
        choice.Select((j, i) => Math.Log(probabilities[i][j])).Sum();

    private static IEnumerable<int[]> Choices(double[][] probabilities) =>
        probabilities.Aggregate(
            (IEnumerable<int[]>)
                [
                    [],
                ],
            (choices, block) =>
                choices.SelectMany(choice => Enumerable.Range(0, block.Length).Select(j => (int[])[.. choice, j]))
        );

    private static double[][] Probabilities(int[][] weights) =>
        [.. weights.Select(block => block.Select(weight => weight / (double)block.Sum()).ToArray())];

    private static double[][] Like(int[][] shape, int[][] values) =>
        [
            .. shape.Select(
                (block, i) =>
                    block
                        .Select((_, j) => (double)values[i % values.Length][j % values[i % values.Length].Length])
                        .ToArray()
            ),
        ];

    private static CostLimit Limit(string quantity, double[][] costs, double share, double fixedPart = 1)
    {
        var cost = new SpaceCost(quantity, "", fixedPart, costs);
        return new CostLimit(cost, cost.Smallest + Math.Floor(share * (cost.Largest - cost.Smallest)));
    }
}
