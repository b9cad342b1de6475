using Proxyless.Data;
using Xunit;

namespace Proxyless.Tests.Data;

public sealed class SampleImagesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void They_follow_the_seed_and_are_all_different()
    {
        using var folder = new TemporaryFolder();
        string[] homes = [.. new[] { "a", "b", "c" }.Select(name => Path.Combine(folder.Root, name))];
        SampleImages.Write(homes[0], 32, 4, 2, cancellationToken: Cancellation);
        SampleImages.Write(homes[1], 32, 4, 2, cancellationToken: Cancellation);
        SampleImages.Write(homes[2], 32, 4, 2, seed: 1, Cancellation);

        string[][] contents =
        [
            .. homes.Select(home =>
                Directory
                    .GetFiles(home, "*.png", SearchOption.AllDirectories)
                    .Order(StringComparer.Ordinal)
                    .Select(file => Convert.ToBase64String(File.ReadAllBytes(file)))
                    .ToArray()
            ),
        ];

        Assert.Equal(8 * 6, contents[0].Length);
        Assert.Equal(contents[0], contents[1]);
        Assert.Empty(contents[0].Intersect(contents[2]));
        Assert.Equal(contents[0].Length, contents[0].Distinct().Count());
    }

    [Fact]
    public void Drawing_can_be_stopped()
    {
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        var exception = Assert.Throws<OperationCanceledException>(() =>
            SampleImages.Write(folder.Root, 32, 1, 1, cancellationToken: stop.Token)
        );
        Assert.Equal(stop.Token, exception.CancellationToken);
        Assert.Empty(Directory.EnumerateFiles(folder.Root, "*.png", SearchOption.AllDirectories));
    }

    [Fact]
    public void Sizes_and_numbers_out_of_range_are_refused()
    {
        Assert.Throws<InvalidInputException>(() =>
            SampleImages.Write("unused", size: 8, cancellationToken: Cancellation)
        );
        Assert.Throws<InvalidInputException>(() =>
            SampleImages.Write("unused", trainingPerClass: 0, cancellationToken: Cancellation)
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void They_are_all_in_their_folder_and_nothing_else_is_left(bool isThere)
    {
        using var folder = new TemporaryFolder();
        string shapes = Path.Combine(folder.Root, "shapes");
        if (isThere)
        {
            Directory.CreateDirectory(shapes);
        }

        SampleImages.WriteNew(shapes, 16, 2, 1, 0, NullRunObserver.Instance, Cancellation);
        Assert.Equal(8 * 3, Directory.GetFiles(shapes, "*.png", SearchOption.AllDirectories).Length);
        Assert.Equal(
            ["test", "train"],
            Directory.GetFileSystemEntries(shapes).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)
        );
        Assert.Equal(shapes, Assert.Single(Directory.GetFileSystemEntries(folder.Root)));
    }

    [Fact]
    public void Pictures_that_were_drawn_long_ago_stay()
    {
        using var folder = new TemporaryFolder();
        string shapes = Path.Combine(folder.Root, "sample-1");
        string picture = folder.Add(Path.Combine("sample-1", "0000.png"), [1]);
        Directory.SetLastWriteTimeUtc(shapes, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(shapes, SampleImages.Cached(shapes, _ => Assert.Fail("they are there")));
        Assert.True(File.Exists(picture));
    }

    [Fact]
    public void What_could_not_be_drawn_is_not_left_in_the_cache()
    {
        using var folder = new TemporaryFolder();
        string shapes = Path.Combine(folder.Root, "sample-1");
        Assert.Throws<IOException>(() =>
            SampleImages.Cached(
                shapes,
                draft =>
                {
                    Directory.CreateDirectory(draft);
                    File.WriteAllText(Path.Combine(draft, "0000.png"), "half a picture");
                    throw new IOException("the disk is full");
                }
            )
        );
        Assert.Empty(Directory.GetFileSystemEntries(folder.Root));
    }

    [Fact]
    public void Drafts_of_processes_that_were_killed_are_removed_and_younger_ones_are_left_to_their_processes()
    {
        using var folder = new TemporaryFolder();
        string shapes = Path.Combine(folder.Root, "sample-1");
        string old = shapes + ".old";
        string young = shapes + ".young";
        Directory.CreateDirectory(old);
        Directory.CreateDirectory(young);
        Directory.SetLastWriteTimeUtc(old, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(shapes, SampleImages.Cached(shapes, draft => Directory.CreateDirectory(draft)));
        Assert.Equal([shapes, young], Directory.GetFileSystemEntries(folder.Root).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_linear_classifier_on_the_pixels_fails_on_them()
    {
        ImageDataset data = ImageDataset.Open(
            new DatasetOptions { Location = SampleImages.Name },
            NullRunObserver.Instance,
            Cancellation
        );
        Transforms transforms = Transforms.ForEvaluation(32, smallImages: true);

        double accuracy = SoftmaxRegression.TrainAndScore(
            data.Training,
            data.Test,
            transforms,
            data.Classes.Count,
            epochs: 40,
            rate: 0.002f
        );

        Assert.True(accuracy < 0.3, $"A linear classifier is right about {accuracy:P0} of the sample images.");
    }

    [Fact]
    public void The_linear_classifier_of_these_tests_does_learn_what_is_linear()
    {
        using var folder = new TemporaryFolder();
        for (int i = 0; i < 60; i++)
        {
            // Noise, whose left or right half of the first rows is black.
            bool left = i % 2 == 0;
            using var bitmap = SkiaSharp.SKBitmap.Decode(TestPictures.Noise(i));
            for (int pixel = 0; pixel < 64; pixel++)
            {
                bitmap.SetPixel(pixel % 8 + (left ? 0 : 8), pixel / 8, SkiaSharp.SKColors.Black);
            }

            using SkiaSharp.SKData png = bitmap.Encode(SkiaSharp.SKEncodedImageFormat.Png, 100);
            folder.Add($"{(left ? "left" : "right")}/{i}.png", png.ToArray());
        }

        ImageDataset data = ImageDataset.Open(
            new DatasetOptions { Location = folder.Root },
            NullRunObserver.Instance,
            Cancellation
        );

        double accuracy = SoftmaxRegression.TrainAndScore(
            data.Training,
            data.Test,
            Transforms.ForEvaluation(16, smallImages: true),
            2,
            epochs: 40,
            rate: 0.002f
        );

        Assert.True(accuracy > 0.9, $"{accuracy:P0}");
    }
}
