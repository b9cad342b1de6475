using Proxyless.Architectures;
using Proxyless.Search;
using Xunit;

namespace Proxyless.Tests.Search;

public sealed class LimitProjectionTests
{
    private static readonly double[][] Times =
    [
        [1, 2, 4],
        [0, 3],
        [2, 2.5, 3, 3.5],
    ];
    private static readonly int[] Counts = [.. Times.Select(block => block.Length)];
    private static readonly SpaceCost Latency = new("latency", "ms", 1, Times);

    // Even odds take 1 + 7/3 + 1.5 + 2.75 = 7.58.
    [Theory]
    [InlineData(7, false)]
    [InlineData(6.5, false)]
    [InlineData(7, true)]
    [InlineData(8, true)]
    public void Odds_begin_at_the_limit(double limit, bool usesUp)
    {
        double[][] p = Probabilities([new CostLimit(Latency, limit)], usesUp);
        Assert.Equal(limit, Latency.Expectation(p), 1e-6);
    }

    [Fact]
    public void Odds_begin_as_near_to_a_generous_limit_as_even_ones_among_them_allow()
    {
        // The largest network takes 11.5, which four fifths of the odds are on: 10.72 with a fifth of 7.58.
        double[][] p = Probabilities([new CostLimit(Latency, 11)], usesUp: true);
        double even = Latency.EvenExpectation;
        Assert.Equal(
            Latency.Largest - (LimitProjection.EvenShare * (Latency.Largest - even)),
            Latency.Expectation(p),
            1e-6
        );
    }

    [Fact]
    public void A_limit_that_even_odds_meet_changes_nothing()
    {
        Assert.All(
            Logits(Begun([new CostLimit(Latency, 8)], usesUp: false)),
            block => Assert.All(block, logit => Assert.Equal(0, logit, 1e-12))
        );
    }

    [Fact]
    public void Without_limits_odds_are_even()
    {
        Assert.All(Logits(Begun([], usesUp: true)), block => Assert.All(block, logit => Assert.Equal(0, logit, 1e-12)));
    }

    [Fact]
    public void No_odds_at_the_limit_have_more_entropy()
    {
        var parameters = new ArchitectureParameters(Counts);
        new LimitProjection([new CostLimit(Latency, 7)], usesUp: false).Apply(parameters);
        double[][] best = parameters.Probabilities();
        var random = new Random(4);
        for (int draw = 0; draw < 2000; draw++)
        {
            // Random odds beside the best ones, brought to the limit by mixing in the cheapest or the costliest
            // candidates.
            double[][] other =
            [
                .. best.Select(block =>
                    Normalized([.. block.Select(p => p * Math.Exp(0.5 * (random.NextDouble() - 0.5)))])
                ),
            ];
            double expected = Latency.Expectation(other);
            bool isOver = expected > 7;
            double[][] end =
            [
                .. Times.Select(block =>
                    block.Select(time => time == (isOver ? block.Min() : block.Max()) ? 1.0 : 0).ToArray()
                ),
            ];
            double share = (expected - 7) / (expected - Latency.Expectation(end));
            double[][] mixed =
            [
                .. other.Select(
                    (block, i) => block.Select((p, j) => ((1 - share) * p) + (share * end[i][j])).ToArray()
                ),
            ];
            Assert.Equal(7, Latency.Expectation(mixed), 1e-9);
            Assert.True(Entropy(mixed) < Entropy(best) + 1e-12);
        }
    }

    [Fact]
    public void What_is_costly_begins_unlikely_but_is_not_ruled_out()
    {
        double[][] p = Probabilities([new CostLimit(Latency, Latency.Smallest)], usesUp: false);
        Assert.All(
            p,
            block =>
                Assert.All(block, value => Assert.True(value >= (LimitProjection.EvenShare / block.Length) - 1e-12))
        );

        // As near to the limit as that allows: all that is not even is the cheapest network.
        double even = Latency.EvenExpectation;
        Assert.Equal(
            Latency.Smallest + (LimitProjection.EvenShare * (even - Latency.Smallest)),
            Latency.Expectation(p),
            1e-6
        );
    }

    [Fact]
    public void A_limit_beyond_the_largest_network_leaves_the_odds_alone()
    {
        CostLimit[] limits = [new CostLimit(Latency, Latency.Largest + 1)];
        ArchitectureParameters parameters = Begun(limits, usesUp: true);
        parameters.Learn(0, 2, 1);
        double[][] before = parameters.Probabilities();
        new LimitProjection(limits, usesUp: true).Apply(parameters);
        Assert.Equal(before, parameters.Probabilities());
    }

    [Fact]
    public void Several_limits_hold_together_and_neither_more_than_it_must()
    {
        var size = new SpaceCost(
            "parameters",
            "",
            0,
            [
                [4, 2, 1],
                [1, 5],
                [1, 2, 3, 4],
            ]
        );
        double[][] p = Probabilities([new CostLimit(Latency, 7.2), new CostLimit(size, 6.8)], usesUp: false);
        Assert.Equal(7.2, Latency.Expectation(p), 1e-3);
        Assert.Equal(6.8, size.Expectation(p), 1e-3);
    }

