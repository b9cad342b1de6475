using Proxyless.Architectures;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Cli;

public sealed class ProfileCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Written => Path.Combine(_folder.Root, "latency.json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_search_that_is_suggested_is_one_that_is_accepted()
    {
        // Two blocks have this candidate, so that most networks take no time.
        CommandLineRun run = Profile(key => key == "mb3e6 16x8x8 16 s1" ? 5 : 0);
        Assert.True(run.ExitCode == 0, run.Error);
        string words = string.Join(' ', run.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("search --space tiny --resolution 16 --target", words, StringComparison.Ordinal);
        Assert.Contains("--latency 2 --data", words, StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_by_which_networks_take_no_time_is_refused_as_by_search()
    {
        CommandLineRun run = Profile(_ => 0);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("take 0 to 0 ms; times are over 0", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Written));
    }

    private CommandLineRun Profile(Func<string, int> milliseconds)
    {
        string table = Path.Combine(_folder.Root, "table.csv");
        File.WriteAllLines(
            table,
            SpaceParts
                .Keys(SearchSpacePresets.ByName("tiny").WithInput(16, 3), classes: 10)
                .Select(key => $"{key},{milliseconds(key)}")
                .Prepend("part,milliseconds")
        );
        return CommandLineRun.Of(
            "profile",
            "--space",
            "tiny",
            "--resolution",
            "16",
            "--classes",
            "10",
            "--target",
            table,
            "--out",
            Written
        );
    }
}
