using Proxyless.Runs;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Cli;

/// <summary>Plain mistakes: each is told in a sentence and exits with 2, and none is called a bug.</summary>
public sealed class BadInputCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public BadInputCommandTests()
    {
        _folder.Add("file", [1, 2, 3, 0, 255, 254]);
        _folder.Add("text.yaml", "data: photos\n"u8.ToArray());
        Directory.CreateDirectory(Path.Combine(_folder.Root, "folder"));
        Directory.CreateDirectory(Path.Combine(_folder.Root, "run"));
        Directory.CreateDirectory(Path.Combine(_folder.Root, "split", "test"));
        _folder.Add("emptied/config.yaml", []);
        RunConfigFile.Write(
            new RunDirectory(Path.Combine(_folder.Root, "run")).Config,
            new RunOptions { Data = new() { Path = Path.Combine(_folder.Root, "folder") } }
        );
    }

    public void Dispose() => _folder.Dispose();

    // FILE, FOLDER and RUN stand for paths of these kinds, LONG for one that no file system takes.
    [Theory]
    [InlineData("--data", "run --data=")]
    [InlineData("--out", "run --out=")]
    [InlineData("--space", "run --space=")]
    [InlineData("--target", "search --target=")]
    [InlineData("--latency", "search --latency=")]
    [InlineData("--network", "compare --network=")]
    [InlineData("--model", "predict cat.jpg --model=")]
    [InlineData("--run", "export --run=")]
    [InlineData("--config", "run --config=")]
    [InlineData("--arch", "describe --arch=")]
    [InlineData("--mode", "bench --mode=")]
    [InlineData("'--data' is empty", "run --data EMPTY")]
    [InlineData("'--out' is empty", "run --out EMPTY")]
    [InlineData("'--target' is empty", "search --target EMPTY")]
    [InlineData("'--network' is empty", "compare --network EMPTY")]
    [InlineData("'--config' is empty", "run --config EMPTY")]
    [InlineData("'--layout' is empty", "bench --layout EMPTY")]
    [InlineData("'--mode' is ''", "bench --mode EMPTY")]
    [InlineData("option '--latency' is empty", "run --latency EMPTY")]
    [InlineData("image's name is empty", "predict --model RUN EMPTY")]
    [InlineData("dataset's name is empty", "data get EMPTY")]
    [InlineData("folder", "run --config FOLDER")]
    [InlineData("file", "run --config FILE")]
    [InlineData("a a a", "run --config LONG")]
    [InlineData("file", "run --data FILE")]
    [InlineData("a a a", "run --data LONG")]
    [InlineData("folder", "run --data FOLDER")]
    [InlineData("file", "data list --data FILE")]
    [InlineData("--out", "data sample --out FILE --training 1 --test 1 --resolution 16")]
    [InlineData("--out", "data sample --out FILE/under --training 1 --test 1 --resolution 16")]
    [InlineData("a a a", "data sample --out LONG --training 1 --test 1 --resolution 16")]
    [InlineData("file", "run --space FILE")]
    [InlineData("folder", "run --space FOLDER")]
    [InlineData("file", "profile --space FILE")]
    [InlineData("folder", "profile --space tiny --target FOLDER")]
    [InlineData("file", "profile --space tiny --target FILE")]
    [InlineData("folder", "describe --arch FOLDER")]
    [InlineData("file", "describe --arch FILE")]
    [InlineData("a a a", "describe --arch LONG")]
    [InlineData("folder", "describe --arch proxyless-cpu --table FOLDER")]
    [InlineData("file", "describe --arch proxyless-cpu --table FILE")]
    [InlineData("file", "train --arch FILE --data sample")]
    [InlineData("folder", "train --arch FOLDER --data sample")]
    [InlineData("run", "train --arch RUN")]
    [InlineData("has no architecture.json: its search is not finished", "describe --arch RUN")]
    [InlineData("looks like a split", "data list --data SPLIT")]
    [InlineData("config.yaml: it is empty", "export --run EMPTIED")]
    [InlineData("file", "derive --run FILE")]
    [InlineData("folder", "derive --run FOLDER")]
    [InlineData("run", "derive --run RUN")]
    [InlineData("'--quick' and '--evaluations' exclude", "derive --run RUN --quick --evaluations 200")]
    [InlineData("'--quick' and '--finalists' exclude", "derive --run RUN --quick --finalists 8")]
    [InlineData("--gbit has nothing to do without --ranks", "bench search --gbit 1")]
    [InlineData("--delay-us has nothing to do without --ranks", "bench search --delay-us 30")]
    [InlineData("unknown option '--resolution'", "data list --data FOLDER --resolution 32")]
    [InlineData("file", "export --run FILE")]
    [InlineData("folder", "export --run FOLDER")]
    [InlineData("run", "export --run RUN")]
    [InlineData("file", "bench gradients --run FILE")]
    [InlineData("run", "bench gradients --run RUN")]
    [InlineData("file", "evaluate --model FILE")]
    [InlineData("folder", "evaluate --model FOLDER")]
    [InlineData("model.onnx", "evaluate --model RUN")]
    [InlineData("file", "predict --model FILE cat.jpg")]
    [InlineData("not an ONNX model", "quantize --model FILE --data FOLDER")]
    [InlineData("without images of its own; give a folder of photographs with --data", "quantize --model FILE")]
    [InlineData("is a folder", "quantize --model FILE --data FOLDER --out FOLDER")]
    [InlineData("'--weight-bits' is '4'", "quantize --model FILE --data FOLDER --weight-bits 4")]
    [InlineData("--max-pixels has nothing to do without --data", "quantize --model RUN --max-pixels 1000")]
    [InlineData("min-max, percentile, mean-squared-error", "quantize --model FILE --data FOLDER --ranges widest")]
    [InlineData("folder", "predict --model FOLDER cat.jpg")]
    [InlineData("model.onnx", "predict --model RUN cat.jpg")]
    [InlineData("file", "target add --name board --file FILE")]
    [InlineData("folder", "target add --name board --file FOLDER")]
    [InlineData("text.yaml", "target add --name board --file YAML")]
    [InlineData("'../x'", "target add --name ../x --file YAML")]
    [InlineData("file", "target check --target FILE")]
    [InlineData("cpu:0", "target check --target cpu:0")]
    [InlineData("cpu:9999999999999", "target check --target cpu:9999999999999")]
    [InlineData("cpu:1:9999999999", "target check --target cpu:1:9999999999")]
    [InlineData("--out", "data get cifar10 --out FILE")]
    [InlineData("--out", "data get cifar10 --out FILE/under")]
    [InlineData("--picture", "describe --arch proxyless-cpu --picture FILE/under.svg")]
    [InlineData("--out", "profile --space tiny --out FILE/under.json")]
    [InlineData("its name is too long", "describe --arch proxyless-cpu --picture LONG.svg")]
    [InlineData("random:0", "compare --data sample --network random:0 --out NEW")]
    [InlineData("--out", "compare --data sample --network mobilenet-v2 --out FILE")]
    [InlineData("file", "bench --space FILE")]
    [InlineData("file", "bench data --data FILE")]
    [InlineData("file", "search --out FILE/under --data FILE")]
    [InlineData("@photos", "run --data @photos")]
    [InlineData("cifar", "data get cifar")]
    public void A_mistake_is_told_and_exits_with_2(string said, string command)
    {
        CommandLineRun run = CommandLineRun.Of([.. command.Split(' ').Select(Resolved)]);
        Assert.Contains(said, run.Error.Replace(Long, "a a a", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("bug", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
        Assert.StartsWith("error: ", run.Error.Split('\n').Last(line => line.Length > 0), StringComparison.Ordinal);
        Assert.Equal(2, run.ExitCode);
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData("--picture", "describe --arch proxyless-cpu --picture /proc/x.svg")]
    [InlineData("--out", "export --run RUN --out /proc/x.onnx")]
    [InlineData("--out", "profile --space tiny --out /proc/x.json")]
    [InlineData("--out", "data sample --out /proc/x.d")]
    [InlineData("--out", "data get cifar10 --out /proc/x.d")]
    [InlineData("--out", "data get cifar10 --out /proc/x.d/")]
    [InlineData("--picture", "describe --arch RUN --picture /proc/x.d/")]
    public void A_folder_that_cannot_be_written_is_told_before_the_work(string option, string command)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the folder that nobody can write is Linux's");
        CommandLineRun run = CommandLineRun.Of([.. command.Split(' ').Select(Resolved)]);
        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith($"error: {option} '/proc/x.", run.Error, StringComparison.Ordinal);
        Assert.Contains("no file can be created in '/proc'", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("predict cat.jpg --model")]
    [InlineData("evaluate --model")]
    [InlineData("quantize --data FOLDER --out NEW.onnx --model")]
    [InlineData("describe --arch proxyless-cpu --table")]
    [InlineData("weights import --as proxyless-cpu --out NEW.onnx")]
    public void A_file_that_cannot_be_read_is_bad_input(string command)
    {
        const string Unreadable = "/proc/self/mem";
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the file that nobody can read from its beginning is Linux's");
        CommandLineRun run = CommandLineRun.Of([.. command.Split(' ').Select(Resolved), Unreadable]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(Unreadable, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("bug", run.Error, StringComparison.Ordinal);
    }

    /// <summary>Nobody writes to it: what opens it waits forever.</summary>
    [Theory]
    [InlineData("predict cat.jpg --model PIPE")]
    [InlineData("evaluate --data FOLDER --model PIPE")]
    [InlineData("quantize --data FOLDER --out NEW.onnx --model PIPE")]
    [InlineData("weights import --as proxyless-cpu --out NEW.onnx PIPE")]
    [InlineData("train --arch proxyless-cpu --data FOLDER --weights PIPE")]
    [InlineData("data list --data BATCHES")]
    public async Task A_pipe_in_place_of_a_file_is_refused_and_not_waited_for(string command)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "there are no named pipes elsewhere");
        _folder.AddPipe("pipe");
        _folder.AddPipe(Path.Combine("batches", "data_batch_1.bin"));
        string[] words = [.. command.Split(' ').Select(Resolved)];
        CommandLineRun run = await Task.Run(() => CommandLineRun.Of(words), TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("is empty, or not a regular file", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("latency.json", "profile --space tiny")]
    [InlineData("timm-mnasnet-100-int8.onnx", "quantize --weights timm-mnasnet-100 --data FOLDER")]
    [InlineData("/proc/version-int8.onnx", "quantize --model /proc/version --data FOLDER")]
    public void A_file_that_cannot_be_written_by_its_usual_name_is_told_before_the_work(string file, string command)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the folder that nobody can write is Linux's");
        CommandLineRun run = CommandProcess.Run(
            "/proc",
            new Dictionary<string, string?>(),
            [.. command.Split(' ').Select(Resolved)]
        );
        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith($"error: --out '{file}' cannot be written", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--picture", "describe --arch proxyless-cpu --picture NEW.png", ".svg")]
    [InlineData("--picture", "describe --arch proxyless-cpu --picture NEW", ".svg")]
    [InlineData("--picture", "describe --arch proxyless-cpu --picture FOLDER", ".svg")]
    [InlineData("--net-config", "describe --arch proxyless-cpu --net-config NEW.txt", ".config")]
    [InlineData("--out", "export --run RUN --out NEW.txt", ".onnx")]
    [InlineData("--out", "export --run RUN --out FOLDER", ".onnx")]
    [InlineData("--out", "profile --space tiny --out NEW.csv", ".json")]
    [InlineData("--out", "profile --space tiny --out FOLDER", ".json")]
    public void A_file_whose_name_says_that_it_is_something_else_is_not_written(
        string option,
        string command,
        string extension
    )
    {
        CommandLineRun run = CommandLineRun.Of([.. command.Split(' ').Select(Resolved)]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(option, run.Error, StringComparison.Ordinal);
        Assert.Contains(extension, run.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_folder.Root, "new*"));
    }

    [Theory]
    [InlineData("describe --arch proxyless-cpu --picture NEW.SVG")]
    [InlineData("describe --arch proxyless-cpu --net-config NEW.config")]
    [InlineData("describe --arch proxyless-cpu --net-config NEW.json")]
    public void A_file_whose_name_fits_is_written(string command)
    {
        Assert.Equal(0, CommandLineRun.Of([.. command.Split(' ').Select(Resolved)]).ExitCode);
        Assert.Single(Directory.EnumerateFiles(_folder.Root, "new*"));
    }

    private static string Long { get; } = new('a', 5000);

    private string Resolved(string word) =>
        word.Replace("EMPTY", "", StringComparison.Ordinal)
            .Replace("LONG", Long, StringComparison.Ordinal)
            .Replace("FILE", Path.Combine(_folder.Root, "file"), StringComparison.Ordinal)
            .Replace("YAML", Path.Combine(_folder.Root, "text.yaml"), StringComparison.Ordinal)
            .Replace("FOLDER", Path.Combine(_folder.Root, "folder"), StringComparison.Ordinal)
            .Replace("RUN", Path.Combine(_folder.Root, "run"), StringComparison.Ordinal)
            .Replace("SPLIT", Path.Combine(_folder.Root, "split"), StringComparison.Ordinal)
            .Replace("EMPTIED", Path.Combine(_folder.Root, "emptied"), StringComparison.Ordinal)
            .Replace("NEW", Path.Combine(_folder.Root, "new"), StringComparison.Ordinal)
            .Replace("PIPE", Path.Combine(_folder.Root, "pipe"), StringComparison.Ordinal)
            .Replace("BATCHES", Path.Combine(_folder.Root, "batches"), StringComparison.Ordinal);
}
