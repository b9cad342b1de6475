using Proxyless.Data;
using Xunit;

namespace Proxyless.Tests.Data;

public sealed class ImageSetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Copies_of_an_image_are_known_in_every_set()
    {
        for (int i = 0; i < 12; i++)
        {
            _folder.Add(Path.Combine("images", "one", $"{i}.png"), TestPictures.Noise(i / 3, 16, 16));
            _folder.Add(Path.Combine("images", "two", $"{i}.png"), TestPictures.Noise(100 + i, 16, 16));
        }

        ImageDataset images = Open();

        foreach (ImageSet set in (ImageSet[])[images.All, images.AllTraining, images.All.Subset([0, 1, 2, 3, 4, 20])])
        {
            ILookup<int, int> byContent = Enumerable.Range(0, set.Count).ToLookup(set.Content);
            Assert.Equal(Enumerable.Range(0, set.Count).Select(i => Bytes(set, i)).Distinct().Count(), byContent.Count);
            Assert.All(byContent, copies => Assert.Single(copies.Select(i => Bytes(set, i)).Distinct()));
        }
    }

    [Fact]
    public void Images_that_are_spread_over_classes_have_one_of_the_rarest()
    {
        for (int i = 0; i < 60; i++)
        {
            string name = i < 3 ? "rare" : "common";
            _folder.Add(Path.Combine("images", name, $"{i}.png"), TestPictures.Noise(i, 16, 16));
        }

        ImageSet all = Open().All;

        int[] some = all.SpreadOverClasses(10);
        Assert.Equal(some.Order(), some);
        Assert.Equal([1, 9], some.GroupBy(all.Label).Select(ofClass => ofClass.Count()).Order());
        Assert.Equal(Enumerable.Range(0, 60), all.SpreadOverClasses(60));
    }

    private static string Bytes(ImageSet set, int i) => Convert.ToHexString(File.ReadAllBytes(set.Name(i)));

    private ImageDataset Open() =>
        ImageDataset.Open(
            new DatasetOptions { Location = Path.Combine(_folder.Root, "images") },
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );
}