    [Fact]
    public void A_step_is_undone_as_far_as_it_changed_costs_and_no_further()
    {
        CostLimit[] limits = [new CostLimit(Latency, 7)];
        var projection = new LimitProjection(limits, usesUp: true);
        ArchitectureParameters parameters = Begun(limits, usesUp: true);
        parameters.Learn(0, 2, 1);
        parameters.Learn(2, 0, -0.5);
        double[][] before = Logits(parameters);
        projection.Apply(parameters);
        Assert.Equal(7, Latency.Expectation(parameters.Probabilities()), 1e-6);

        // Within a block, logits move in proportion to the costs, with one factor for all blocks.
        double[] factors =
        [
            .. Times.SelectMany(
                (block, i) =>
                    Enumerable
                        .Range(1, block.Length - 1)
                        .Select(j =>
                            ((parameters.Logits(i)[j] - before[i][j]) - (parameters.Logits(i)[0] - before[i][0]))
                            / (block[j] - block[0])
                        )
            ),
        ];
        Assert.All(factors, factor => Assert.Equal(factors[0], factor, 1e-9));
        Assert.True(factors[0] < 0);
    }

    [Fact]
    public void An_equality_holds_to_the_end_whatever_losses_teach_and_pruning_takes()
    {
        int pruned = 0;
        for (int seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            SpaceCost cost = RandomCost(random);
            CostLimit[] limits =
            [
                new CostLimit(
                    cost,
                    cost.Smallest + ((0.05 + (0.9 * random.NextDouble())) * (cost.Largest - cost.Smallest))
                ),
            ];
            var projection = new LimitProjection(limits, usesUp: true);
            var pruning = new PathPruning(0.12, limits, projection);
            var parameters = new ArchitectureParameters(cost.Candidates.Select(block => block.Length));
            projection.Begin(parameters);
            for (int step = 0; step < 40; step++)
            {
                for (int block = 0; block < parameters.Blocks; block++)
                {
                    for (int j = 0; j < parameters.CandidatesIn(block); j++)
                    {
                        parameters.Learn(block, j, 3 * (random.NextDouble() - 0.5));
                    }
                }

                projection.Apply(parameters);
                Assert.Equal(1, cost.Expectation(parameters.Probabilities()) / limits[0].Limit, 1e-6);
                pruned += pruning.Prune(parameters).Count;
                projection.Apply(parameters);
                Assert.Equal(1, cost.Expectation(parameters.Probabilities()) / limits[0].Limit, 1e-6);
            }

            // By enumeration: what is left has networks on both sides of the limit, and the one derived is the
            // likeliest within it.
            int[][] networks = [.. Networks(parameters)];
            Assert.Contains(networks, network => cost.Of(network) > limits[0].Limit);
            double[][] p = parameters.Probabilities();
            double LogProbability(int[] network) => network.Select((j, i) => Math.Log(p[i][j])).Sum();
            double best = networks.Where(network => cost.Of(network) <= limits[0].Limit).Max(LogProbability);
            int[] derived = ArchitectureDerivation.Derive(p, limits, CancellationToken.None);
            Assert.Equal(best, LogProbability(derived), 1e-9);
        }

        Assert.True(pruned > 150, $"{pruned} candidates were pruned: the test shows little");
    }

    [Fact]
    public void Where_a_limit_is_out_of_reach_pruning_keeps_nothing_for_it()
    {
        CostLimit[] limits = [new CostLimit(Latency, Latency.Largest)];
        ArchitectureParameters kept = Begun(limits, usesUp: true);
        ArchitectureParameters plain = Begun(limits, usesUp: true);
        foreach (ArchitectureParameters parameters in (ArchitectureParameters[])[kept, plain])
        {
            parameters.Learn(0, 2, -5);
            parameters.Learn(1, 1, -5);
        }

        IReadOnlyList<(int, int)> pruned = new PathPruning(
            0.1,
            limits,
            new LimitProjection(limits, usesUp: true)
        ).Prune(kept);
        Assert.Equal([(0, 2), (1, 1)], pruned);
        Assert.Equal(pruned, new PathPruning(0.1, limits).Prune(plain));
    }

    [Fact]
    public void Candidates_that_cost_nearly_the_same_are_held_at_a_limit_between_them()
    {
        var cost = new SpaceCost(
            "latency",
            "ms",
            10,
            [
                [1, 1 + 1e-6],
            ]
        );
        CostLimit[] limits = [new CostLimit(cost, 11 + 0.25e-6)];
        var parameters = new ArchitectureParameters([2]);
        parameters.Learn(0, 0, 30);
        new LimitProjection(limits, usesUp: true).Apply(parameters);
        Assert.Equal(0.25, parameters.Probabilities(0)[1], 1e-6);
    }

