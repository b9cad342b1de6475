using System.Runtime.Versioning;
using System.Text.Json;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Cli;

public sealed class DataCommandTests
{
    [Fact]
    public void What_sample_writes_list_reads()
    {
        using var folder = new TemporaryFolder();
        string images = Path.Combine(folder.Root, "shapes");
        Assert.Equal(
            0,
            CommandLineRun
                .Of("data", "sample", "--out", images, "--resolution", "16", "--training", "10", "--test", "3")
                .ExitCode
        );
        CommandLineRun run = CommandLineRun.Of("data", "list", "--data", images, "--json");
        Assert.Equal(0, run.ExitCode);
        JsonElement result = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(16, result.GetProperty("resolution").GetInt32());
        Assert.Equal(24, result.GetProperty("test").GetInt32());
        Assert.Equal(8, result.GetProperty("classes").GetArrayLength());
    }

    [Fact]
    public void Sample_leaves_a_folder_with_something_in_it_alone()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Root, "mine.txt"), "");
        CommandLineRun run = CommandLineRun.Of("data", "sample", "--out", folder.Root);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("is not empty", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Sample_says_how_far_it_is()
    {
        using var folder = new TemporaryFolder();
        string images = Path.Combine(folder.Root, "shapes");
        string[] words = ["data", "sample", "--out", images, "--resolution", "16", "--training", "3", "--test", "1"];
        CommandLineRun run = CommandLineRun.Of(words);
        Assert.Contains("sample 32/32", run.Error, StringComparison.Ordinal);
        Directory.Delete(images, recursive: true);
        Assert.Empty(CommandLineRun.Of([.. words, "--quiet"]).Error);
    }

    /// <summary>As where a file system is mounted; nothing answers at the address of the proxy.</summary>
    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void Get_into_a_folder_that_is_there_writes_nothing_beside_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess, "every folder may be written");
        using var folder = new TemporaryFolder();
        string closed = Path.Combine(folder.Root, "closed");
        string images = Directory.CreateDirectory(Path.Combine(closed, "images")).FullName;
        var environment = new Dictionary<string, string?>
        {
            ["HTTPS_PROXY"] = "http://127.0.0.1:1",
            ["https_proxy"] = "http://127.0.0.1:1",
            ["NO_PROXY"] = null,
            ["no_proxy"] = null,
        };
        File.SetUnixFileMode(closed, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        try
        {
            CommandLineRun Get(string to) =>
                CommandProcess.Run(folder.Root, environment, "data", "get", "cifar10", "--out", to);
            CommandLineRun run = Get(images);
            Assert.Contains("cannot be downloaded", run.Error, StringComparison.Ordinal);
            Assert.Equal(1, run.ExitCode);
            Assert.Empty(Directory.EnumerateFileSystemEntries(images));
            Assert.Equal(2, Get(Path.Combine(closed, "others")).ExitCode);
        }
        finally
        {
            File.SetUnixFileMode(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public void Warnings_in_json_are_in_words_of_the_command_line()
    {
        using var folder = new TemporaryFolder();
        for (int i = 0; i < 10; i++)
        {
            folder.Add($"cat/{i}.png", TestPictures.Noise(i));
            folder.Add($"dog/{i}.png", TestPictures.Noise(100 + i));
        }

        folder.Add("cat/large.png", TestPictures.Noise(500, 50, 41));
        CommandLineRun run = CommandLineRun.Of("data", "list", "--data", folder.Root, "--max-pixels", "2000", "--json");
        string?[] warnings =
        [
            .. JsonDocument
                .Parse(run.Output)
                .RootElement.GetProperty("warnings")
                .EnumerateArray()
                .Select(warning => warning.GetString()),
        ];
        Assert.Contains(warnings, warning => warning!.Contains("--max-pixels 2050", StringComparison.Ordinal));
        Assert.DoesNotContain(warnings, warning => warning!.Contains("Options.", StringComparison.Ordinal));
    }

    [Fact]
    public void Images_of_one_size_that_are_no_squares_are_not_said_to_differ()
    {
        using var folder = new TemporaryFolder();
        for (int i = 0; i < 10; i++)
        {
            folder.Add($"cat/{i}.png", TestPictures.Noise(i, 40, 30));
            folder.Add($"dog/{i}.png", TestPictures.Noise(100 + i, 40, 30));
        }

        CommandLineRun run = CommandLineRun.Of("data", "list", "--data", folder.Root);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("no small squares of one size", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("differs", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_is_called_like_the_built_in_images_is_told()
    {
        using var folder = new TemporaryFolder();
        CommandLineRun Listed() =>
            CommandProcess.Run(folder.Root, new Dictionary<string, string?>(), "data", "list", "--data", "sample");
        string told = $"the folder of that name here is {Path.Combine(".", "sample")}";
        Assert.DoesNotContain(told, Listed().Error, StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(folder.Root, "sample"));
        Assert.Contains(told, Listed().Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_folder_is_bad_input() =>
        Assert.Equal(2, CommandLineRun.Of("data", "list", "--data", "no-such-folder").ExitCode);
}
