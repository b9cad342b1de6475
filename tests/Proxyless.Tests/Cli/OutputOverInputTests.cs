using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.Cli;

/// <summary>A file to write that is one of those that are read is refused, and stays as it is.</summary>
public sealed class OutputOverInputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public OutputOverInputTests()
    {
        SearchSpace space = SearchSpacePresets.ByName("tiny");
        ArchitectureFile.Write(PathOf("run/architecture.json"), SmallSpace.Network(0, 1, 2));
        ArchitectureFile.Write(PathOf("network.json"), SmallSpace.Network(0, 1, 2));
        LatencyTableFile.Write(PathOf("small.json"), SmallSpace.Table());
        FixedTable.Write(_folder.Root, [space, SmallSpace.Space], 1000);
        var parts = new TableTarget("fixed", PathOf("fixed.csv"), 1);
        LatencyTableFile.Write(PathOf("table.json"), parts.TableOf(space, 1000, NullRunObserver.Instance));
        File.WriteAllText(PathOf("table.yaml"), "kind: table\nfile: table.json\n");
        File.WriteAllText(PathOf("space.json"), SearchSpaceFile.ToYaml(space));
        File.WriteAllText(PathOf("weights.onnx"), "weights");
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("run/architecture.json", "--arch", "describe --arch DIR/run --net-config DIR/run/architecture.json")]
    [InlineData("network.json", "--arch", "describe --arch DIR/network.json --net-config DIR/run/../network.json")]
    [InlineData("small.json", "--table", "describe --arch DIR/run --table DIR/small.json --net-config DIR/small.json")]
    [InlineData(
        "table.json",
        "the table of --target",
        "describe --arch DIR/run --target DIR/table.yaml --net-config DIR/table.json"
    )]
    [InlineData(
        "table.json",
        "the table of --target",
        "profile --space tiny --target DIR/table.yaml --out DIR/table.json"
    )]
    [InlineData("space.json", "--space", "profile --space DIR/space.json --target DIR/fixed.yaml --out DIR/space.json")]
    [InlineData(
        "weights.onnx",
        "the weights",
        "weights import DIR/weights.onnx --as proxyless-cpu --out DIR/weights.onnx"
    )]
    public void A_file_that_is_read_is_not_written(string file, string what, string command)
    {
        byte[] before = File.ReadAllBytes(PathOf(file));
        CommandLineRun run = CommandLineRun.Of([
            .. command.Replace("DIR", _folder.Root, StringComparison.Ordinal).Split(' '),
        ]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains($"is the file of {what}, which would be lost", run.Error, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(PathOf(file)));
    }

    private string PathOf(string name) => Path.Combine(_folder.Root, name);
}
