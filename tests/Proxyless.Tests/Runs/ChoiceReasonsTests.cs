using Proxyless.Architectures;
using Proxyless.Reports;
using Proxyless.Runs;
using Xunit;

namespace Proxyless.Tests.Runs;

public sealed class ChoiceReasonsTests
{
    private static readonly SearchSpace Space = SearchSpacePresets.ByName("tiny");
    private static readonly IReadOnlyList<SearchBlock> Blocks = Space.Blocks();

    // Candidate j of a block takes j ms.
    private static readonly SpaceCost Latency = new(
        SpaceCost.LatencyQuantity,
        "ms",
        1,
        [.. Blocks.Select(block => block.Candidates.Select((_, j) => (double)j).ToArray())]
    );

    [Fact]
    public void The_next_best_is_the_candidate_whose_networks_score_next_best()
    {
        // In the first block, candidate 2 is worth ten points more than others, candidate 1 five.
        SharedScore[] scores =
        [
            .. Scores(
                300,
                choice =>
                    0.5
                    + (
                        choice[0] == 2 ? 0.1
                        : choice[0] == 1 ? 0.05
                        : 0
                    )
            ),
        ];
        int[] chosen = [.. Blocks.Select(_ => 0)];
        chosen[0] = 2;
        BlockReasons reasons = ChoiceReasons.Of(scores, Space, Latency, chosen)!;
        BlockReason first = reasons.Blocks[0];
        Assert.Equal(ChoiceReasons.FirstBlockOf(Space), first.Block);
        Assert.Equal(Blocks[0].Candidates[2].Operation.ToString(), first.Chosen);
        Assert.Equal(Blocks[0].Candidates[1].Operation.ToString(), first.Next);
        Assert.Equal(-0.05, first.Top1Change, 0.01);
        Assert.Equal(-1, first.LatencyChangeMs, 1e-9);
        Assert.All(reasons.Blocks.Skip(1), block => Assert.Equal(0, block.Top1Change, 0.01));
        Assert.Equal(300, reasons.Networks);
        Assert.InRange(reasons.Deviation, 0, 0.01);
    }

    [Fact]
    public void A_candidate_that_computes_nothing_like_the_chosen_one_is_not_the_next_best()
    {
        // Candidates 3 and 4 of the first block compute nothing; a decision scores the first of them alone.
        SharedScore[] scores =
        [
            .. Scores(300, choice => choice[0] == 3 ? 0.6 : 0.5).Where(score => score.Choice[0] != 4),
        ];
        int[] chosen = [.. Blocks.Select(_ => 0)];
        foreach (int nothing in (int[])[3, 4])
        {
            chosen[0] = nothing;
            BlockReason first = ChoiceReasons.Of(scores, Space, Latency, chosen)!.Blocks[0];
            Assert.Equal(Blocks[0].Candidates[nothing].Operation.ToString(), first.Chosen);
            Assert.Contains(first.Next, Blocks[0].Candidates.Take(3).Select(block => block.Operation.ToString()));
            Assert.Equal(-0.1, first.Top1Change, 0.01);
        }

        chosen[0] = 0;
        Assert.Equal("identity", ChoiceReasons.Of(scores, Space, Latency, chosen)!.Blocks[0].Next);
    }

    [Fact]
    public void Few_networks_and_damaged_lines_give_no_reason()
    {
        int[] chosen = [.. Blocks.Select(_ => 0)];
        Assert.Null(ChoiceReasons.Of([.. Scores(19, _ => 0.5)], Space, Latency, chosen));
        SharedScore[] damaged =
        [
            .. Enumerable
                .Range(0, 40)
                .Select(i => new SharedScore(i % 2 == 0 ? [99] : [.. chosen.Select(_ => -1)], 1, 0.5)),
        ];
        Assert.Null(ChoiceReasons.Of(damaged, Space, Latency, chosen));
    }

    private static IEnumerable<SharedScore> Scores(int count, Func<int[], double> top1)
    {
        var random = new Random(4);
        for (int i = 0; i < count; i++)
        {
            int[] choice = [.. Blocks.Select(block => random.Next(block.Candidates.Count))];
            yield return new SharedScore(choice, 1, top1(choice));
        }
    }
}
