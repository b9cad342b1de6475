using System.Xml.Linq;
using Proxyless.Architectures;
using Xunit;

namespace Proxyless.Tests.Architectures;

public sealed class ArchitecturePictureTests
{
    [Fact]
    public void There_is_a_box_for_the_stem_each_block_the_head_and_the_classifier() =>
        Assert.All(
            PublishedArchitectures.Names,
            name =>
            {
                Architecture architecture = PublishedArchitectures.ByName(name);
                List<XElement> boxes = Boxes(architecture);
                Assert.Equal(architecture.Blocks.Count + 3, boxes.Count);
                Assert.Equal(
                    architecture.Blocks.Count(block => block.IsPassThrough),
                    boxes.Count(box => Class(box) == "ghost")
                );
            }
        );

    [Fact]
    public void A_larger_kernel_makes_a_higher_box_and_a_larger_expansion_another_color()
    {
        Architecture architecture = PublishedArchitectures.ByName("proxyless-mobile");
        List<XElement> boxes = [.. Boxes(architecture).Skip(1).Take(architecture.Blocks.Count)];
        foreach ((Block block, XElement box) in architecture.Blocks.Zip(boxes).Where(pair => !pair.First.IsPassThrough))
        {
            Assert.Equal($"e{block.Operation.Expansion}", Class(box));
            Assert.Equal(54 + (13 * block.Operation.Kernel), (double)box.Attribute("height")!);
        }
    }

    [Fact]
    public void No_box_reaches_over_the_edge_or_into_the_next()
    {
        List<XElement> boxes = Boxes(PublishedArchitectures.ByName("mobilenet-v2-1.4"));
        double edge = 0;
        foreach (XElement box in boxes)
        {
            Assert.True((double)box.Attribute("x")! > edge);
            edge = (double)box.Attribute("x")! + (double)box.Attribute("width")!;
        }

        Assert.True(edge < (double)boxes[0].Document!.Root!.Attribute("width")!);
    }

    [Fact]
    public void A_name_cannot_break_the_picture()
    {
        Architecture odd = PublishedArchitectures.ByName("proxyless-cpu") with { Name = "<a & \"b\">" };
        Assert.Equal(
            "<a & \"b\">",
            XDocument.Parse(ArchitecturePicture.Svg(odd)).Descendants().First(e => Class(e) == "name").Value
        );
    }

    private static List<XElement> Boxes(Architecture architecture)
    {
        var picture = XDocument.Parse(ArchitecturePicture.Svg(architecture));
        return
        [
            .. picture
                .Descendants()
                .Where(e => e.Name.LocalName == "rect" && Class(e) != "band" && (double)e.Attribute("height")! > 12),
        ];
    }

    private static string Class(XElement element) => (string?)element.Attribute("class") ?? "";
}
