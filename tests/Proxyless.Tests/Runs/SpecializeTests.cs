using Proxyless.Architectures;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>Runs that begin with pretrained weights, on a machine whose latencies are fixed.</summary>
[Collection(nameof(WholeRuns))]
public sealed class SpecializeTests : IDisposable
{
    private const int HalfSide = SmallPretrained.HalfSide;

    private readonly TemporaryFolder _folder = new();
    private readonly SmallPretrained _small;
    private readonly Architecture _whole;
    private readonly string _network;
    private readonly RunOptions _options;

    public SpecializeTests()
    {
        _small = new SmallPretrained(_folder);
        _whole = _small.Whole;
        _network = _small.Network;
        _options = FinishedRun.OptionsIn(_folder) with
        {
            Search = new(),
            Target = new() { Name = _small.Target },
            Training = new() { Weights = _small.Weights, Epochs = 1 },
            Out = Path.Combine(_folder.Root, "run"),
            Threads = 1,
        };
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_finds_a_smaller_network_within_the_limit_and_trains_and_judges_it()
    {
        var observer = new RecordingObserver();
        RunResult result = ProxylessRun.Run(_options, _network, observer, Cancellation);

        // Without a limit: half of the whole network's latency.
        double whole = LatencyOf(At(_whole.Resolution));
        Assert.Equal(whole / 2, result.LatencyLimitMs, 1e-9);
        Assert.InRange(result.LatencyMs, 0.8 * result.LatencyLimitMs, result.LatencyLimitMs);

        // Few images: the report shows the answers on the training images too.
        string page = File.ReadAllText(result.Report);
        Assert.Contains("training images by networks like it", page, StringComparison.Ordinal);
        Assert.Contains("training images, cross-validated", page, StringComparison.Ordinal);

        Assert.Contains(
            observer.Messages,
            text => text.Contains("half of the whole network's latency", StringComparison.Ordinal)
        );
        Architecture architecture = ArchitectureFile.Read(result.Architecture);
        Assert.Equal(result.LatencyMs, LatencyOf(architecture), 1e-9);
        Assert.Equal("other", architecture.Metadata["pretrained"]);
        Assert.InRange(result.CrossValidatedTop1!.Value, 0.5, 1);

        // That few images are all learned from is for this run alone: another job has images of its own.
        Assert.False(RunConfigFile.Read(new RunDirectory(result.Run).Config).Training.OnAll);
        Assert.True(File.Exists(result.Model));
        Assert.True(File.Exists(result.Report));
        EvaluateResult judged = ProxylessRun.Evaluate(
            result.Run,
            RunConfigFile.Read(new RunDirectory(result.Run).Config),
            againstNetwork: true,
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal(1, judged.NetworkAgreement);
        Assert.Equal(result.Top1, judged.Top1);
        Assert.Equal(FinishedRun.TestImages, judged.Images);
    }

    [Fact]
    public void A_network_that_was_fitted_to_few_images_is_judged_with_networks_that_are_fitted_anew()
    {
        var observer = new RecordingObserver();
        RunResult result = ProxylessRun.Run(Narrowed(_options), _network, observer, Cancellation);
        string said = Assert.Single(
            observer.Messages,
            text => text.Contains("cross-validated with networks fitted anew", StringComparison.Ordinal)
        );
        Assert.Contains("networks fitted anew: right on", said, StringComparison.Ordinal);
        Assert.InRange(result.CrossValidatedTop1!.Value, 0, 1);
    }

    [Fact]
    public void Nothing_is_left_out_where_the_whole_network_is_within_the_limit()
    {
        RunResult result = ProxylessRun.Run(
            Within(1.01 * LatencyOf(At(_whole.Resolution))),
            _network,
            null,
            Cancellation
        );
        Architecture architecture = ArchitectureFile.Read(result.Architecture);
        Assert.Equal(_whole.Resolution, architecture.Resolution);
        Assert.Equal(_whole.Blocks.Take(architecture.Blocks.Count), architecture.Blocks);
    }

    [Fact]
    public void A_limit_below_every_network_is_refused_with_the_smallest_possible()
    {
        LimitNotMetException refusal = Assert.Throws<LimitNotMetException>(() =>
            ProxylessRun.Run(Within(0.01), _network, null, Cancellation)
        );
        Assert.InRange(refusal.Least!.Value, 0.01, LatencyOf(At(HalfSide)));
        Assert.False(Directory.Exists(_options.Out));
    }

    /// <summary>Stopped before the decision it is made again; after it, the decided network is trained on.</summary>
    [Theory]
    [InlineData("features")]
    [InlineData("teacher")]
    [InlineData("train")]
    public void A_run_that_was_stopped_ends_as_one_that_was_not(string stage)
    {
        RunOptions options = Taught(Many()) with { CheckpointSeconds = 0.001 };
        RunResult whole = ProxylessRun.Run(options, _network, null, Cancellation);

        // The network is called as its folder.
        RunOptions second = options with
        {
            Out = Path.Combine(_folder.Root, "second", "run"),
        };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Assert.Throws<RunInterruptedException>(() =>
            ProxylessRun.Run(second, _network, new RunObserver(new StopInStage(stage, stop)), stop.Token)
        );
        RunResult resumed = ProxylessRun.Run(second with { Resume = true }, _network, null, Cancellation);
        Assert.Equal(File.ReadAllBytes(whole.Model), File.ReadAllBytes(new RunDirectory(second.Out!).Model));
        Assert.Equal(whole.TeacherTop1, resumed.TeacherTop1);
        Architecture architecture = ArchitectureFile.Read(whole.Architecture);
        Assert.NotEqual(At(architecture.Resolution).Blocks, architecture.Blocks);
    }

    [Fact]
    public void The_whole_network_is_trained_first_and_the_smaller_one_learns_its_answers()
    {
        RunOptions options = Taught(Many());
        var observer = new StagesOfEpochs();
        RunResult taught = ProxylessRun.Run(options, _network, observer, Cancellation);
        Assert.Equal([RunEpoch.TeacherStage, RunEpoch.TrainingStage], observer.Stages.Distinct());
        var run = new RunDirectory(taught.Run);
        Assert.InRange(taught.TeacherTop1!.Value, 0.5, 1);
        Assert.True(File.Exists(run.TeacherCheckpoint));
        Assert.Single(File.ReadLines(run.TeacherLog));
        Assert.Contains(
            "test images by the whole network, its teacher",
            File.ReadAllText(taught.Report),
            StringComparison.Ordinal
        );

        RunResult untaught = ProxylessRun.Run(
            options with
            {
                Out = Path.Combine(_folder.Root, "untaught"),
                Training = options.Training with { Teacher = false },
            },
            _network,
            null,
            Cancellation
        );
        Assert.Null(untaught.TeacherTop1);
        Assert.False(File.Exists(new RunDirectory(untaught.Run).TeacherCheckpoint));
        Assert.NotEqual(
            File.ReadAllBytes(run.BestCheckpoint),
            File.ReadAllBytes(new RunDirectory(untaught.Run).BestCheckpoint)
        );

        // One epoch, of which a training of labels alone is one too.
        Assert.Equal(
            File.ReadLines(run.TrainingLog).Count(),
            File.ReadLines(new RunDirectory(untaught.Run).TrainingLog).Count()
        );
    }

    [Fact]
    public void A_network_for_few_images_that_are_trained_on_has_a_teacher_too()
    {
        RunOptions options = Taught(_options);
        var observer = new EndedStages();
        RunResult result = ProxylessRun.Run(options, _network, new RunObserver(observer), Cancellation);
        bool isTrained = RunPlan.Read(new RunDirectory(result.Run)).FineTuning!.IsTrained;
        Assert.Equal(isTrained ? 1 : 0, observer.Ended.Count(stage => stage == "teacher"));
        Assert.Equal(isTrained, result.TeacherTop1 is not null);
    }

    /// <summary>Not a network of random weights, which the smaller one would learn.</summary>
    [Fact]
    public void A_teacher_whose_checkpoint_is_lost_is_trained_again()
    {
        RunOptions options = Taught(Many()) with { CheckpointSeconds = 0.001 };
        RunResult whole = ProxylessRun.Run(
            options with
            {
                Out = Path.Combine(_folder.Root, "whole", "run"),
            },
            _network,
            null,
            Cancellation
        );
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Assert.Throws<RunInterruptedException>(() =>
            ProxylessRun.Run(options, _network, new RunObserver(new StopInStage("teacher", stop)), stop.Token)
        );
        foreach (string lost in Directory.GetFiles(Path.Combine(options.Out!, "checkpoints"), "teacher*"))
        {
            File.Delete(lost);
        }

        RunResult result = ProxylessRun.Run(options with { Resume = true }, _network, null, Cancellation);
        Assert.Equal(File.ReadAllBytes(whole.Model), File.ReadAllBytes(result.Model));
    }

    [Fact]
    public void Each_fold_has_a_teacher_of_its_own()
    {
        var observer = new EndedStages();
        RunOptions options = Taught(Many());
        RunResult result = ProxylessRun.Run(
            options with
            {
                Training = options.Training with { Folds = 2 },
            },
            _network,
            new RunObserver(observer),
            Cancellation
        );
        Assert.Equal(600, result.Folds!.Images);
        Assert.Equal(3, observer.Ended.Count(stage => stage == "teacher"));
    }

    [Fact]
    public void A_network_that_is_not_smaller_has_no_teacher()
    {
        RunResult result = ProxylessRun.Run(
            Taught(Many()) with
            {
                Target = _options.Target with { LatencyMs = 1.01 * LatencyOf(At(_whole.Resolution)) },
            },
            _network,
            null,
            Cancellation
        );
        Assert.Null(result.TeacherTop1);
        Assert.False(File.Exists(new RunDirectory(result.Run).TeacherCheckpoint));
    }

    /// <summary>On a machine that runs models: beside the reference network of the run's own table.</summary>
    [Fact]
    public void Its_latency_is_measured_again_as_the_run_measured_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "models are timed by 'wc' here");
        string target = Path.Combine(_folder.Root, "size.yaml");
        File.WriteAllText(
            target,
            "kind: command\ncommand: [sh, -c, 'wc -c < \"$0\" | awk \"{ print \\$1 / 1e3 }\"', '{model}']\n"
                + "pattern: '([0-9.e-]+)'\nrepeats: 1\n"
        );
        RunOptions options = _options with { Target = new() { Name = target } };
        RunResult result = ProxylessRun.Run(options, _network, null, Cancellation);
        Assert.True(result.LatencyIsMeasured);
        Assert.InRange(result.LatencyMs / result.LatencyLimitMs, 0.5, 1.05);
        var observer = new RecordingObserver();
        EvaluateResult judged = ProxylessRun.Evaluate(
            result.Run,
            RunConfigFile.Read(new RunDirectory(result.Run).Config),
            againstNetwork: false,
            observer,
            Cancellation
        );
        Assert.Equal(result.LatencyMs, judged.QuietLatencyMs!.Value, 1e-9);
        Assert.DoesNotContain(
            observer.Warnings,
            text => text.Contains("without the latency table", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_table_without_the_parts_of_shorter_networks_serves_for_whole_ones()
    {
        SearchSpace[] spaces = [SpannedSpace.Of(At(2 * HalfSide))];
        RunOptions options = _options with
        {
            Target = new() { Name = FixedTable.Write(Path.Combine(_folder.Root, "few"), spaces, classes: 2) },
        };
        RunResult result = ProxylessRun.Run(options, _network, null, Cancellation);
        Architecture architecture = ArchitectureFile.Read(result.Architecture);
        Assert.Equal(_whole.Blocks.Count, architecture.Blocks.Count);
        Assert.Equal(_whole.Resolution, architecture.Resolution);
        Assert.InRange(result.LatencyMs, 0, result.LatencyLimitMs);
    }

    [Fact]
    public void Parameters_and_multiply_adds_are_limited_too()
    {
        long parameters = ArchitectureCost.Of(At(HalfSide)).Parameters * 3 / 4;
        RunResult result = ProxylessRun.Run(
            _options with
            {
                Target = _options.Target with { MaxParameters = parameters, MaxMacs = 1_000_000 },
            },
            _network,
            null,
            Cancellation
        );
        Assert.InRange(result.Parameters, 1, parameters);
        Assert.InRange(result.MultiplyAdds, 1, 1_000_000);
    }

    [Fact]
    public void Every_image_is_tested_once_in_the_folds_each_with_a_network_of_its_own()
    {
        var observer = new RecordingObserver();
        RunResult result = ProxylessRun.Run(
            _options with
            {
                Training = _options.Training with { Folds = 2 },
            },
            _network,
            observer,
            Cancellation
        );
        Assert.Equal(2, result.Folds!.Folds);
        Assert.Equal(2 * FinishedRun.ImagesOfAClass, result.Folds.Images);
        Assert.InRange(observer.Messages.Count(text => text.StartsWith("derived:", StringComparison.Ordinal)), 3, 99);
    }

    /// <summary>The machine gets slower by as much for every model once the network is made.</summary>
    [Fact]
    public void A_fold_that_misses_the_limit_leaves_the_network_that_met_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "models are timed by 'wc' here");
        string target = Path.Combine(_folder.Root, "slower.yaml");
        string more = _folder.Add("more", "0"u8.ToArray());
        File.WriteAllText(
            target,
            "kind: command\ncommand: [sh, -c, 'wc -c < \"$0\" | awk -v m=\"$(cat \"$1\")\" "
                + $"\"{{ print \\$1 / 1e3 + m }}\"', '{{model}}', '{more}']\npattern: '([0-9.e-]+)'\nrepeats: 1\n"
        );
        RunOptions options = _options with
        {
            Target = new() { Name = target },
            Training = _options.Training with { Folds = 2 },
        };
        var slower = new MessageObserver(text =>
        {
            if (text == "fold 1 of 2:")
            {
                File.WriteAllText(more, "1000");
            }
        });
        LimitNotMetException missed = Assert.Throws<LimitNotMetException>(() =>
            ProxylessRun.Run(options, _network, slower, Cancellation)
        );
        Assert.StartsWith("fold 1 of 2: ", missed.Message, StringComparison.Ordinal);
        var run = new RunDirectory(options.Out!);
        Assert.True(File.Exists(run.Model));
        Assert.True(File.Exists(run.Report));
        Assert.Null(new RunStore(run).ReadResult()!.Folds);
    }

    /// <summary>A third of the time is needed to find a network, and each of two folds finds one too.</summary>
    [Fact]
    public void The_time_that_folds_need_to_find_their_networks_is_not_planned_for_steps()
    {
        var time = new ManualClock();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var observer = new MessageObserver(text =>
        {
            if (text.StartsWith("derived:", StringComparison.Ordinal))
            {
                time.Seconds = 1000;
            }
            else if (text == "fold 1 of 2:")
            {
                stop.Cancel();
            }
        });
        Assert.Throws<RunInterruptedException>(() =>
            SpecializeJob.Run(
                _options with
                {
                    Training = _options.Training with { Epochs = null, Folds = 2 },
                    Time = TimeSpan.FromSeconds(3000),
                },
                _network,
                time,
                observer,
                _ => { },
                stop.Token
            )
        );
        Assert.Equal(1, RunPlan.Read(new RunDirectory(_options.Out!)).FineTuning!.MostTrialSteps);
    }

    [Fact]
    public void What_cannot_be_is_refused_before_anything_is_written()
    {
        void Refused(RunOptions with, string word)
        {
            InvalidInputException refusal = Assert.Throws<InvalidInputException>(() =>
                ProxylessRun.Run(with, _network, null, Cancellation)
            );
            Assert.Contains(word, refusal.Message, StringComparison.Ordinal);
            Assert.False(Directory.Exists(_options.Out));
        }

        Refused(_options with { Search = new() { Space = "tiny" } }, "SearchOptions");
        Refused(_options with { Target = _options.Target with { AlsoFor = "cpu=5", LatencyMs = 3 } }, "RunAll");
        void RefusedWithout(TrainingOptions training, string word) =>
            Assert.Contains(
                word,
                Assert
                    .Throws<InvalidInputException>(() =>
                        ProxylessRun.Run(_options with { Training = training }, null, Cancellation)
                    )
                    .Message,
                StringComparison.Ordinal
            );
        RefusedWithout(new() { Weights = "efficientnet-light0" }, "efficientnet-lite0");
        RefusedWithout(_options.Training, "ProxylessRun.Run(architecture)");
        Refused(_options with { Training = new() }, "TrainingOptions.Weights");
        Refused(
            _options with
            {
                Training = _options.Training with { Epochs = 1 },
                Time = TimeSpan.FromHours(1),
            },
            "Time"
        );
        RefusedWithout(new() { Folds = 5 }, "TrainingOptions.Folds");
        RefusedWithout(new() { Teacher = true }, "TrainingOptions.Teacher");
        Assert.Contains(
            "TrainingOptions.Weights",
            Assert.Throws<InvalidInputException>(() => ProxylessRun.Search(_options, null, Cancellation)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_run_and_a_training_are_not_continued_as_the_other()
    {
        RunResult result = ProxylessRun.Run(_options, _network, null, Cancellation);
        RunOptions again = _options with { Resume = true };
        Assert.Contains(
            "another run",
            Assert
                .Throws<InvalidInputException>(() => ProxylessRun.Derive(result.Run, _options, null, Cancellation))
                .Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "ProxylessRun.Run",
            Assert
                .Throws<InvalidInputException>(() => ProxylessRun.Train(again, result.Run, null, Cancellation))
                .Message,
            StringComparison.Ordinal
        );
        RunOptions training = _options with { Out = Path.Combine(_folder.Root, "training"), Target = new() };
        ProxylessRun.Train(training, _network, null, Cancellation);
        Assert.Contains(
            "ProxylessRun.Train",
            Assert
                .Throws<InvalidInputException>(() =>
                    ProxylessRun.Run(training with { Resume = true }, _network, null, Cancellation)
                )
                .Message,
            StringComparison.Ordinal
        );
    }

    /// <summary>With a limit that the whole network does not meet at any resolution.</summary>
    private RunOptions Narrowed(RunOptions options) =>
        options with
        {
            Target = options.Target with { LatencyMs = _small.NarrowLimit },
        };

    private RunOptions Taught(RunOptions options) =>
        Narrowed(options) with
        {
            Training = options.Training with { Teacher = true },
        };

    private RunOptions Many() =>
        _options with
        {
            Data = _options.Data with { Path = SmallPretrained.AddMany(_folder) },
        };

    private RunOptions Within(double milliseconds) =>
        _options with
        {
            Target = _options.Target with { LatencyMs = milliseconds },
        };

    private Architecture At(int side) => _small.At(side);

    private double LatencyOf(Architecture architecture) => _small.LatencyOf(architecture);

    /// <summary>Keeps what each ended epoch was of.</summary>
    private sealed class StagesOfEpochs : IRunObserver
    {
        public List<string> Stages { get; } = [];

        public void Progress(RunProgress progress) { }

        public void EpochEnded(RunEpoch epoch) => Stages.Add(epoch.Stage);

        public void Message(string text) { }

        public void Warning(string text) { }
    }
}
