using System.Text.Json;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.Bench;

[Collection(nameof(WholeRuns))]
public sealed class ExchangeBenchTests
{
    [Fact]
    public void Its_json_is_one_object_with_a_row_for_each_kind_of_step()
    {
        CommandLineRun run = CommandLineRun.Of(
            "bench",
            "exchange",
            "--space",
            "tiny",
            "--resolution",
            "16",
            "--batch",
            "2",
            "--steps",
            "6",
            "--json"
        );
        Assert.True(run.ExitCode == 0, run.Error);
        using var json = JsonDocument.Parse(run.Output);
        JsonElement[] rows = [.. json.RootElement.GetProperty("rows").EnumerateArray()];
        Assert.Equal(3, rows.Select(row => row.GetProperty("step").GetString()).Distinct().Count());
        Assert.All(rows, row => Assert.True(row.GetProperty("alone_ms").GetDouble() > 0));
    }
}
