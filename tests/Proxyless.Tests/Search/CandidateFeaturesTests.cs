using Proxyless.Architectures;
using Proxyless.Search;
using Xunit;

namespace Proxyless.Tests.Search;

public sealed class CandidateFeaturesTests
{
    private static readonly SearchSpace Space = SearchSpacePresets.ByName("imagenet-mobile");

    [Fact]
    public void What_candidates_have_in_common_is_learned_from_fewer_networks()
    {
        // Effects of kernels and expansions that hold for all of a stage, as they do in spaces of convolutions.
        IReadOnlyList<SearchBlock> blocks = Space.Blocks();
        double ScoreOf(int[] choice) =>
            choice
                .Select(
                    (j, i) =>
                        blocks[i].Candidates[j] is { IsPassThrough: false } block
                            ? (0.3 * block.Operation.Kernel) + (0.2 * block.Operation.Expansion) - (0.1 * (i / 4))
                            : 0
                )
                .Sum();
        var random = new Random(1);
        ScoredNetwork[] networks =
        [
            .. Enumerable
                .Range(0, 240)
                .Select(_ => blocks.Select(block => random.Next(block.Candidates.Count)).ToArray())
                .Select(choice => new ScoredNetwork(choice, ScoreOf(choice))),
        ];
        double ErrorOf(CandidateFeatures features)
        {
            AdditivePredictor predictor = AdditivePredictor.Fit(features, networks[..40]);
            return networks[40..].Average(network => Math.Pow(predictor.Of(network.Choice) - network.Score, 2));
        }

        int[] candidates = [.. blocks.Select(block => block.Candidates.Count)];
        double alike = ErrorOf(CandidateFeatures.Of(Space));
        double apart = ErrorOf(CandidateFeatures.OneForEach(candidates));
        Assert.True(alike < 0.6 * apart, $"{alike} with features, {apart} without");
    }

    [Fact]
    public void Candidates_of_one_block_differ_and_blocks_of_one_stage_share()
    {
        CandidateFeatures features = CandidateFeatures.Of(Space);
        IReadOnlyList<SearchBlock> blocks = Space.Blocks();
        Assert.Equal(blocks.Select(block => block.Candidates.Count), features.Candidates);
        foreach (SearchBlock block in blocks)
        {
            int[][] all = [.. block.Candidates.Select((_, j) => features.Of(block.Index, j).ToArray())];
            Assert.Equal(all.Length, all.Select(one => string.Join(',', one)).Distinct().Count());
            Assert.All(all.SelectMany(one => one), feature => Assert.InRange(feature, 0, features.Count - 1));
        }

        // Blocks 1 and 2 stand in one stage, block 4 in the next.
        Assert.NotEmpty(features.Of(1, 0).Intersect(features.Of(2, 0)));
        Assert.Empty(features.Of(1, 0).Intersect(features.Of(4, 0)));
    }
}
