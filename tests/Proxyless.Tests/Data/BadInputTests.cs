using System.Runtime.Versioning;
using Proxyless.Data;
using Xunit;

namespace Proxyless.Tests.Data;

public sealed class BadInputTests
{
    [Fact]
    public void A_missing_folder_is_named()
    {
        string missing = Path.Combine(Path.GetTempPath(), "proxyless-no-such-folder");

        Assert.Contains(missing, Refusal(missing), StringComparison.Ordinal);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void A_folder_that_may_not_be_listed_is_named()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess, "every folder may be listed");
        using var folder = new TemporaryFolder();
        string closed = Directory.CreateDirectory(Path.Combine(folder.Root, "closed")).FullName;
        File.SetUnixFileMode(closed, UnixFileMode.None);
        try
        {
            Assert.Contains($"{closed} cannot be listed", Refusal(closed), StringComparison.Ordinal);
        }
        finally
        {
            File.SetUnixFileMode(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public void A_file_in_place_of_a_folder_is_named()
    {
        using var folder = new TemporaryFolder();

        Assert.Contains("is a file", Refusal(folder.Add("a.png", TestPictures.Noise(1))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_classes_says_how_it_should_look()
    {
        using var folder = new TemporaryFolder();
        folder.Add("a.png", TestPictures.Noise(1));

        string message = Refusal(folder.Root);

        Assert.Contains(folder.Root, message, StringComparison.Ordinal);
        Assert.Contains("folder of its own", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_single_class_is_named()
    {
        using var folder = new TemporaryFolder();
        folder.Add("cat/a.png", TestPictures.Noise(1));

        Assert.Contains("one class, 'cat'", Refusal(folder.Root), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Training", "Testing")]
    [InlineData("val", "test")]
    [InlineData("Train", "cats")]
    public void Splits_under_other_names_are_not_taken_for_classes(string first, string second)
    {
        using var folder = new TemporaryFolder();
        foreach (string split in (string[])[first, second])
        {
            folder.Add($"{split}/cat/a.png", TestPictures.Noise(1));
            folder.Add($"{split}/dog/b.png", TestPictures.Noise(2));
        }

        string message = Refusal(folder.Root);
        Assert.Contains("looks like a split", message, StringComparison.Ordinal);
        Assert.Contains("train, val and test", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_class_that_is_called_like_a_split_needs_another_name()
    {
        using var folder = new TemporaryFolder();
        foreach ((int seed, string name) in ((string[])["car", "plane", "train"]).Index())
        {
            folder.Add($"{name}/a.png", TestPictures.Noise(seed));
        }

        string message = Refusal(folder.Root);
        Assert.Contains(Path.Combine(folder.Root, "train"), message, StringComparison.Ordinal);
        Assert.Contains("a class of that name needs another", message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_class_is_named()
    {
        using var folder = new TemporaryFolder();
        folder.Add("cat/a.png", TestPictures.Noise(1));
        folder.Add("dog/readme.txt", [1]);

        Assert.Contains(Path.Combine(folder.Root, "dog"), Refusal(folder.Root), StringComparison.Ordinal);
    }

    [Fact]
    public void A_class_of_which_nothing_can_be_read_is_named()
    {
        using var folder = new TemporaryFolder();
        folder.Add("cat/a.png", TestPictures.Noise(1));
        folder.Add("dog/b.png", [1, 2, 3]);

        Assert.Contains("'dog'", Refusal(folder.Root), StringComparison.Ordinal);
    }

    [Fact]
    public void Too_few_images_to_hold_any_out_are_refused()
    {
        using var folder = new TemporaryFolder();
        folder.Add("cat/a.png", TestPictures.Noise(1));
        folder.Add("dog/b.png", TestPictures.Noise(2));

        Assert.Contains("hold some out", Refusal(folder.Root), StringComparison.Ordinal);
    }

    [Fact]
    public void A_test_class_without_training_images_is_named()
    {
        using var folder = new TemporaryFolder();
        folder.Add("train/cat/a.png", TestPictures.Noise(1));
        folder.Add("train/dog/a.png", TestPictures.Noise(2));
        folder.Add("test/emu/a.png", TestPictures.Noise(3));

        Assert.Contains("emu", Refusal(folder.Root), StringComparison.Ordinal);
    }

    [Fact]
    public void Options_out_of_range_are_named()
    {
        var options = new DatasetOptions { Location = "sample" };

        Assert.Contains("ValidationShare", RefusalOf(options with { ValidationShare = 0 }), StringComparison.Ordinal);
        Assert.Contains(
            "ValidationShare",
            RefusalOf(options with { ValidationShare = double.NaN }),
            StringComparison.Ordinal
        );
        Assert.Contains("TestShare", RefusalOf(options with { TestShare = 0.6 }), StringComparison.Ordinal);
        Assert.Contains("Threads", RefusalOf(options with { Threads = 0 }), StringComparison.Ordinal);
        Assert.Contains("Channels", RefusalOf(options with { Channels = 4 }), StringComparison.Ordinal);
        Assert.Contains("Location", RefusalOf(options with { Location = " " }), StringComparison.Ordinal);
    }

    private static string RefusalOf(DatasetOptions options) =>
        Assert.Throws<InvalidInputException>(options.Validate).Message;

    private static string Refusal(string location) =>
        Assert
            .Throws<InvalidInputException>(() =>
                ImageDataset.Open(
                    new DatasetOptions { Location = location },
                    NullRunObserver.Instance,
                    TestContext.Current.CancellationToken
                )
            )
            .Message;
}
