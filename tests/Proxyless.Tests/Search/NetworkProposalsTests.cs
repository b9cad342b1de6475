using CsCheck;
using Proxyless.Architectures;
using Proxyless.Search;
using Xunit;

namespace Proxyless.Tests.Search;

public sealed class NetworkProposalsTests
{
    private static readonly Gen<Space> Spaces = Gen.Int[0, 100_000].Select(seed => Space.Random(seed));

    [Fact]
    public void No_proposal_is_over_a_limit_or_known_or_of_what_is_not_there() =>
        Spaces.Sample(
            space =>
            {
                int[][] within = [.. space.Within()];
                HashSet<int[]> known = new(within.Where((_, i) => i % 2 == 0), ChoiceComparer.Instance);
                Random random = new(1);
                NetworkProposals proposals = new(space.IsThere, space.Limits, known, random);
                for (int i = 0; i < 5 && within.Length > 0; i++)
                {
                    (int[] first, int[] second) = (within[i % within.Length], within[(7 * i) % within.Length]);
                    int[]?[] all =
                    [
                        proposals.Best(space.Values(random)),
                        proposals.Draw(),
                        proposals.Mutate(first),
                        proposals.Cross(first, second),
                    ];
                    Assert.All(
                        all.OfType<int[]>(),
                        choice =>
                        {
                            Assert.Contains(choice, within, ChoiceComparer.Instance);
                            Assert.DoesNotContain(choice, known, ChoiceComparer.Instance);
                        }
                    );
                }
            },
            iter: 60
        );

    [Fact]
    public void The_best_ones_come_in_order_until_all_are_known() =>
        Spaces.Sample(
            space =>
            {
                double[][] values = space.Values(new Random(2));
                double Sum(int[] choice) => choice.Select((j, i) => values[i][j]).Sum();
                HashSet<int[]> known = new(ChoiceComparer.Instance);
                NetworkProposals proposals = new(space.IsThere, space.Limits, known, new Random(3));
                foreach (double expected in space.Within().Select(Sum).OrderDescending().Take(12))
                {
                    int[] best = Assert.IsType<int[]>(proposals.Best(values));
                    Assert.Equal(expected, Sum(best), 1e-9);
                    Assert.True(known.Add(best));
                }

                Assert.Equal(space.Within().Count() <= 12, proposals.Best(values) is null);
            },
            iter: 40
        );

    [Fact]
    public void In_a_space_of_many_blocks_the_best_ones_are_found_behind_many_that_are_known()
    {
        // A network's effects are those of the binary number that it is, which counts as a loss.
        const int Blocks = 25;
        double[][] effects = [.. Enumerable.Range(0, Blocks).Select(i => new[] { 0, -Math.Pow(2, i), 1e9 })];
        bool[][] isThere = [.. effects.Select(_ => new[] { true, true, false })];
        HashSet<int[]> known = new(ChoiceComparer.Instance);
        NetworkProposals proposals = new(isThere, [], known, new Random(9));
        for (int number = 0; number < 20; number++)
        {
            int[] expected = [.. Enumerable.Range(0, Blocks).Select(i => (number >> i) & 1)];
            Assert.Equal(expected, proposals.Best(effects));
            known.Add(expected);
        }
    }

    [Fact]
    public void Blocks_with_one_candidate_do_not_keep_the_next_best_from_being_found()
    {
        // Of 25 blocks four have three candidates: all 81 networks are found, one after another.
        double[][] effects = [.. Enumerable.Range(0, 25).Select(i => new[] { 0, -Math.Pow(2, i), -Math.Pow(3, i) })];
        bool[][] isThere = [.. effects.Select((_, i) => new[] { true, i < 4, i < 4 })];
        HashSet<int[]> known = new(ChoiceComparer.Instance);
        NetworkProposals proposals = new(isThere, [], known, new Random(10));
        for (int number = 0; number < 81; number++)
        {
            Assert.True(known.Add(Assert.IsType<int[]>(proposals.Best(effects))));
        }

        Assert.Null(proposals.Best(effects));
    }

