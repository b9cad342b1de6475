using System.Globalization;
using System.Text.Json.Nodes;
using Proxyless.Tests.Cli;
using Xunit;

namespace Proxyless.Tests.Reliability;

/// <summary>Memory over many steps of a search. The long form: <c>PROXYLESS_SOAK_STEPS=5000</c>.</summary>
public sealed class SoakTests
{
    private const string Variable = "PROXYLESS_SOAK_STEPS";

    // The memory is first read after a tenth of them.
    private const int DefaultSteps = 1500;

    // Otherwise methods are compiled again in the background, which takes up to 5 MB of 230; on a machine that is busy
    // that is not over at the first reading.
    private static readonly Dictionary<string, string?> CompiledOnce = new() { ["DOTNET_TieredCompilation"] = "0" };

    [Fact]
    public void Resident_memory_stands_still_within_two_percent_while_a_search_repeats_its_paths()
    {
        int steps = int.Parse(
            Environment.GetEnvironmentVariable(Variable) ?? DefaultSteps.ToString(CultureInfo.InvariantCulture),
            CultureInfo.InvariantCulture
        );

        // In a process of its own: the memory of other tests is none of its.
        CommandLineRun run = CommandProcess.Run(
            Path.GetTempPath(),
            CompiledOnce,
            "bench",
            "soak",
            "--steps",
            steps.ToString(CultureInfo.InvariantCulture),
            "--cycle",
            "10",
            "--threads",
            "1",
            "--json"
        );
        Assert.True(run.ExitCode == 0, run.Error);
        JsonNode result = JsonNode.Parse(run.Output)!;
        TestContext.Current.TestOutputHelper!.WriteLine(run.Output);
        Assert.Equal(steps, (int)result["steps"]!);
        Assert.InRange((double)result["growth"]!, -0.5, 0.02);
        Assert.InRange((double)result["last_managed_mb"]! - (double)result["first_managed_mb"]!, -10, 1);
    }
}
