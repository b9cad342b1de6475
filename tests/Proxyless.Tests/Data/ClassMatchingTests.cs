using Proxyless.Data;
using Xunit;

namespace Proxyless.Tests.Data;

public sealed class ClassMatchingTests
{
    private static readonly ClassMatching ImageNet = new(
        ["tench, Tinca tinca", "crane (n02012849)", "crane (n03126707)", "drake", "great white shark, white shark"],
        ["n01440764", "n02012849", "n03126707", "n01847000", "n01484850"]
    );

    [Theory]
    [InlineData("tench, Tinca tinca", 0)]
    [InlineData("n01440764", 0)]
    [InlineData("tench", 0)]
    [InlineData("Tinca_tinca", 0)]
    [InlineData("TENCH", 0)]
    [InlineData("n03126707", 2)]
    [InlineData("drake", 3)]
    [InlineData("white_shark", 4)]
    [InlineData("shark", -1)]
    [InlineData("crane", -1)]
    [InlineData("", -1)]
    public void A_folder_is_named_by_class_by_synset_or_by_one_of_several_names(string folder, int output) =>
        Assert.Equal(output, ImageNet.OutputOf(folder));

    [Fact]
    public void A_name_of_two_classes_means_neither_unless_it_is_the_whole_name_of_one()
    {
        var matching = new ClassMatching(["cock, rooster", "cock", "hen, rooster"], []);
        Assert.Equal(1, matching.OutputOf("cock"));
        Assert.Equal(-1, matching.OutputOf("rooster"));
        Assert.Equal(2, matching.OutputOf("hen"));
    }
}
