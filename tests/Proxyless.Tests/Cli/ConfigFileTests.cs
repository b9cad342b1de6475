using System.CommandLine;
using Proxyless.Cli;
using Proxyless.Cli.Commands;
using Proxyless.Cli.Options;
using Proxyless.Runs;
using Proxyless.Search;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Cli;

public sealed class ConfigFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string File => Path.Combine(_folder.Root, "run.yaml");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_command_line_goes_before_the_file_and_the_file_before_the_defaults()
    {
        RunOptions options = Options(
            "latency: 5\nmax_parameters: 1000\nbatch-size: 32\nstrict: true\nupdate: full-path",
            "--latency",
            "7"
        );
        Assert.Equal(7, options.Target.LatencyMs);
        Assert.Equal(1000, options.Target.MaxParameters);
        Assert.Equal(32, options.Training.BatchSize);
        Assert.True(options.Data.Strict);
        Assert.Equal(ArchitectureUpdate.FullPath, options.Search.Update);
        Assert.Null(options.Training.LearningRate);
        Assert.Equal(new RunOptions().Training.LabelSmoothing, options.Training.LabelSmoothing);
    }

    [Fact]
    public void A_flag_in_the_file_can_be_off() => Assert.False(Options("strict: false").Data.Strict);

    /// <summary>Both need weights, which may come after them in the file or stand on the command line.</summary>
    [Theory]
    [InlineData("folds: 5\nteacher: true\nweights: efficientnet-lite0")]
    [InlineData("folds: 5\nteacher: true", "--weights", "efficientnet-lite0")]
    public void Options_that_need_others_can_stand_in_the_file(string content, params string[] words)
    {
        TrainingOptions options = Options(content, words).Training;
        Assert.Equal(5, options.Folds);
        Assert.True(options.Teacher);
        Assert.Equal("efficientnet-lite0", options.Weights);
    }

    [Fact]
    public void Options_that_need_others_are_refused_without_them() =>
        Assert.Contains("--folds needs --weights", Refused("run", "folds: 5"), StringComparison.Ordinal);

    [Fact]
    public void A_required_option_can_stand_in_the_file()
    {
        System.IO.File.WriteAllText(File, "arch: proxyless-cpu\n");
        Assert.Equal(0, CommandLineRun.Of("describe", "--config", File).ExitCode);
    }

    [Theory]
    [InlineData("seed: 1\nlatancy: 5", "line 2", "unknown key 'latancy' (did you mean 'latency'?)", "max-parameters")]
    [InlineData("seed: 1\nlatency: soon", "line 2", "'latency'", "numbers from 0.000001 to 1000000000")]
    [InlineData("seed: 1\n\nlatency: -5", "line 3", "'latency'", "from 0.000001")]
    [InlineData("update: both", "line 1", "'update'", "two-path, full-path, reinforce, leave-one-out")]
    [InlineData("strict: maybe", "line 1", "'strict' is 'maybe'", "true and false")]
    [InlineData("seed: [1, 2]", "line 1", "'seed'", "")]
    [InlineData("latency: {ms: 5}", "line 1", "'latency' must be a single value", "")]
    [InlineData("time: \u0663h", "line 1", "'time'", "30m")]
    [InlineData("config: other.yaml", "line 1", "unknown key 'config'", "latency")]
    [InlineData("seed: 1\nseed: 2", "line 2", "no valid YAML", "")]
    public void A_mistake_in_the_file_is_told_with_its_line_and_exits_with_2(
        string yaml,
        string line,
        string key,
        string allowed
    )
    {
        string error = Refused("run", yaml);
        Assert.Contains($"{File}, {line}:", error, StringComparison.Ordinal);
        Assert.Contains(key, error, StringComparison.Ordinal);
        Assert.Contains(allowed, error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_file_that_a_search_writes_serves_another_search()
    {
        // Options of the final training among them, and what is wrong with this one.
        string error = Refused(
            "search",
            "data: /nowhere\nseed: 4\nerase: 0.5\ntrain-epochs: 3\nno-entropy-schedule: true"
        );
        Assert.Contains(
            $"'search' has no use for these options of {File}: erase, train-epochs",
            error,
            StringComparison.Ordinal
        );
        Assert.Contains("/nowhere", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_command_without_options_of_a_run_takes_none() =>
        Assert.Contains("unknown key 'train-epochs'", Refused("describe", "train-epochs: 3"), StringComparison.Ordinal);

    [Fact]
    public void A_missing_file_is_bad_input() =>
        Assert.Equal(2, CommandLineRun.Of("run", "--config", "nowhere.yaml").ExitCode);

    [Fact]
    public void Every_setting_of_the_library_is_an_option_of_run_or_train()
    {
        IEnumerable<string> options =
        [
            .. new RunCommand().Options.Select(option => option.Name),
            .. new TrainCommand().Options.Select(option => option.Name),
        ];
        Assert.All(
            RunSettings.All.Where(setting => setting.Property.Name != nameof(TargetOptions.AlsoFor)),
            setting => Assert.Contains($"--{setting.Key}", options)
        );
    }

    [Fact]
    public void The_config_that_a_run_writes_is_read_back()
    {
        RunOptions written = new()
        {
            Data = new() { Path = "my photos", Strict = true },
            Search = new()
            {
                Space = "cifar",
                Update = ArchitectureUpdate.Reinforce,
                Objective = ObjectiveKind.Linear,
                Epochs = 12.5,
            },
            Target = new() { LatencyMs = 2.5, MaxMacs = 20_000_000_000 },
            Time = TimeSpan.FromMinutes(150),
            Out = "runs/a",
            Seed = 7,
            Training = new() { WeightDecay = 4e-5, Ema = 0.999 },
        };
        RunConfigFile.Write(File, written);
        Assert.Equal(written, Options(System.IO.File.ReadAllText(File)));
    }

    [Fact]
    public void The_example_in_the_repository_is_understood()
    {
        RunOptions options = Options(System.IO.File.ReadAllText(Path.Combine(Repository.Root, "configs", "run.yaml")));
        Assert.Equal(12, options.Target.LatencyMs);
        Assert.Equal(TimeSpan.FromHours(6), options.Time);
    }

    [Theory]
    [InlineData("imagenet-mobile.yaml", "imagenet-mobile")]
    [InlineData("imagenet-cpu.yaml", "imagenet-cpu")]
    [InlineData("imagenet-gpu.yaml", "imagenet-gpu")]
    public void The_papers_searches_are_understood(string file, string space)
    {
        string path = Path.Combine(Repository.Root, "configs", file);
        foreach (
            string[] command in (string[][])
                [
                    ["search"],
                    ["bench", "search"],
                ]
        )
        {
            ParseResult parse = CommandLine.Parse(CommandLine.Root(), [.. command, "--config", path]);
            RunOptions options = ((ReportingCommand)parse.CommandResult.Command).LibraryOptions.Read(parse).Validate();
            Assert.Equal(space, options.Search.Space);
            Assert.Equal(160, options.Search.Epochs);
            Assert.Equal(40, options.Search.Epochs * options.Search.WarmupShare);
            Assert.Equal(50_000, options.Data.ValidationShare * 1_281_167, 50.0);
            Assert.Equal(0.025, options.Training.LearningRate * options.Training.BatchSize!.Value / 256);
            Assert.Equal(ObjectiveKind.Log, options.Search.Objective);
        }
    }

    [Fact]
    public void The_papers_training_is_understood()
    {
        ParseResult parse = CommandLine.Parse(
            CommandLine.Root(),
            [
                "train",
                "--arch",
                "proxyless-mobile",
                "--config",
                Path.Combine(Repository.Root, "configs", "imagenet-train.yaml"),
            ]
        );
        RunOptions options = ((TrainCommand)parse.CommandResult.Command).LibraryOptions.Read(parse).Validate();
        Assert.Equal(300, options.Training.Epochs);
        Assert.Equal(0.08, options.Training.MinimumCrop);
    }

    [Theory]
    [InlineData("target: [cpu, board]\nlatency: [cpu=12, board=40]\n")]
    [InlineData("target: cpu\nlatency: 12\nalso-for: board=40\n")]
    public void Several_targets_of_a_search_stand_in_a_file(string yaml)
    {
        System.IO.File.WriteAllText(File, yaml);
        ParseResult parse = CommandLine.Parse(CommandLine.Root(), ["search", "--config", File]);
        RunOptions options = ((SearchCommand)parse.CommandResult.Command).LibraryOptions.Read(parse);
        Assert.Equal(
            ("cpu", 12.0, "board=40"),
            (options.Target.Name, options.Target.LatencyMs, options.Target.AlsoFor)
        );

        // Another limit for a target that the options have already.
        Assert.Equal("board=30", SearchedTargets.Combine(options, [], ["board=30"]).Target.AlsoFor);
    }

    [Theory]
    [InlineData("cpu", 4.0, "--latency", "4")]
    [InlineData("board", 3.0, "--target", "board")]
    public void A_limit_or_target_takes_the_place_of_all_those_of_the_file(
        string target,
        double latency,
        params string[] words
    )
    {
        TargetOptions options = Options("target: cpu\nlatency: 3\nalso-for: cpu=5,cpu=8\n", words).Target;
        Assert.Equal((target, latency, null), (options.Name, options.LatencyMs, options.AlsoFor));
    }

    // The file of a run may have both: the time was for its search.
    [Theory]
    [InlineData(60.0, null)]
    [InlineData(10.0, null, "--train-epochs", "10")]
    [InlineData(null, 1.0, "--time", "1h")]
    public void A_training_takes_the_epochs_or_the_time_of_the_command_line_or_else_the_epochs_of_the_file(
        double? epochs,
        double? hours,
        params string[] words
    )
    {
        System.IO.File.WriteAllText(File, "time: 2h\ntrain-epochs: 60\n");
        ParseResult parse = CommandLine.Parse(
            CommandLine.Root(),
            ["train", "--arch", "mobilenet-v2", "--config", File, .. words]
        );
        RunOptions options = ((TrainCommand)parse.CommandResult.Command).LibraryOptions.Read(parse);
        options.ValidateForTraining();
        Assert.Equal((epochs, hours), (options.Training.Epochs, options.Time?.TotalHours));
    }

    /// <summary>What a command says of a file that it ends with as bad input.</summary>
    private string Refused(string command, string yaml)
    {
        System.IO.File.WriteAllText(File, yaml);
        CommandLineRun run = CommandLineRun.Of(command, "--config", File);
        Assert.Equal(2, run.ExitCode);
        return run.Error;
    }

    private RunOptions Options(string yaml, params string[] words)
    {
        System.IO.File.WriteAllText(File, yaml);
        ParseResult parse = CommandLine.Parse(CommandLine.Root(), ["run", "--config", File, .. words]);
        return ((RunCommand)parse.CommandResult.Command).LibraryOptions.Read(parse);
    }
}
