using Proxyless.Inference;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Cli;

/// <summary>Files that are far too large for what they are given as are refused by name, without being read.</summary>
public sealed class LargeFileTests : IDisposable
{
    private const long Bytes = 3L << 30;

    private readonly TemporaryFolder _folder = new();

    public LargeFileTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "files without content take their whole size there");
        foreach (string name in (string[])["large.yaml", "large.json", "large.csv", "large.onnx"])
        {
            using FileStream file = File.Create(Path.Combine(_folder.Root, name));
            file.SetLength(Bytes);
        }

        foreach (string name in (string[])["json", "onnx"])
        {
            File.CreateSymbolicLink(
                Path.Combine(_folder.Root, $"linked.{name}"),
                Path.Combine(_folder.Root, $"large.{name}")
            );
        }

        File.WriteAllText(Path.Combine(_folder.Root, "table.yaml"), "kind: table\nfile: large.csv\n");
        Directory.CreateDirectory(Path.Combine(_folder.Root, "images"));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("large.yaml is larger than 64 MB", "run --config DIR/large.yaml")]
    [InlineData("large.yaml is larger than 64 MB", "profile --space DIR/large.yaml --out DIR/new.json")]
    [InlineData("large.yaml is larger than 64 MB", "target check --target DIR/large.yaml")]
    [InlineData("large.csv is larger than 64 MB", "target check --target DIR/table.yaml")]
    [InlineData("large.json is larger than 64 MB", "describe --arch DIR/large.json")]
    [InlineData("large.json is larger than 64 MB", "describe --arch proxyless-cpu --table DIR/large.json")]
    [InlineData("linked.json is larger than 64 MB", "describe --arch proxyless-cpu --table DIR/linked.json")]
    [InlineData("large.onnx' has 3.2 GB", "predict --model DIR/large.onnx cat.jpg")]
    [InlineData("linked.onnx' has 3.2 GB", "predict --model DIR/linked.onnx cat.jpg")]
    [InlineData("large.onnx' has 3.2 GB", "evaluate --model DIR/large.onnx --data DIR/images")]
    [InlineData("large.onnx' has 3.2 GB", "quantize --model DIR/large.onnx --data DIR/images")]
    public void A_file_that_is_far_too_large_is_refused_by_its_name(string said, string command)
    {
        CommandLineRun run = CommandLineRun.Of([
            .. command.Replace("DIR", _folder.Root, StringComparison.Ordinal).Split(' '),
        ]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("large.onnx")]
    [InlineData("linked.onnx")]
    public void A_model_that_is_too_large_is_none(string name)
    {
        string file = Path.Combine(_folder.Root, name);
        Assert.Contains(
            file,
            Assert.Throws<InvalidDataException>(() => OnnxClassifier.Load(file)).Message,
            StringComparison.Ordinal
        );
    }
}