    [Fact]
    public void Draws_find_every_network_of_a_small_space() =>
        Spaces.Sample(
            space =>
            {
                HashSet<int[]> known = new(ChoiceComparer.Instance);
                NetworkProposals proposals = new(space.IsThere, space.Limits, known, new Random(4));
                while (proposals.Draw() is { } choice)
                {
                    Assert.True(known.Add(choice));
                }

                Assert.Equal(space.Within().Count(), known.Count);
            },
            iter: 15
        );

    [Theory]
    [InlineData(0.02)]
    [InlineData(0.3)]
    [InlineData(0.9)]
    public void Draws_use_most_of_the_limit_and_differ(double share)
    {
        PlantedSpace space = new(seed: 1, blocks: 12, candidates: 10, interaction: 0, noise: 0);
        CostLimit limit = space.LimitAt(share);
        HashSet<int[]> known = new(ChoiceComparer.Instance);
        NetworkProposals proposals = new(space.IsThere, [limit], known, new Random(5));
        for (int i = 0; i < 50; i++)
        {
            int[] choice = Assert.IsType<int[]>(proposals.Draw());
            Assert.InRange(limit.Cost.Of(choice), 0.8 * limit.Limit, limit.LimitOfSums);
            Assert.True(known.Add(choice));
        }

        Assert.InRange(known.Average(limit.Cost.Of), 0.9 * limit.Limit, limit.Limit);
    }

    [Fact]
    public void Draws_at_a_limit_just_under_the_most_expensive_network_show_candidates_of_every_cost()
    {
        PlantedSpace space = new(seed: 1, blocks: 12, candidates: 10, interaction: 0, noise: 0);
        CostLimit limit = new(space.Cost, 0.98 * space.Cost.Largest);
        HashSet<int[]> known = new(ChoiceComparer.Instance);
        NetworkProposals proposals = new(space.IsThere, [limit], known, new Random(5));
        for (int i = 0; i < 16; i++)
        {
            Assert.True(known.Add(Assert.IsType<int[]>(proposals.Draw())));
        }

        // Of the 60 candidates of the cheaper halves of their blocks.
        bool IsCheap(int block, int candidate) =>
            space.Cost.Candidates[block].Count(cost => cost < space.Cost.Candidates[block][candidate]) < 5;
        int cheap = known
            .SelectMany(choice => choice.Select((j, i) => (Block: i, Candidate: j)))
            .Distinct()
            .Count(one => IsCheap(one.Block, one.Candidate));
        Assert.True(cheap > 10, $"{cheap} cheap candidates are drawn");

        // The others are as near to the limit as before.
        Assert.True(known.Count(choice => limit.Cost.Of(choice) > 0.9 * limit.Limit) >= 8);
    }

    [Fact]
    public void Draws_at_a_tight_limit_are_those_of_odds_that_use_it_up()
    {
        PlantedSpace space = new(seed: 1, blocks: 12, candidates: 10, interaction: 0, noise: 0);
        CostLimit limit = space.LimitAt(0.1);
        Assert.Equal(
            LimitProjection.OddsAt(space.IsThere, [limit]).Probabilities(),
            LimitProjection.OddsAt(space.IsThere, [limit], usesUp: false).Probabilities()
        );
    }

    [Fact]
    public void Where_hardly_a_draw_is_within_the_limit_the_derivation_finds_one()
    {
        // One network in 4^12 is within the limit, at odds that do not make it likely.
        SpaceCost cost = new(
            "latency",
            "ms",
            0,
            [.. Enumerable.Range(0, 12).Select(_ => (double[])[1, 1 + 1e-9, 1 + 1e-9, 1 + 1e-9])]
        );
        bool[][] isThere = [.. cost.Candidates.Select(block => block.Select(_ => true).ToArray())];
        NetworkProposals proposals = new(
            isThere,
            [new CostLimit(cost, 12 + 0.5e-9), new CostLimit(cost, 1e6)],
            new HashSet<int[]>(ChoiceComparer.Instance),
            new Random(6)
        );
        Assert.Equal(new int[12], proposals.Draw());
    }