    [Fact]
    public void A_candidate_that_costs_far_less_than_a_limit_that_is_used_up_can_still_be_derived()
    {
        double[] times = [0.01, 10, 10.001];
        var cost = new SpaceCost("latency", "ms", 0, [times, times, times]);
        CostLimit[] limits = [new CostLimit(cost, cost.Largest - 1e-4)];
        var parameters = new ArchitectureParameters([3, 3, 3]);
        new LimitProjection(limits, usesUp: true).Apply(parameters);
        double[][] p = parameters.Probabilities();
        Assert.Equal(limits[0].Limit, cost.Expectation(p), 1e-6);
        Assert.All(p, block => Assert.All(block, value => Assert.True(value > 0)));
        Assert.Equal([0, 0, 0], ArchitectureDerivation.Derive(p, [new CostLimit(cost, 0.1)], CancellationToken.None));
    }

    [Fact]
    public void Costs_that_may_stay_under_a_limit_stay_there()
    {
        CostLimit[] limits = [new CostLimit(Latency, 7)];
        ArchitectureParameters parameters = Begun(limits, usesUp: false);
        parameters.Learn(1, 0, 3);
        double expected = Latency.Expectation(parameters.Probabilities());
        new LimitProjection(limits, usesUp: false).Apply(parameters);
        Assert.Equal(expected, Latency.Expectation(parameters.Probabilities()), 1e-9);
        Assert.True(expected < 7);
    }

    [Fact]
    public void Pruned_candidates_have_no_part_in_the_expectation()
    {
        CostLimit[] limits = [new CostLimit(Latency, 7)];
        ArchitectureParameters parameters = Begun(limits, usesUp: true);
        parameters.Prune(0, 0);
        new LimitProjection(limits, usesUp: true).Apply(parameters);
        Assert.Equal(7, Latency.Expectation(parameters.Probabilities()), 1e-6);
        Assert.Equal(0, parameters.Probabilities(0)[0]);
    }

    [Fact]
    public void What_costs_account_for_is_kept_apart_from_what_losses_have_taught()
    {
        CostLimit[] limits = [new CostLimit(Latency, 7)];
        ArchitectureParameters parameters = Begun(limits, usesUp: true);
        parameters.Learn(0, 1, 0.7);
        new LimitProjection(limits, usesUp: true).Apply(parameters);
        double[] costs = parameters.CostLogits(0).ToArray();
        double[] taught = [.. parameters.Logits(0).ToArray().Zip(costs, (logit, cost) => logit - cost)];
        Assert.Equal([0, 0.7, 0], taught.Select(value => value - taught[0]), (x, y) => Math.Abs(x - y) < 1e-9);
    }

    [Fact]
    public void A_cost_that_is_no_number_is_refused_instead_of_leaving_the_odds_alone()
    {
        var broken = new SpaceCost(
            "latency",
            "ms",
            1,
            [
                [1, double.NaN, 4],
                [0, 3],
                [2, 2.5, 3, 3.5],
            ]
        );
        var parameters = new ArchitectureParameters(Counts);
        var projection = new LimitProjection([new CostLimit(broken, 7)], usesUp: true);
        string message = Assert.Throws<NotFiniteNumberException>(() => projection.Apply(parameters)).Message;
        Assert.Equal("the expected latency became NaN", message);
    }

    private static double[][] Probabilities(IReadOnlyList<CostLimit> limits, bool usesUp) =>
        Begun(limits, usesUp).Probabilities();

    private static ArchitectureParameters Begun(IReadOnlyList<CostLimit> limits, bool usesUp)
    {
        var parameters = new ArchitectureParameters(Counts);
        new LimitProjection(limits, usesUp).Begin(parameters);
        return parameters;
    }

    private static double[][] Logits(ArchitectureParameters parameters) =>
        [.. Enumerable.Range(0, parameters.Blocks).Select(block => parameters.Logits(block).ToArray())];

    private static SpaceCost RandomCost(Random random) =>
        new(
            "latency",
            "ms",
            random.NextDouble(),
            [
                .. Enumerable
                    .Range(0, 4)
                    .Select(_ => Enumerable.Range(0, random.Next(2, 6)).Select(_ => 3 * random.NextDouble()).ToArray()),
            ]
        );

    private static IEnumerable<int[]> Networks(ArchitectureParameters parameters) =>
        Enumerable
            .Range(0, parameters.Blocks)
            .Aggregate(
                (IEnumerable<int[]>)
                    [
                        [],
                    ],
                (networks, block) =>
                    networks.SelectMany(network => parameters.AliveIn(block).Select(j => (int[])[.. network, j]))
            );

    private static double[] Normalized(double[] weights) => [.. weights.Select(weight => weight / weights.Sum())];

    private static double Entropy(double[][] probabilities) =>
        -probabilities.Sum(block => block.Sum(p => p > 0 ? p * Math.Log(p) : 0));
}
