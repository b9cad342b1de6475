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
    public void A_missing_folder_is_bad_input() =>
        Assert.Equal(2, CommandLineRun.Of("data", "list", "--data", "no-such-folder").ExitCode);
}
