using Proxyless.FineTuning;
using Xunit;

namespace Proxyless.Tests.FineTuning;

public sealed class StratifiedPartsTests
{
    [Theory]
    [InlineData(5, 40, 4)]
    [InlineData(3, 31, 2)]
    [InlineData(5, 3, 3)]
    public void Parts_hold_each_image_once_and_a_share_of_each_class(int count, int images, int classes)
    {
        int[] all = [.. Enumerable.Range(0, images)];
        IReadOnlyList<int[]> parts = StratifiedParts.Of(all, image => image % classes, image => image, count, seed: 1);

        Assert.Equal(Math.Min(count, images), parts.Count);
        Assert.Equal(all, parts.SelectMany(part => part).Order());
        for (int label = 0; label < classes; label++)
        {
            int[] counts = [.. parts.Select(part => part.Count(image => image % classes == label))];
            Assert.InRange(counts.Max() - counts.Min(), 0, 1);
        }
    }

    [Fact]
    public void Copies_of_an_image_are_in_one_part()
    {
        // Each image is there two, three or four times.
        int[] contents =
        [
            .. Enumerable.Range(0, 12).SelectMany(content => Enumerable.Repeat(content, 2 + (content % 3))),
        ];
        int[] all = [.. Enumerable.Range(0, contents.Length)];

        IReadOnlyList<int[]> parts = StratifiedParts.Of(all, image => contents[image] % 2, At, 5, seed: 1);

        Assert.Equal(5, parts.Count);
        Assert.Equal(all, parts.SelectMany(part => part).Order());
        Assert.All(parts, part => Assert.NotEmpty(part));
        Assert.All(all.GroupBy(At), copies => Assert.Single(parts, part => part.Intersect(copies).Any()));

        int At(int image) => contents[image];
    }

    [Fact]
    public void There_are_no_more_parts_than_different_images()
    {
        IReadOnlyList<int[]> parts = StratifiedParts.Of([0, 1, 2, 3], _ => 0, image => image / 2, 5, seed: 1);

        Assert.Equal(
            [
                [0, 1],
                [2, 3],
            ],
            parts.OrderBy(part => part[0])
        );
    }
}
