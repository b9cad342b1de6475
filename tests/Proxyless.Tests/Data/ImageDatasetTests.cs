using CsCheck;
using Proxyless.Data;
using SkiaSharp;
using Xunit;

namespace Proxyless.Tests.Data;

public sealed class ImageDatasetTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void A_folder_of_classes_is_divided_into_disjoint_sets_that_hold_every_class()
    {
        using TemporaryFolder folder = FolderOf(("cat", 20), ("dog", 40), ("emu", 3));

        ImageDataset data = Open(folder.Root);

        Assert.Equal(["cat", "dog", "emu"], data.Classes);
        Assert.Equal([3, 6, 1], data.Test.ClassCounts());
        Assert.Equal([2, 3, 1], data.Architecture.ClassCounts());
        Assert.Equal([15, 31, 1], data.Weights.ClassCounts());
        string[] all = [.. Names(data.Test), .. Names(data.Architecture), .. Names(data.Weights)];
        Assert.Equal(63, all.Distinct().Count());
        Assert.Equal(63, all.Length);
        Assert.Same(data.Weights, data.Training);
        Assert.Same(data.Architecture, data.Validation);
    }

    [Fact]
    public void Splits_follow_the_seed()
    {
        using TemporaryFolder folder = FolderOf(("cat", 30), ("dog", 30));

        ImageDataset first = Open(folder.Root);
        ImageDataset again = Open(folder.Root, options => options with { Threads = 1 });
        ImageDataset other = Open(folder.Root, options => options with { Seed = 1 });

        Assert.Equal(Names(first.Test), Names(again.Test));
        Assert.Equal(Names(first.Architecture), Names(again.Architecture));
        Assert.Equal(first.Fingerprint, again.Fingerprint);
        Assert.NotEqual(Names(first.Test), Names(other.Test));
        Assert.NotEqual(first.Fingerprint, other.Fingerprint);
    }

    [Fact]
    public void Shares_are_kept_in_every_class_whatever_its_size()
    {
        var cases = Gen.Select(Gen.Int[1, 60].Array[2, 6], Gen.Double[0.05, 0.5], Gen.Int[0, 1000]);
        cases.Sample(
            (sizes, share, seed) =>
            {
                int[] labels = [.. sizes.SelectMany((size, label) => Enumerable.Repeat(label, size))];
                var random = new SplitMix64(seed);
                (int[] kept, int[] heldOut) = StratifiedSplit.Divide(
                    [.. Enumerable.Range(0, labels.Length)],
                    i => labels[i],
                    i => i,
                    share,
                    3,
                    ref random
                );
                Assert.Equal(Enumerable.Range(0, labels.Length), kept.Concat(heldOut).Order());
                for (int label = 0; label < sizes.Length; label++)
                {
                    int taken = heldOut.Count(i => labels[i] == label);
                    Assert.InRange(taken, sizes[label] >= 3 ? 1 : 0, Math.Max(1, sizes[label] - 1));
                    Assert.True(taken < sizes[label]);
                    Assert.True(Math.Abs(taken - share * sizes[label]) <= 1);
                }
            }
        );
    }

    [Fact]
    public void Many_copies_of_one_image_are_not_most_of_what_is_held_out()
    {
        // Six copies, and four other images.
        int[] images = [.. Enumerable.Range(0, 10)];
        for (int seed = 0; seed < 20; seed++)
        {
            var random = new SplitMix64(seed);
            (int[] kept, int[] heldOut) = StratifiedSplit.Divide(
                images,
                _ => 0,
                i => Math.Max(i, 5),
                0.2,
                3,
                ref random
            );
            Assert.Equal(2, heldOut.Length);
            Assert.All(heldOut, i => Assert.InRange(i, 6, 9));
            Assert.Equal(images, kept.Concat(heldOut).Order());
        }
    }

    /// <summary>Where the time grew with the square of a class, this took a quarter of an hour.</summary>
    [Fact]
    public void A_class_of_many_images_is_divided_as_one_of_few()
    {
        int[] images = [.. Enumerable.Range(0, 400_000)];
        var random = new SplitMix64(1);
        (int[] kept, int[] heldOut) = StratifiedSplit.Divide(images, _ => 0, i => i, 0.1, 3, ref random);
        Assert.Equal(40_000, heldOut.Length);
        Assert.Equal(images, kept.Concat(heldOut).Order());
    }

    [Fact]
    public void The_users_own_splits_are_kept()
    {
        using var folder = new TemporaryFolder();
        Fill(folder, "train/cat", 10, 0);
        Fill(folder, "train/dog", 10, 100);
        Fill(folder, "val/cat", 2, 200);
        Fill(folder, "val/dog", 3, 300);
        Fill(folder, "test/cat", 4, 400);
        Fill(folder, "test/dog", 5, 500);

        ImageDataset data = Open(folder.Root);

        Assert.Equal([2, 3], data.Validation.ClassCounts());
        Assert.Equal([4, 5], data.Test.ClassCounts());
        Assert.Equal([1, 1], data.Architecture.ClassCounts());
        Assert.Equal([9, 9], data.Weights.ClassCounts());
        Assert.Equal([10, 10], data.Training.ClassCounts());
        Assert.All(Names(data.Architecture), name => Assert.Contains("train", name, StringComparison.Ordinal));
        Assert.Equal(Names(data.Weights).Concat(Names(data.Architecture)).Order(), Names(data.Training).Order());
    }

    [Fact]
    public void Two_images_of_a_class_are_enough_beside_a_test_folder()
    {
        using var folder = new TemporaryFolder();
        Fill(folder, "train/cat", 2, 0);
        Fill(folder, "train/dog", 2, 100);
        Fill(folder, "test/cat", 1, 400);
        Fill(folder, "test/dog", 1, 500);

        ImageDataset data = Open(folder.Root);

        Assert.Equal([1, 1], data.Weights.ClassCounts());
        Assert.Equal([1, 1], data.Validation.ClassCounts());
        Assert.Equal([1, 1], data.Test.ClassCounts());
    }

    [Fact]
    public void One_image_of_a_class_beside_a_test_folder_is_too_few()
    {
        using var folder = new TemporaryFolder();
        Fill(folder, "train/cat", 1, 0);
        Fill(folder, "train/dog", 1, 100);
        Fill(folder, "test/cat", 1, 400);
        Fill(folder, "test/dog", 1, 500);

        var error = Assert.Throws<InvalidInputException>(() => Open(folder.Root));

        Assert.EndsWith("to hold some out; 2 are the least.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_image_in_two_splits_of_the_user_is_reported()
    {
        using var folder = new TemporaryFolder();
        Fill(folder, "train/cat", 10, 0);
        Fill(folder, "train/dog", 10, 100);
        Fill(folder, "test/cat", 3, 400);
        Fill(folder, "test/dog", 3, 500);
        folder.Add("test/cat/copy.png", TestPictures.Noise(4));

        ImageDataset data = Open(folder.Root);

        string warning = Assert.Single(
            data.Warnings,
            text => text.Contains("more than one split", StringComparison.Ordinal)
        );
        Assert.Contains("too good: 1.", warning, StringComparison.Ordinal);
        Assert.Contains("copy.png", warning, StringComparison.Ordinal);
        Assert.Contains("0004.png", warning, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_counts_as_the_image_it_leads_to()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights there");
        using var folder = new TemporaryFolder();
        byte[] image = TestPictures.Noise(1);
        folder.Add("pool/a.png", image);
        folder.Add("pool/a copy of it.png", image);
        for (int i = 0; i < 20; i++)
        {
            folder.Add($"images/cat/{i}.png", TestPictures.Noise(100 + i));
            folder.Add($"images/dog/{i}.png", TestPictures.Noise(200 + i));
        }

        File.CreateSymbolicLink(
            Path.Combine(folder.Root, "images", "cat", "x.png"),
            Path.Combine(folder.Root, "pool", "a.png")
        );
        File.CreateSymbolicLink(
            Path.Combine(folder.Root, "images", "dog", "y.png"),
            Path.Combine("..", "..", "pool", "a copy of it.png")
        );
        string images = Path.Combine(folder.Root, "images");
        ImageDataset dataset = Open(images);
        Assert.Contains(
            dataset.Warnings,
            warning =>
                warning.Contains("x.png", StringComparison.Ordinal)
                && warning.Contains("y.png", StringComparison.Ordinal)
        );

        // Another image behind a link makes it another set of images.
        folder.Add("pool/a.png", [.. image, 0]);
        Assert.NotEqual(dataset.Fingerprint, Open(images).Fingerprint);
    }

    [Fact]
    public void Classes_with_the_same_folders_within_are_said_to_look_like_splits()
    {
        using var folder = new TemporaryFolder();
        foreach (string name in (string[])["seg_train", "seg_test"])
        {
            for (int i = 0; i < 10; i++)
            {
                folder.Add($"{name}/forest/{i}.png", TestPictures.Noise((10 * name.Length) + i));
                folder.Add($"{name}/sea/{i}.png", TestPictures.Noise((1000 * name.Length) + i));
            }
        }

        Assert.Contains(
            Open(folder.Root).Warnings,
            warning => warning.Contains("if they are splits", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Copies_of_an_image_stay_in_one_split_when_we_divide()
    {
        using var folder = new TemporaryFolder();
        foreach (string name in new[] { "cat", "dog" })
        {
            for (int i = 0; i < 40; i++)
            {
                folder.Add($"{name}/{i:0000}.png", TestPictures.Noise((name == "cat" ? 0 : 100) + i / 2));
            }
        }

        ImageDataset data = Open(folder.Root);

        foreach (ImageSet set in new[] { data.Test, data.Architecture, data.Weights })
        {
            int[] numbers = [.. Names(set).Select(name => int.Parse(Path.GetFileNameWithoutExtension(name)) / 2)];
            Assert.True(numbers.Length > 0 && numbers.GroupBy(number => number).All(group => group.Count() % 2 == 0));
        }
    }

    [Fact]
    public void The_same_image_in_two_classes_is_reported()
    {
        using TemporaryFolder folder = FolderOf(("cat", 10), ("dog", 10));
        folder.Add("dog/not-a-dog.png", File.ReadAllBytes(Path.Combine(folder.Root, "cat", "0003.png")));

        Assert.Contains(
            Open(folder.Root).Warnings,
            text =>
                text.Contains("more than one class", StringComparison.Ordinal)
                && text.Contains("not-a-dog.png", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Unreadable_images_are_named_and_skipped_or_refused_when_strict()
    {
        using TemporaryFolder folder = FolderOf(("cat", 10), ("dog", 10));
        byte[] whole = TestPictures.Noise(7, 64, 64, SKEncodedImageFormat.Jpeg);
        folder.Add("cat/short.jpg", whole[..(whole.Length / 2)]);
        folder.Add("dog/text.png", "no picture"u8.ToArray());
        folder.Add("dog/empty.png", []);
        var observer = new RecordingObserver();

        ImageDataset data = Open(folder.Root, observer: observer);

        string warning = Assert.Single(data.Warnings, text => text.Contains("Unreadable", StringComparison.Ordinal));
        Assert.Contains("skipped: 3.", warning, StringComparison.Ordinal);
        Assert.All(
            ["short.jpg", "text.png", "empty.png"],
            name => Assert.Contains(name, warning, StringComparison.Ordinal)
        );
        Assert.Equal(20, data.Test.Count + data.Architecture.Count + data.Weights.Count);
        Assert.Equal(data.Warnings, observer.Warnings);
        var strict = Assert.Throws<InvalidInputException>(() =>
            Open(folder.Root, options => options with { Strict = true })
        );
        Assert.Contains("short.jpg", strict.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Strictly_all_images_are_decoded_first_however_many_there_are_and_of_a_run_that_has_begun_they_were()
    {
        using var folder = new TemporaryFolder();
        byte[] image = TestPictures.Waves(64, 48);
        for (int i = 0; i <= ImageInspection.DecodedFiles; i++)
        {
            // Bytes after its end make a file another one and leave its picture as it is.
            folder.Add($"{(i % 2 == 0 ? "cat" : "dog")}/{i}.jpg", [.. image, .. BitConverter.GetBytes(i)]);
        }

        folder.Add("cat/short.jpg", image[..(image.Length / 2)]);
        var observer = new RecordingObserver();
        ImageDataset lenient = Open(folder.Root);
        Assert.DoesNotContain(lenient.Warnings, text => text.Contains("short.jpg", StringComparison.Ordinal));
        var strict = Assert.Throws<InvalidInputException>(() =>
            Open(folder.Root, options => options with { Strict = true }, observer)
        );
        Assert.Contains("short.jpg", strict.Message, StringComparison.Ordinal);
        Assert.Contains("5,002 images are decoded first", Assert.Single(observer.Messages), StringComparison.Ordinal);
        Assert.Equal(
            lenient.Fingerprint,
            Open(folder.Root, options => options with { Strict = true, HasBegun = true }).Fingerprint
        );
    }

    [Fact]
    public void Images_of_another_size_than_the_sample_that_decides_are_told()
    {
        // Every second of 512 files is in the sample.
        using TemporaryFolder folder = FolderOf(("cat", 256), ("dog", 256));
        string[] cats = [.. Directory.EnumerateFiles(Path.Combine(folder.Root, "cat")).Order(StringComparer.Ordinal)];
        int side = Open(folder.Root).NativeResolution;
        Assert.DoesNotContain(
            Open(folder.Root).Warnings,
            warning => warning.Contains("another size", StringComparison.Ordinal)
        );
        File.WriteAllBytes(cats[1], TestPictures.Noise(7000, side + 8, side));
        ImageDataset data = Open(folder.Root);
        Assert.Equal(side, data.NativeResolution);
        string warning = Assert.Single(
            data.Warnings,
            warning => warning.Contains("another size", StringComparison.Ordinal)
        );
        Assert.Contains(cats[1], warning, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_and_hidden_files_are_passed_over_and_folders_within_a_class_belong_to_it()
    {
        using TemporaryFolder folder = FolderOf(("cat", 5), ("dog", 5));
        folder.Add("cat/notes.txt", [1]);
        folder.Add("cat/.DS_Store", [1]);
        folder.Add("cat/.thumbnails/a.png", [1]);
        folder.Add(".cache/a.png", [1]);
        folder.Add("dog/summer/2020.PNG", TestPictures.Noise(999));

        ImageDataset data = Open(folder.Root);

        Assert.Equal(["cat", "dog"], data.Classes);
        Assert.Equal(11, data.Test.Count + data.Architecture.Count + data.Weights.Count);
        Assert.Contains(data.Warnings, text => text.Contains("GIF: 1.", StringComparison.Ordinal));
    }

    [Fact]
    public void Uneven_and_small_sets_are_told_before_hours_are_spent()
    {
        using TemporaryFolder folder = FolderOf(("cat", 40), ("dog", 10));

        ImageDataset data = Open(folder.Root);

        Assert.Contains(
            data.Warnings,
            text =>
                text.Contains("uneven", StringComparison.Ordinal) && text.Contains("'cat'", StringComparison.Ordinal)
        );
        Assert.Contains(
            data.Warnings,
            text => text.Contains("too small to train from scratch", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_class_that_has_too_few_images_to_be_tested_is_told()
    {
        using TemporaryFolder folder = FolderOf(("cat", 2), ("dog", 3));
        bool IsTold(string warning) => warning.Contains("Classes without a test image", StringComparison.Ordinal);

        string warning = Assert.Single(Open(folder.Root).Warnings, IsTold);
        Assert.Contains("about them: cat; 3 different images", warning, StringComparison.Ordinal);

        Fill(folder, "cat", 3, 50);
        Assert.DoesNotContain(Open(folder.Root).Warnings, IsTold);
    }

    [Fact]
    public void Balanced_weights_give_every_class_the_same_say_and_a_mean_of_1_over_the_images()
    {
        using TemporaryFolder folder = FolderOf(("cat", 40), ("dog", 10), ("emu", 5));
        ImageSet set = Open(folder.Root).Weights;

        double[] weights = set.BalancedClassWeights();

        double[] shares = [.. set.ClassCounts().Zip(weights, (count, weight) => count * weight)];
        Assert.All(shares, share => Assert.Equal(shares[0], share, 1e-9));
        Assert.Equal(set.Count, shares.Sum(), 1e-9);
    }

    [Fact]
    public void Small_squares_have_a_native_resolution_and_photographs_have_none()
    {
        using TemporaryFolder small = FolderOf(("cat", 5), ("dog", 5));
        using TemporaryFolder mixed = FolderOf(("cat", 5), ("dog", 5));
        mixed.Add("dog/wide.png", TestPictures.Noise(1000, 40, 20));

        Assert.Equal(16, Open(small.Root).NativeResolution);
        Assert.Equal(0, Open(mixed.Root).NativeResolution);
    }

    [Fact]
    public void The_built_in_images_are_real_files_in_a_cache()
    {
        ImageDataset data = Open(SampleImages.Name);

        Assert.Equal(SampleImages.Name, data.Name);
        Assert.Equal(SampleImages.Classes, data.Classes);
        Assert.Equal(32, data.NativeResolution);
        Assert.Equal(2000, data.Weights.Count + data.Architecture.Count);
        Assert.True(File.Exists(data.Test.Name(0)));
        Assert.Empty(data.Warnings);
    }

    [Fact]
    public void The_photographs_open_without_a_loss_and_with_both_warnings()
    {
        string photographs = SharedData.Path("photographs");

        ImageDataset data = Open(photographs);

        Assert.Equal(0, data.NativeResolution);
        Assert.Equal(125, data.Test.Count + data.Architecture.Count + data.Weights.Count);
        Assert.Contains(data.Warnings, text => text.Contains("uneven", StringComparison.Ordinal));
        Assert.Contains(data.Warnings, text => text.Contains("too small", StringComparison.Ordinal));
    }

    private static ImageDataset Open(
        string location,
        Func<DatasetOptions, DatasetOptions>? change = null,
        IRunObserver? observer = null
    )
    {
        var options = new DatasetOptions { Location = location };
        return ImageDataset.Open(change?.Invoke(options) ?? options, observer ?? NullRunObserver.Instance, Token);
    }

    private static IEnumerable<string> Names(ImageSet set) => Enumerable.Range(0, set.Count).Select(set.Name);

    private static TemporaryFolder FolderOf(params (string Name, int Count)[] classes)
    {
        var folder = new TemporaryFolder();
        for (int label = 0; label < classes.Length; label++)
        {
            Fill(folder, classes[label].Name, classes[label].Count, 100 * label);
        }

        return folder;
    }

    private static void Fill(TemporaryFolder folder, string path, int count, int firstSeed)
    {
        for (int i = 0; i < count; i++)
        {
            folder.Add($"{path}/{i:0000}.png", TestPictures.Noise(firstSeed + i));
        }
    }
}