    [Fact]
    public void A_mutant_differs_in_one_block_or_a_few_and_a_child_takes_every_block_from_a_parent()
    {
        bool[][] isThere = [.. Enumerable.Range(0, 10).Select(_ => new[] { true, true, false, true })];
        NetworkProposals proposals = new(
            isThere,
            [],
            new HashSet<int[]>(ChoiceComparer.Instance) { new int[10] },
            new Random(7)
        );
        int[] first = new int[10];
        int[] second = [.. Enumerable.Repeat(3, 10)];
        int[] changed =
        [
            .. Enumerable.Range(0, 400).Select(_ => proposals.Mutate(first)!.Count(candidate => candidate != 0)),
        ];
        Assert.All(changed, count => Assert.InRange(count, 1, 7));

        // Binomial with mean 1, without 0: 1 / (1 - 0.9^10) = 1.54.
        Assert.Equal(1.54, changed.Average(), 0.15);
        int[] fromSecond = [.. Enumerable.Range(0, 400).Select(_ => proposals.Cross(first, second)!.Sum() / 3)];
        Assert.Equal(5, fromSecond.Average(), 0.3);
    }

    [Fact]
    public void Parents_without_a_new_child_give_none()
    {
        bool[][] isThere =
        [
            [true],
            [true, false],
        ];
        NetworkProposals proposals = new(
            isThere,
            [],
            new HashSet<int[]>(ChoiceComparer.Instance) { new int[] { 0, 0 } },
            new Random(8)
        );
        Assert.Null(proposals.Mutate([0, 0]));
        Assert.Null(proposals.Cross([0, 0], [0, 0]));
        Assert.Null(proposals.Draw());
        Assert.Null(
            proposals.Best([
                [1],
                [1, 2],
            ])
        );
    }

    private sealed record Space(bool[][] IsThere, CostLimit[] Limits)
    {
        /// <summary>Two to four blocks of one to three candidates, one or two limits from tight to wide.</summary>
        public static Space Random(int seed)
        {
            var random = new Random(seed);
            int[] counts = [.. Enumerable.Range(0, random.Next(2, 5)).Select(_ => random.Next(1, 4))];
            bool[][] isThere =
            [
                .. counts.Select(count =>
                {
                    int kept = random.Next(count);
                    return Enumerable.Range(0, count).Select(j => j == kept || random.Next(4) > 0).ToArray();
                }),
            ];
            CostLimit[] limits =
            [
                .. Enumerable
                    .Range(0, random.Next(1, 3))
                    .Select(c =>
                    {
                        SpaceCost cost = new(
                            c == 0 ? "latency" : "parameters",
                            "",
                            1,
                            [
                                .. counts.Select(count =>
                                    Enumerable.Range(0, count).Select(_ => (double)random.Next(1, 9)).ToArray()
                                ),
                            ]
                        );
                        double share = random.NextDouble() * 1.1;
                        return new CostLimit(cost, cost.Smallest + (share * (cost.Largest - cost.Smallest)));
                    }),
            ];
            return new Space(isThere, limits);
        }

        public double[][] Values(Random random) =>
            [.. IsThere.Select(block => block.Select(_ => random.NextDouble() - 0.5).ToArray())];

        public IEnumerable<int[]> Within() =>
            IsThere
                .Aggregate(
                    (IEnumerable<int[]>)
                        [
                            [],
                        ],
                    (choices, block) =>
                        choices.SelectMany(choice =>
                            Enumerable.Range(0, block.Length).Where(j => block[j]).Select(j => (int[])[.. choice, j])
                        )
                )
                .Where(choice => Limits.All(limit => limit.Cost.Of(choice) <= limit.Limit));
    }
}
