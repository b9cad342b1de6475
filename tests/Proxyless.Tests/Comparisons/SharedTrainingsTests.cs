using Proxyless.Cli.Options;
using Proxyless.Comparisons;
using Proxyless.Locking;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Proxyless.Tests.Runs;
using Proxyless.Training;
using Xunit;

namespace Proxyless.Tests.Comparisons;

/// <summary>What can happen to a process while it trains for a comparison that others work on too.</summary>
[Collection(nameof(WholeRuns))]
public sealed class SharedTrainingsTests(FinishedRun run) : IClassFixture<FinishedRun>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void A_process_that_stood_still_and_was_overtaken_changes_nothing_of_its_successors()
    {
        ComparisonOptions whole = Options("undisturbed", 1);
        ProxylessComparison.Run(whole, NullRunObserver.Instance, Cancellation);
        ComparisonDirectory directory = Stopped("overtaken", 1);
        int next = 0;
        var observer = new Halfway(() =>
            next = Trainings(directory, NullRunObserver.Instance, TakeOver()).Run(() => { })
        );

        // It does not beat, and does not look, until it has trained to the end.
        int own = Trainings(directory, observer, Claims(TimeSpan.FromHours(1))).Run(() => { });
        Assert.Equal((0, 1), (own, next));
        Assert.Contains(
            observer.Warnings,
            warning => warning.Contains("was taken over by another process", StringComparison.Ordinal)
        );
        string[] files = Files(Path.Combine(whole.Run.Out!, "networks", "random-1", "seed-0"));
        string training = Path.Combine(directory.Run.Root, "networks", "random-1", "seed-0");
        Assert.Equal(files, Files(training));
        foreach (string file in (string[])["model.onnx", Path.Combine("checkpoints", "best.safetensors")])
        {
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(whole.Run.Out!, "networks", "random-1", "seed-0", file)),
                File.ReadAllBytes(Path.Combine(training, file))
            );
        }
    }

    [Fact]
    public void What_an_older_version_had_begun_in_the_folder_is_continued()
    {
        ComparisonDirectory directory = Stopped("older", 1);
        string training = Path.Combine(directory.Run.Root, "networks", "random-1", "seed-0");
        string attempt = Path.Combine(training, "attempt-1");
        foreach (string entry in Directory.GetFileSystemEntries(attempt))
        {
            Directory.Move(entry, Path.Combine(training, Path.GetFileName(entry)));
        }

        Directory.Delete(attempt);
        var steps = new List<long>();
        var observer = new Halfway(() => { }) { Steps = steps };
        Assert.Equal(1, Trainings(directory, observer, Claims(TimeSpan.FromHours(1))).Run(() => { }));
        Assert.True(steps[0] > 1, $"it begins with step {steps[0]}");
    }

    [Fact]
    public void A_result_that_a_killed_process_had_not_moved_to_its_place_is_moved_and_not_trained_again()
    {
        ComparisonDirectory directory = Stopped("unmoved", 1);
        Assert.Equal(1, Trainings(directory, NullRunObserver.Instance, TakeOver()).Run(() => { }));
        string training = Path.Combine(directory.Run.Root, "networks", "random-1", "seed-0");
        string attempt = Directory.CreateDirectory(Path.Combine(training, "attempt-7")).FullName;
        File.Move(Path.Combine(training, "result.json"), Path.Combine(attempt, "result.json"));
        File.Move(Path.Combine(training, "model.onnx"), Path.Combine(attempt, "model.onnx"));
        string[] files = Files(training);
        File.WriteAllText(Path.Combine(training, ".claim-7.json"), "of the killed process");
        Assert.Equal(0, Trainings(directory, NullRunObserver.Instance, TakeOver()).Run(() => { }));
        Assert.Equal(files.Select(Path.GetFileName).Order(), Files(training).Select(Path.GetFileName).Order());
        Assert.False(Directory.Exists(attempt));
    }

    [Fact]
    public void An_attempt_whose_claim_is_gone_is_not_in_the_way_of_a_later_claim()
    {
        string training = Directory.CreateDirectory(run.PathOf("unclaimed")).FullName;
        TrainingAttempt.Begin(training, 2);
        RunDirectory first = TrainingAttempt.Begin(training, 1);
        File.WriteAllText(first.TrainingLog, "");
        RunDirectory second = TrainingAttempt.Begin(training, 2);
        Assert.True(File.Exists(second.TrainingLog));
        Assert.Equal([second.Root], Directory.GetDirectories(training));
    }

    [Fact]
    public void A_training_that_was_given_up_does_not_keep_the_others_from_theirs()
    {
        ComparisonDirectory directory = Stopped("given-up", 2);
        ComparedNetwork[] networks = [.. directory.ReadPlan().Networks];
        directory.Write(networks[0], 0, new NetworkFailure(networks[0].Name, "the loss is not finite"));
        string message = Assert
            .Throws<TrainingDivergedException>(() =>
                Trainings(directory, NullRunObserver.Instance, TakeOver()).Run(() => { })
            )
            .Message;
        Assert.Contains("the loss is not finite", message, StringComparison.Ordinal);
        Assert.EndsWith("ComparisonOptions.Without = random-1", message, StringComparison.Ordinal);
        Assert.Null(directory.ReadTraining(networks[0], 0));
        Assert.NotNull(directory.ReadTraining(networks[1], 0));

        // Resumed, it is tried again.
        ComparisonResult all = ProxylessComparison.Run(
            new ComparisonOptions
            {
                Run = new RunOptions { Out = directory.Run.Root, Resume = true },
            },
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal(2, all.Networks.Count);
    }

    [Fact]
    public void Several_networks_that_were_given_up_are_left_out_by_words_that_can_be_typed()
    {
        ComparisonDirectory directory = Stopped("all-given-up", 2);
        foreach (ComparedNetwork network in directory.ReadPlan().Networks)
        {
            directory.Write(network, 0, new NetworkFailure(network.Name, $"{network.Name} diverges"));
        }

        string message = Assert
            .Throws<TrainingDivergedException>(() =>
                Trainings(directory, NullRunObserver.Instance, TakeOver()).Run(() => { })
            )
            .Message;
        Assert.EndsWith(
            "continue with --resume and --without random-1 --without random-2",
            LibraryWords.Translate(message),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_training_that_fails_keeps_its_process_from_no_other()
    {
        ComparisonDirectory directory = Stopped("failing", 2);
        ComparedNetwork[] networks = [.. directory.ReadPlan().Networks];
        string architecture = directory.Architecture(networks[0]);
        byte[] whole = File.ReadAllBytes(architecture);
        File.WriteAllText(architecture, "{}");
        var observer = new RecordingObserver();
        var failed = Assert.Throws<InvalidInputException>(() =>
            Trainings(directory, observer, TakeOver()).Run(() => { })
        );
        Assert.StartsWith("network random-1, seed 0: ", failed.Message, StringComparison.Ordinal);
        Assert.Contains(observer.Warnings, warning => warning.EndsWith(failed.Message, StringComparison.Ordinal));
        Assert.Null(directory.ReadTraining(networks[0], 0));
        Assert.NotNull(directory.ReadTraining(networks[1], 0));

        // Nobody has it: another process takes it at once.
        File.WriteAllBytes(architecture, whole);
        Assert.Equal(1, Trainings(directory, observer, Claims(TimeSpan.FromHours(1))).Run(() => { }));
    }

    [Fact]
    public void Integer_models_that_cannot_be_judged_here_are_refused_before_the_training()
    {
        ComparisonDirectory directory = Stopped("integers", 1);
        directory.Write(directory.ReadPlan() with { IntegerBits = 9 });
        var observer = new Halfway(() => { });
        var refused = Assert.Throws<InvalidInputException>(() =>
            Trainings(directory, observer, TakeOver()).Run(() => { })
        );
        Assert.Contains("weights of 9 bits", refused.Message, StringComparison.Ordinal);
        Assert.Empty(observer.Steps);
    }

    [Fact]
    public void Networks_that_are_removed_and_seeds_that_are_added_meanwhile_are_noticed()
    {
        ComparisonDirectory directory = Stopped("changed", 2);
        ComparisonPlan plan = directory.ReadPlan();
        var observer = new Halfway(() =>
        {
            directory.Write(plan with { Networks = [plan.Networks[1]], Seeds = 2 });
            directory.Remove(plan.Networks[0]);
        });
        Assert.Equal(2, Trainings(directory, observer, Claims(TimeSpan.FromSeconds(0.3))).Run(() => { }));
        Assert.Contains("network random-1 was removed from the comparison", observer.Messages);
        Assert.False(Directory.Exists(Path.Combine(directory.Run.Root, "networks", "random-1")));
        Assert.All([0, 1], seed => Assert.NotNull(directory.ReadTraining(plan.Networks[1], seed)));
    }

    [Fact]
    public async Task Nobody_trains_while_the_process_that_leads_measures()
    {
        ComparisonDirectory directory = Stopped("measuring", 1);
        var waits = new TaskCompletionSource();
        var observer = new MessageObserver(text =>
        {
            if (text.StartsWith("waiting while the process that leads measures", StringComparison.Ordinal))
            {
                waits.SetResult();
            }
        });
        using IDisposable preparation = directory.Prepare();
        Task<int> trained = Task.Run(() => Trainings(directory, observer, TakeOver()).Run(() => { }), Cancellation);
        await waits.Task.WaitAsync(Cancellation);
        Assert.Null(directory.ReadTraining(directory.ReadPlan().Networks[0], 0));
        preparation.Dispose();
        Assert.Equal(1, await trained);
    }

    [Fact]
    public void Where_it_cannot_be_read_whether_networks_are_measured_trainings_wait()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights there");
        var directory = new ComparisonDirectory(run.PathOf("unreadable"));
        Directory.CreateDirectory(directory.Run.Root);

        // A link to itself cannot be listed.
        string preparing = Path.Combine(directory.Run.Root, ".preparing");
        Directory.CreateSymbolicLink(preparing, preparing);
        Assert.False(directory.IsPreparing(ClaimWatch.OfProcess()));
        File.WriteAllText(Path.Combine(directory.Run.Root, ComparisonDirectory.PlanName), "");
        Assert.True(directory.IsPreparing(ClaimWatch.OfProcess()));
    }

    [Fact]
    public void A_comparison_that_was_killed_before_its_plan_can_be_begun_again()
    {
        ComparisonDirectory directory = Stopped("unbegun", 1);
        Directory.CreateDirectory(Path.Combine(directory.Run.Root, ".preparing"));
        File.Delete(Path.Combine(directory.Run.Root, ComparisonDirectory.PlanName));
        ComparisonOptions options = Options("unbegun", 1);
        string message = Assert
            .Throws<InvalidInputException>(() =>
                ProxylessComparison.Run(
                    options with
                    {
                        Run = options.Run with { Resume = true },
                    },
                    NullRunObserver.Instance,
                    Cancellation
                )
            )
            .Message;
        Assert.Contains("begin it again without RunOptions.Resume", message, StringComparison.Ordinal);
        Assert.Single(ProxylessComparison.Run(options, NullRunObserver.Instance, Cancellation).Networks);
    }

    [Fact]
    public void Waiting_for_a_comparison_that_nobody_begins_has_an_end()
    {
        var directory = new ComparisonDirectory(run.PathOf("nowhere"));
        var observer = new RecordingObserver();
        string message = Assert
            .Throws<InvalidInputException>(() =>
                directory.AwaitPlan(TimeSpan.FromSeconds(0.5), ClaimWatch.OfProcess(), observer, Cancellation)
            )
            .Message;
        Assert.Contains("no process begins one there", message, StringComparison.Ordinal);
        Assert.Contains("no comparison is in", Assert.Single(observer.Messages), StringComparison.Ordinal);
    }

    [Fact]
    public void Comparisons_of_neighboring_seeds_share_no_seed_of_a_training()
    {
        const int Most = 1000;
        Assert.Distinct(
            from seed in Enumerable.Range(-2, 5)
            from number in Enumerable.Range(0, Most)
            select SharedTrainings.SeedOf(seed, number)
        );
        Assert.Equal(
            Enumerable.Range(0, Most),
            Enumerable.Range(0, Most).Select(number => SharedTrainings.SeedOf(0, number))
        );
        Assert.NotEqual(SharedTrainings.SeedOf(int.MaxValue, 0), SharedTrainings.SeedOf(int.MinValue, 0));
    }

    [Fact]
    public void Joining_that_is_stopped_while_it_waits_is_interrupted()
    {
        using var stopped = new CancellationTokenSource();
        stopped.Cancel();
        Assert.Throws<RunInterruptedException>(() =>
            ProxylessComparison.Join(
                new RunOptions { Out = run.PathOf("nowhere") },
                NullRunObserver.Instance,
                stopped.Token
            )
        );
    }

    /// <summary>Claims as of a process on another host, where its end cannot be seen from here.</summary>
    private static Func<string, WorkClaim?> Claims(TimeSpan lease)
    {
        var watch = new ClaimWatch(lease, TimeProvider.System);
        return folder => WorkClaim.TryTake(folder, watch, Holders.Elsewhere(), WorkClaim.TryCreate);
    }

    /// <summary>Claims that wait for nobody: what is seen unchanged a second time counts as dead.</summary>
    private static Func<string, WorkClaim?> TakeOver() => Claims(TimeSpan.Zero);

    private static string[] Files(string folder) =>
        [
            .. Directory
                .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(folder, file))
                .Where(file => !file.Contains("tfevents", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];

    private static SharedTrainings Trainings(
        ComparisonDirectory directory,
        IRunObserver observer,
        Func<string, WorkClaim?> claim
    )
    {
        RunOptions options = RunOpening.Resumed(new RunOptions { Threads = 1 }, directory.Run);
        return new SharedTrainings(RunContext.Open(options, observer, Cancellation), directory, claim);
    }

    /// <summary>A comparison that was stopped in its first training.</summary>
    private ComparisonDirectory Stopped(string name, int networks)
    {
        ComparisonOptions options = Options(name, networks);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Assert.Throws<RunInterruptedException>(() =>
            ProxylessComparison.Run(options, new StopAt("train", 0.2, stop), stop.Token)
        );
        return new ComparisonDirectory(options.Run.Out!);
    }

    private ComparisonOptions Options(string name, int networks)
    {
        ComparisonOptions options = run.Comparison(name, [$"random:{networks}"], seeds: 1);
        return options with { Run = options.Run with { CheckpointSeconds = 0.001 } };
    }

    /// <summary>Does something once, in the middle of the first training that it sees.</summary>
    private sealed class Halfway(Action act) : IRunObserver
    {
        private Action? _act = act;

        public TimeSpan ProgressInterval => TimeSpan.Zero;

        public List<string> Messages { get; } = [];

        public List<string> Warnings { get; } = [];

        /// <summary>The numbers of the steps that it sees.</summary>
        public List<long> Steps { get; init; } = [];

        public void Progress(RunProgress progress)
        {
            if (progress.Stage == "train")
            {
                Steps.Add(progress.Done);
            }

            if (progress.Stage == "train" && progress.Done >= 0.6 * progress.Total)
            {
                Interlocked.Exchange(ref _act, null)?.Invoke();
            }
        }

        public void Message(string text) => Messages.Add(text);

        public void Warning(string text) => Warnings.Add(text);
    }
}
