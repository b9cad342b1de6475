using Proxyless.Architectures;
using Xunit;

namespace Proxyless.Tests.Architectures;

public sealed class SearchSpacePresetsTests
{
    [Fact]
    public void The_published_space_has_21_searched_blocks_of_the_published_widths_and_strides()
    {
        SearchSpace space = SearchSpacePresets.ByName("imagenet-mobile");
        Assert.Equal(21, space.Depth);
        Assert.Equal([24, 40, 80, 96, 192, 320], space.Stages.Select(stage => stage.Width));
        Assert.Equal([4, 4, 4, 4, 4, 1], space.Stages.Select(stage => stage.Depth));
        Assert.Equal([2, 2, 2, 1, 2, 1], space.Stages.Select(stage => stage.Stride));
        Assert.Equal((32, 16, 1280), (space.StemWidth, space.FirstBlockWidth, space.HeadWidth));
        Assert.Equal(7, space.Head(1000).InputResolution);
    }

    [Theory]
    [InlineData("imagenet-cpu", "proxyless-cpu")]
    [InlineData("imagenet-gpu", "proxyless-gpu")]
    public void A_published_network_is_a_member_of_the_space_made_of_its_widths(string name, string network)
    {
        SearchSpace space = SearchSpacePresets.ByName(name);
        var architecture = Proxyless.Architectures.PublishedArchitectures.ByName(network);
        Assert.Equal(space.Stem, architecture.Stem);
        Assert.Equal(space.FirstBlock, architecture.Blocks[0]);
        Assert.Equal(space.Head(1000), architecture.Head);
        Assert.All(space.Blocks(), block => Assert.Contains(architecture.Blocks[block.Index + 1], block.Candidates));
    }

    [Fact]
    public void Zero_is_offered_exactly_where_a_block_keeps_its_shape() =>
        Assert.All(
            SearchSpacePresets.Names.SelectMany(name => SearchSpacePresets.ByName(name).Blocks()),
            block =>
                Assert.Equal(
                    block.Candidates[0].KeepsShape,
                    block.Candidates.Any(candidate => candidate.Operation == CandidateOperation.Zero)
                )
        );

    [Fact]
    public void Networks_of_cifar_are_small_enough_for_two_cores()
    {
        SpaceCost cost = SpaceCost.MultiplyAdds(SearchSpacePresets.ByName("cifar"), 10);
        Assert.InRange(cost.Smallest, 15.8e6, 15.9e6);
        Assert.InRange(cost.OfRandomNetworks(2001, seed: 1)[1000], 49e6, 51e6);
        Assert.InRange(cost.Largest, 77.8e6, 77.9e6);
    }

    [Fact]
    public void An_unknown_name_is_answered_with_those_there_are()
    {
        string message = Assert.Throws<InvalidInputException>(() => SearchSpacePresets.ByName("cifer")).Message;
        Assert.Contains("did you mean 'cifar'?", message, StringComparison.Ordinal);
        Assert.Contains("imagenet-gpu", message, StringComparison.Ordinal);
    }
}
