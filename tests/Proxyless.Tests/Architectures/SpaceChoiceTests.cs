using CsCheck;
using Proxyless.Architectures;
using Xunit;

namespace Proxyless.Tests.Architectures;

public sealed class SpaceChoiceTests
{
    [Fact]
    public void An_architecture_tells_its_choice_without_its_metadata() =>
        Gen.Select(Gen.Int[0, SearchSpacePresets.Names.Count - 1], Gen.Int[0, 1 << 30])
            .Sample(
                (preset, seed) =>
                {
                    SearchSpace space = SearchSpacePresets.ByName(SearchSpacePresets.Names[preset]);
                    var random = new Random(seed);
                    int[] choice = [.. space.Blocks().Select(block => random.Next(block.Candidates.Count))];
                    Assert.Equal(choice, space.ChoiceOf(space.Architecture(choice, 7, "a")));
                }
            );

    [Theory]
    [InlineData("", "has 6 blocks, the choice has 0")]
    [InlineData("0,0,0,0,0", "has 6 blocks, the choice has 5")]
    [InlineData("0,0,0,0,0,-1", "there is no number -1")]
    [InlineData("0,0,99,0,0,0", "block 3 of the space 'tiny'")]
    public void A_choice_that_is_none_of_the_space_is_refused(string choice, string named)
    {
        SearchSpace space = SearchSpacePresets.ByName("tiny");
        int[] numbers = [.. choice.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
        Assert.Contains(
            named,
            Assert.Throws<ArgumentException>(() => space.Architecture(numbers, 10, "a")).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void What_is_none_of_the_space_has_no_choice()
    {
        SearchSpace space = SearchSpacePresets.ByName("tiny");
        Architecture network = space.Architecture(new int[space.Depth], 10, "a");
        Assert.Null(space.ChoiceOf(network with { Blocks = [.. network.Blocks.Skip(1)] }));
        Assert.Null(space.ChoiceOf(network with { Stem = network.Stem with { Width = 24 } }));
        Assert.Null(space.ChoiceOf(network with { Activation = Activation.Relu }));
        Assert.Null(space.ChoiceOf(network.WithInput(64, 3, 10)));
        Assert.Null(space.ChoiceOf(PublishedArchitectures.ByName("mobilenet-v2")));
        Assert.NotNull(
            SearchSpacePresets.ByName("imagenet-cpu").ChoiceOf(PublishedArchitectures.ByName("proxyless-cpu"))
        );
    }
}
