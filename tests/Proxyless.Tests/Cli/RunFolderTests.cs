using System.CommandLine;
using Proxyless.Cli;
using Proxyless.Cli.Commands;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.Cli;

public sealed class RunFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public RunFolderTests() =>
        RunConfigFile.Write(
            new RunDirectory(_folder.Root).Config,
            new RunOptions
            {
                Data = new() { Path = "photos" },
                Seed = 3,
                Target = new() { LatencyMs = 4 },
                Training = new() { BatchSize = 32 },
                Out = _folder.Root,
            }
        );

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_network_of_a_run_is_trained_as_the_run_was_told_and_what_is_given_goes_before()
    {
        RunOptions options = Train("--arch", _folder.Root, "--batch-size", "64");
        Assert.Equal(("photos", 3, 64), (options.Data.Path, options.Seed, options.Training.BatchSize));
        Assert.Null(options.Out);
    }

    [Fact]
    public void A_training_that_is_resumed_goes_on_as_it_was_told()
    {
        RunOptions options = Train("--arch", "mobilenet-v2", "--out", _folder.Root, "--resume", "--threads", "1");
        Assert.Equal(
            ("photos", 32, 1, _folder.Root),
            (options.Data.Path, options.Training.BatchSize, options.Threads, options.Out)
        );
        Assert.True(options.Resume);
    }

    [Fact]
    public void A_resume_refuses_options_that_would_change_the_run()
    {
        InvalidInputException exception = Assert.Throws<InvalidInputException>(() =>
            Train("--arch", "mobilenet-v2", "--out", _folder.Root, "--resume", "--batch-size", "64", "--seed", "3")
        );
        Assert.Contains("cannot change --batch-size;", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_training_in_a_searched_run_does_not_take_over_the_time_of_the_search()
    {
        RunDirectory directory = new(_folder.Root);
        RunConfigFile.Write(
            directory.Config,
            RunConfigFile.Read(directory.Config) with
            {
                Time = TimeSpan.FromHours(2),
            }
        );
        Assert.Null(Train("--arch", _folder.Root).Time);
        Assert.Equal(TimeSpan.FromHours(1), Train("--arch", _folder.Root, "--time", "1h").Time);
    }

    [Fact]
    public void A_given_time_takes_the_place_of_the_epochs_of_the_run_before()
    {
        RunDirectory directory = new(_folder.Root);
        RunConfigFile.Write(
            directory.Config,
            RunConfigFile.Read(directory.Config).WithTraining(training => training with { Epochs = 6 })
        );
        Assert.Equal(6, Train("--arch", _folder.Root).Training.Epochs);
        Assert.Null(Train("--arch", _folder.Root, "--time", "1h").Training.Epochs);
        ParseResult parse = CommandLine.Parse(
            CommandLine.Root(),
            ["derive", "--run", _folder.Root, "--train", "--time", "1h"]
        );
        RunOptions derived = ((DeriveCommand)parse.CommandResult.Command).ReadOptions(parse, _folder.Root);
        Assert.Equal(TimeSpan.FromHours(1), derived.Time);
        Assert.Null(derived.Training.Epochs);

        CommandLineRun both = CommandLineRun.Of(
            "derive",
            "--run",
            _folder.Root,
            "--train",
            "--time",
            "1h",
            "--train-epochs",
            "3"
        );
        Assert.Equal(2, both.ExitCode);
        Assert.Contains("--time has nothing to decide besides --train-epochs", both.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_published_network_is_trained_with_the_defaults() =>
        Assert.Equal(
            new RunOptions { Data = new() { Path = "cats" } },
            Train("--arch", "mobilenet-v2", "--data", "cats")
        );

    [Fact]
    public void A_derivation_changes_the_limits_that_are_given_and_nothing_else()
    {
        ParseResult parse = CommandLine.Parse(
            CommandLine.Root(),
            ["derive", "--run", _folder.Root, "--max-macs", "1000"]
        );
        RunOptions options = ((DeriveCommand)parse.CommandResult.Command).ReadOptions(parse, _folder.Root);
        Assert.Equal(
            RunConfigFile
                .Read(new RunDirectory(_folder.Root).Config)
                .WithTarget(target => target with { MaxMacs = 1000 }) with
            {
                Out = null,
            },
            options
        );
        Assert.Equal(4, options.Target.LatencyMs);
    }

    [Fact]
    public void The_file_of_a_run_serves_a_derivation_and_its_training_where_it_is_trained()
    {
        string config = new RunDirectory(_folder.Root).Config;
        RunConfigFile.Write(
            config,
            RunConfigFile.Read(config).WithTraining(training => training with { Epochs = 6, Dropout = 0.25 })
        );
        string[] words = ["derive", "--run", _folder.Root, "--config", config, "--latency", "5", "--out", "elsewhere"];
        ParseResult parse = CommandLine.Parse(CommandLine.Root(), words);
        var command = (DeriveCommand)parse.CommandResult.Command;
        Assert.Contains("train-epochs", command.PassedOver);
        Assert.Equal(5, command.ReadOptions(parse, _folder.Root).Target.LatencyMs);

        parse = CommandLine.Parse(CommandLine.Root(), [.. words, "--train"]);
        command = (DeriveCommand)parse.CommandResult.Command;
        Assert.DoesNotContain("train-epochs", command.PassedOver);
        TrainingOptions training = command.ReadOptions(parse, _folder.Root).Training;
        Assert.Equal((6, 0.25), (training.Epochs, training.Dropout));
    }

    [Theory]
    [InlineData("derive", "--run", "nowhere")]
    [InlineData("export", "--run", "nowhere")]
    [InlineData("run", "--out", "nowhere", "--resume")]
    [InlineData("predict", "--model", "nowhere", "cat.jpg")]
    [InlineData("evaluate", "--model", "nowhere")]
    public void A_folder_without_a_run_is_bad_input(params string[] arguments)
    {
        CommandLineRun run = CommandLineRun.Of(arguments);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("nowhere", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_Proxyless_did_not_write_is_bad_input()
    {
        string model = _folder.Add("model.onnx", [1, 2, 3]);
        CommandLineRun run = CommandLineRun.Of("predict", "--model", model, "cat.jpg");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("not a classifier that Proxyless exported", run.Error, StringComparison.Ordinal);
    }

    private static RunOptions Train(params string[] words)
    {
        ParseResult parse = CommandLine.Parse(CommandLine.Root(), ["train", .. words]);
        return ((TrainCommand)parse.CommandResult.Command).ReadOptions(parse, words[1]);
    }
}
