using Proxyless.Architectures;
using Proxyless.Pretrained;
using Xunit;

namespace Proxyless.Tests.Architectures;

public sealed class SpannedSpaceTests
{
    public static TheoryData<string> Networks => [.. PretrainedNetworks.Names];

    [Theory]
    [MemberData(nameof(Networks))]
    public void A_network_is_the_first_choice_of_the_space_that_it_spans(string name)
    {
        Architecture network = PretrainedNetworks.ByName(name).Architecture;
        var space = SpannedSpace.Of(network);
        Architecture first = space.Architecture(new int[space.Depth], network.Classes, name);
        Assert.Equal(network.Stem, first.Stem);
        Assert.Equal(network.Blocks, first.Blocks);
        Assert.Equal(network.Head, first.Head);
        Assert.Equal(network.Padding, first.Padding);
        Assert.Equal(new int[space.Depth], space.ChoiceOf(network));
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void Every_candidate_is_smaller_than_the_block(string name)
    {
        foreach (SearchBlock block in SpannedSpace.Of(PretrainedNetworks.ByName(name).Architecture).Blocks())
        {
            Block whole = block.Candidates[0];
            Assert.Distinct(block.Candidates);
            Assert.All(
                block.Candidates.Skip(1),
                candidate =>
                {
                    Assert.InRange(
                        ArchitectureCost.Of(candidate).MultiplyAdds,
                        0,
                        ArchitectureCost.Of(whole).MultiplyAdds - 1
                    );
                    Assert.Equal(whole.Operation.HasExpansion, candidate.Operation.HasExpansion || IsZero(candidate));
                    Assert.True(whole.HasShortcut || !IsZero(candidate));
                }
            );
        }
    }

    [Theory]
    [InlineData("mb5e6", "mb5e6 mb5e5 mb5e4 mb5e3 mb5e2 mb3e6 mb3e5 mb3e4 mb3e3 mb3e2 zero")]
    [InlineData("mb3e3", "mb3e3 mb3e2 mb3e1x zero")]
    [InlineData("mb3e1", "mb3e1 zero")]
    [InlineData("zero", "zero")]
    public void A_block_may_have_a_smaller_kernel_fewer_channels_or_vanish(string block, string candidates)
    {
        var space = new SearchSpace
        {
            Name = "one",
            Resolution = 8,
            StemWidth = 8,
            StemStride = 1,
            Stages = [new Stage(8, 1, 1, [CandidateOperation.Parse(block)])],
            HeadWidth = 16,
        };
        var spanned = SpannedSpace.Of(space.Architecture([0], 2, "one"));
        Assert.Equal(
            candidates,
            string.Join(' ', spanned.Blocks()[0].Candidates.Select(candidate => candidate.Operation))
        );
    }

    private static bool IsZero(Block block) => block.Operation.Kind == OperationKind.Zero;
}
