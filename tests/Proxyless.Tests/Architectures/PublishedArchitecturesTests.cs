using Proxyless.Architectures;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Architectures;

public sealed class PublishedArchitecturesTests
{
    /// <summary>Counts of the authors' own counters; MobileNetV2's as torchvision and timm state them.</summary>
    [Theory]
    [InlineData("mobilenet-v2", 3_504_872, 300_774_272)]
    [InlineData("mobilenet-v2-1.4", 6_108_776, 582_195_824)]
    [InlineData("proxyless-cpu", 4_361_648, 439_243_864)]
    [InlineData("proxyless-gpu", 7_119_848, 465_260_160)]
    [InlineData("proxyless-mobile", 4_080_512, 320_427_584)]
    [InlineData("proxyless-mobile-1.4", 6_857_568, 580_883_408)]
    public void A_network_has_the_published_parameters_and_multiply_adds(
        string name,
        long parameters,
        long multiplyAdds
    ) =>
        Assert.Equal(
            new ArchitectureCost(parameters, multiplyAdds),
            ArchitectureCost.Of(PublishedArchitectures.ByName(name))
        );

    [Fact]
    public void Stages_are_read_with_the_line_breaks_of_any_system()
    {
        const string Stages = "16 1 mb3e1\n24 2 mb3e6 zero";
        string ofWindows = Stages.ReplaceLineEndings("\r\n");
        var stem = new Stem(3, 32, 2, 224);
        Assert.Equal(StageText.Blocks(Stages, stem), StageText.Blocks(ofWindows, stem));
        Assert.Equal([1, 2], StageText.Depths(ofWindows));
    }

    [Theory]
    [InlineData("proxyless_cpu", "proxyless-cpu")]
    [InlineData("proxyless_gpu", "proxyless-gpu")]
    [InlineData("proxyless_mobile", "proxyless-mobile")]
    [InlineData("proxyless_mobile_14", "proxyless-mobile-1.4")]
    public void A_network_is_what_the_authors_published(string file, string name)
    {
        Architecture published = ArchitectureFile.Read(SharedData.Path($"published-networks/{file}.config"));
        Architecture builtIn = PublishedArchitectures.ByName(name);
        Assert.Equal(published.Stem, builtIn.Stem);
        Assert.Equal(published.Blocks, builtIn.Blocks);
        Assert.Equal(published.Head, builtIn.Head);
        Assert.Equal(published.Activation, builtIn.Activation);
    }

    [Theory]
    [InlineData("proxyless_cpu", "proxyless-cpu")]
    [InlineData("proxyless_gpu", "proxyless-gpu")]
    [InlineData("proxyless_mobile", "proxyless-mobile")]
    [InlineData("proxyless_mobile_14", "proxyless-mobile-1.4")]
    public void A_network_is_written_letter_for_letter_as_the_authors_wrote_it(string file, string name) =>
        Assert.Equal(
            File.ReadAllText(SharedData.Path($"published-networks/{file}.config")).TrimEnd(),
            ArchitectureFile.ToNetConfig(PublishedArchitectures.ByName(name))
        );

    [Fact]
    public void Every_network_names_its_paper_and_its_accuracy() =>
        Assert.All(
            PublishedArchitectures.Names,
            name =>
            {
                IReadOnlyDictionary<string, string> metadata = PublishedArchitectures.ByName(name).Metadata;
                Assert.StartsWith("arXiv ", metadata["paper"], StringComparison.Ordinal);
                Assert.InRange(double.Parse(metadata["published_top1"]), 0.7, 0.8);
            }
        );

    [Fact]
    public void An_unknown_name_is_answered_with_those_there_are()
    {
        string message = Assert
            .Throws<InvalidInputException>(() => PublishedArchitectures.ByName("mobilenetv2"))
            .Message;
        Assert.Contains("did you mean 'mobilenet-v2'?", message, StringComparison.Ordinal);
        Assert.Contains("proxyless-mobile-1.4", message, StringComparison.Ordinal);
    }
}
