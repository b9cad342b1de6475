using System.Text.Json;
using System.Xml.Linq;
using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Runner;
using Xunit;

namespace Proxyless.Tests.Cli;

public sealed class DescribeCommandTests
{
    [Fact]
    public void Json_is_one_object_and_nothing_else()
    {
        CommandLineRun run = CommandLineRun.Of("describe", "--arch", "proxyless-mobile", "--json");
        Assert.Equal(0, run.ExitCode);
        JsonElement result = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal("proxyless-mobile", result.GetProperty("name").GetString());
        Assert.Equal(4_080_512, result.GetProperty("parameters").GetInt64());
        Assert.Equal(320_427_584, result.GetProperty("multiply_adds").GetInt64());
        Assert.Equal(JsonValueKind.Null, result.GetProperty("latency_ms").ValueKind);
        Assert.Equal(22, result.GetProperty("blocks").GetArrayLength());
    }

    [Fact]
    [Trait(TestCategory.Name, TestCategory.Measuring)]
    public void What_a_measurement_says_goes_to_standard_error_and_leaves_json_pure()
    {
        CommandLineRun run = CommandLineRun.Of(
            "describe",
            "--arch",
            "proxyless-cpu",
            "--resolution",
            "32",
            "--classes",
            "10",
            "--target",
            "cpu",
            "--json"
        );
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("measuring proxyless-cpu", run.Error, StringComparison.Ordinal);
        Assert.True(JsonDocument.Parse(run.Output).RootElement.GetProperty("latency_ms").GetDouble() > 0);
    }

    [Fact]
    public void The_summary_has_a_row_for_each_block_and_the_totals()
    {
        CommandLineRun run = CommandLineRun.Of("describe", "--arch", "proxyless-gpu", "--classes", "10");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(8, run.Output.Split('\n').Count(line => line.Contains("vanished", StringComparison.Ordinal)));
        Assert.Contains("10x1x1", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', run.Output);
    }

    [Fact]
    public void Names_and_metadata_of_a_file_are_told_without_what_a_terminal_would_obey()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Root, "network.json");
        string picture = Path.Combine(folder.Root, "network.svg");
        ArchitectureFile.Write(
            file,
            SmallSpace.Network(0, 1, 2) with
            {
                Name = "net\u001b]0;title\u0007",
                Metadata = new Dictionary<string, string> { ["a\u001bkey"] = "a\u001b[31mvalue\nand a line" },
            }
        );
        CommandLineRun run = CommandLineRun.Of("describe", "--arch", file, "--picture", picture);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.DoesNotContain(run.Output, letter => char.IsControl(letter) && letter is not ('\n' or '\r'));
        Assert.Contains(@"net\u001B]0;title\u0007", run.Output, StringComparison.Ordinal);
        Assert.Contains(@"a\u001Bkey", run.Output, StringComparison.Ordinal);
        Assert.Contains(@"a\u001B[31mvalue\u000Aand a line", run.Output, StringComparison.Ordinal);
        Assert.Contains(@"net\u001B]0;title\u0007", XDocument.Load(picture).Root!.Value, StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_beside_a_target_that_is_a_table_is_refused()
    {
        using var folder = new TemporaryFolder();
        string table = Path.Combine(folder.Root, "latency.json");
        LatencyTableFile.Write(table, SmallSpace.Table());
        CommandLineRun run = CommandLineRun.Of(
            "describe",
            "--arch",
            "mobilenet-v2",
            "--table",
            table,
            "--target",
            folder.Add("other.csv", "part,milliseconds\nstem 3x224x224 32 s2,1\n"u8.ToArray())
        );
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("'--table' and '--target' exclude each other", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_picture_is_written()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Root, "network.svg");
        Assert.Equal(0, CommandLineRun.Of("describe", "--arch", "mobilenet-v2", "--picture", path).ExitCode);
        Assert.Equal("svg", XDocument.Load(path).Root!.Name.LocalName);
    }
}
