using System.CommandLine;
using System.Text.Json;
using Proxyless.Cli.Options;
using Proxyless.Locking;
using Proxyless.Runs;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.Cli;

/// <summary><c>--precision</c> of the commands that make and judge models.</summary>
[Collection(nameof(WholeRuns))]
public sealed class PrecisionTests(FinishedRun run) : IClassFixture<FinishedRun>
{
    [Fact]
    public void Integers_are_exported_and_evaluated_beside_floats()
    {
        string folder = run.Result.Run;
        CommandLineRun refused = CommandLineRun.Of(
            "evaluate",
            "--model",
            folder,
            "--precision",
            "int8",
            "--target",
            "cpu"
        );
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("has no integer model", refused.Error, StringComparison.Ordinal);
        Assert.Contains("proxyless quantize", refused.Error, StringComparison.Ordinal);

        JsonElement exported = Json("export", "--run", folder, "--precision", "int8");
        Assert.Equal(new RunDirectory(folder).IntegerModel, exported.GetProperty("model").GetString());
        JsonElement integers = Json("evaluate", "--model", folder, "--precision", "int8", "--target", "cpu");
        Assert.Equal(exported.GetProperty("top1").GetDouble(), integers.GetProperty("top1").GetDouble());
        Assert.Equal(
            exported.GetProperty("agreement").GetDouble(),
            integers.GetProperty("model_agreement").GetDouble()
        );
        JsonElement beside = Json(
            "evaluate",
            "--model",
            folder,
            "--precision",
            "int8",
            "--target",
            "cpu",
            "--against-network"
        );
        Assert.Equal(
            exported.GetProperty("agreement").GetDouble(),
            beside.GetProperty("network_agreement").GetDouble()
        );
        JsonElement floats = Json("evaluate", "--model", folder, "--precision", "float");
        Assert.Equal(run.Result.Top1, floats.GetProperty("top1").GetDouble());
        Assert.Equal(JsonValueKind.Null, floats.GetProperty("model_agreement").ValueKind);
    }

    /// <summary>As in a folder that another job works in, or that may not be written.</summary>
    [Fact]
    public void Integers_that_are_exported_elsewhere_leave_the_run_as_it_is()
    {
        string folder = run.Result.Run;
        string file = run.PathOf("elsewhere.onnx");
        using var held = RunLock.Acquire(folder);
        (string Path, DateTime Written)[] before = FilesOf(folder);
        JsonElement exported = Json("export", "--run", folder, "--precision", "int8", "--out", file);
        Assert.Equal(before, FilesOf(folder));
        Assert.Equal(file, exported.GetProperty("model").GetString());
        Assert.Equal(new FileInfo(file).Length, exported.GetProperty("bytes").GetInt64());
        Assert.Equal(run.Directory.Model, exported.GetProperty("float_model").GetString());
    }

    [Fact]
    public void A_training_writes_integers_where_they_are_asked_for()
    {
        string folder = run.PathOf("trained");
        JsonElement trained = Json(
            "train",
            "--arch",
            run.Directory.Architecture,
            "--data",
            run.Options.Data.Path,
            "--train-epochs",
            "1",
            "--batch-size",
            "16",
            "--out",
            folder,
            "--precision",
            "int8"
        );
        Assert.Equal(new RunDirectory(folder).IntegerModel, trained.GetProperty("model").GetString());
        Assert.Equal(
            new FileInfo(new RunDirectory(folder).IntegerModel).Length,
            trained.GetProperty("integers").GetProperty("bytes").GetInt64()
        );
        Assert.True(File.Exists(new RunDirectory(folder).Model));
    }

    [Fact]
    public void The_limits_of_a_run_become_those_of_integers()
    {
        var option = new PrecisionOption("");
        var command = new Command("run") { option.Option };
        var options = new RunOptions
        {
            Target = new()
            {
                Name = "cpu",
                LatencyMs = 3,
                AlsoFor = "cpu=5,board+int8=7",
            },
        };
        Assert.Equal(options, option.Apply(command.Parse([]), options));
        Assert.Throws<InvalidInputException>(() => option.Apply(command.Parse(["--precision", "float"]), options));
        Assert.Throws<InvalidInputException>(() => option.Unapply(command.Parse(["--precision", "int8"]), options));
        TargetOptions integers = option.Apply(command.Parse(["--precision", "int8"]), options).Target;
        Assert.Equal("cpu+int8", integers.Name);
        Assert.Equal("cpu+int8=5,board+int8=7", integers.AlsoFor);
        RunOptions begun = options with { Target = integers };
        Assert.Equal("cpu=5,board=7", option.Unapply(command.Parse(["--precision", "int8"]), begun).Target.AlsoFor);
        Assert.Equal(begun, option.Unapply(command.Parse([]), begun));
        RunOptions floats = options with { Target = new() { Name = "cpu" } };
        Assert.Equal(floats, option.Apply(command.Parse(["--precision", "float"]), floats));
    }

    /// <summary>What stops it, without images and networks, comes after the options.</summary>
    [Theory]
    [InlineData("run", "cpu+int8", "are not in")]
    [InlineData("run", "cpu", "cannot change --precision")]
    [InlineData("compare", "cpu+int8", "holds no comparison")]
    [InlineData("compare", "cpu", "cannot change --precision")]
    public void What_was_begun_for_integers_is_resumed_with_the_same_word(string command, string target, string said)
    {
        string folder = Directory.CreateDirectory(run.PathOf($"{command}-{target}")).FullName;
        RunConfigFile.Write(
            new RunDirectory(folder).Config,
            new RunOptions
            {
                Data = new() { Path = run.PathOf("no-images") },
                Target = new() { Name = target },
                Out = folder,
            }
        );
        CommandLineRun resumed = CommandLineRun.Of(command, "--out", folder, "--resume", "--precision", "int8");
        Assert.Equal(2, resumed.ExitCode);
        Assert.Contains(said, resumed.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("chooses between the models of a run", "evaluate", "--model", "{model}")]
    [InlineData("is the file of the run's model of floats", "export", "--run", "{run}", "--out", "{model}")]
    public void What_makes_no_sense_is_refused(string expected, params string[] arguments)
    {
        CommandLineRun refused = CommandLineRun.Of([
            .. arguments.Select(argument =>
                argument
                    .Replace("{model}", run.Result.Model, StringComparison.Ordinal)
                    .Replace("{run}", run.Result.Run, StringComparison.Ordinal)
                    .Replace("{images}", run.Options.Data.Path, StringComparison.Ordinal)
            ),
            "--precision",
            "int8",
        ]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(expected, refused.Error, StringComparison.Ordinal);
    }

    private static (string Path, DateTime Written)[] FilesOf(string folder) =>
        [
            .. Directory
                .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal)
                .Select(path => (path, File.GetLastWriteTimeUtc(path))),
        ];

    private static JsonElement Json(params string[] arguments)
    {
        CommandLineRun made = CommandLineRun.Of([.. arguments, "--json"]);
        Assert.True(made.ExitCode == 0, made.Error);
        return JsonDocument.Parse(made.Output).RootElement;
    }
}
