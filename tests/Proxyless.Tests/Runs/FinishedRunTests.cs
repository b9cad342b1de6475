using Proxyless.Architectures;
using Proxyless.Distributed;
using Proxyless.Files;
using Proxyless.Networks;
using Proxyless.Runs;
using Proxyless.Search;
using Proxyless.Tests.Data;
using Proxyless.Training;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>What is done with a run after it has ended.</summary>
[Collection(nameof(WholeRuns))]
public sealed class FinishedRunTests(FinishedRun run) : IClassFixture<FinishedRun>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void The_limit_of_the_run_stands_in_its_config() =>
        Assert.Equal(run.Result.LatencyLimitMs, RunConfigFile.Read(run.Directory.Config).Target.LatencyMs);

    [Fact]
    public void A_bare_model_is_judged_on_the_images_it_has_not_seen_whatever_the_options_say()
    {
        string model = run.PathOf("model-alone.onnx");
        File.Copy(run.Result.Model, model, overwrite: true);
        EvaluateResult result = ProxylessRun.Evaluate(
            model,
            new RunOptions
            {
                Data = new() { Path = run.Options.Data.Path, TestShare = 0.5 },
                Seed = 77,
            },
            againstNetwork: false,
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal(FinishedRun.TestImages, result.Images);
        Assert.Equal(run.Result.Top1, result.Top1);
    }

    [Fact]
    public void Images_of_another_folder_are_all_judged()
    {
        string other = run.PathOf("other");
        foreach (string name in (string[])["small", "dark"])
        {
            for (int i = 0; i < 4; i++)
            {
                string file = Path.Combine(other, name, $"{i}.png");
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                File.WriteAllBytes(file, TestPictures.Noise(5000 + i + (name.Length * 100), 48, 40));
            }
        }

        EvaluateResult result = ProxylessRun.Evaluate(
            run.Options.Out!,
            new RunOptions { Data = new() { Path = other } },
            againstNetwork: true,
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal(8, result.Images);
        Assert.Equal(1, result.NetworkAgreement);
    }

    [Fact]
    public void A_changed_folder_is_judged_with_a_warning()
    {
        string changed = Path.Combine(run.PathOf("changed"), "images");
        foreach (
            string file in Directory.EnumerateFiles(run.Options.Data.Path, "*", SearchOption.AllDirectories).Skip(1)
        )
        {
            string copy = Path.Combine(changed, Path.GetRelativePath(run.Options.Data.Path, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        var observer = new RecordingObserver();
        EvaluateResult result = ProxylessRun.Evaluate(
            run.Options.Out!,
            new RunOptions { Data = new() { Path = changed } },
            againstNetwork: false,
            observer,
            Cancellation
        );
        Assert.Equal((2 * FinishedRun.ImagesOfAClass) - 1, result.Images);
        Assert.Contains(observer.Warnings, warning => warning.Contains("too high", StringComparison.Ordinal));
    }

    [Fact]
    public void A_tighter_limit_is_met_by_a_derivation_and_its_network_is_trained()
    {
        string derived = run.PathOf("derived");
        double limit = run.Result.LatencyLimitMs * 0.9;
        SearchResult result = ProxylessRun.Derive(
            run.Options.Out!,
            RunConfigFile.Read(run.Directory.Config).WithTarget(target => target with { LatencyMs = limit }) with
            {
                Out = derived,
            },
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.InRange(result.LatencyMs, 0, limit);
        TrainResult trained = ProxylessRun.Train(
            RunConfigFile.Read(new RunDirectory(derived).Config),
            derived,
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal(derived, trained.Run);
        Assert.True(File.Exists(trained.Model));
        Assert.Equal(run.Options.Seed, RunConfigFile.Read(new RunDirectory(derived).Config).Seed);
    }

    [Fact]
    public void A_derivation_scores_networks_with_the_weights_of_the_search_and_takes_the_best_within_the_limit()
    {
        RunOptions options = RunConfigFile
            .Read(run.Directory.Config)
            .WithTarget(target => target with { LatencyMs = run.Result.LatencyLimitMs * 0.8 })
            .WithSearch(search => search with { Evaluations = 12 }) with
        {
            Out = run.PathOf("decided"),
        };
        SearchResult result = ProxylessRun.Derive(run.Options.Out!, options, NullRunObserver.Instance, Cancellation);
        SharedScore[] scores = [.. JsonLines.Read<SharedScore>(new RunDirectory(options.Out!).Scores)];
        SharedScore[] before = [.. JsonLines.Read<SharedScore>(run.Directory.Scores)];
        Assert.NotEmpty(before);
        Assert.Equal(before.Select(score => score.Loss), scores[..before.Length].Select(score => score.Loss));
        Assert.InRange(scores.Length, before.Length + 1, before.Length + 12);
        Assert.Equal(scores.Length, scores.Select(score => string.Join(',', score.Choice)).Distinct().Count());

        Architecture chosen = ArchitectureFile.Read(result.Architecture);
        SharedScore score = Assert.Single(scores, one => string.Join(',', one.Choice) == chosen.Metadata["choice"]);
        Assert.Equal(score.Top1, result.ValidationTop1);
        Assert.InRange(result.LatencyMs, 0, options.Target.LatencyMs!.Value);
    }

    [Fact]
    public void No_network_is_scored_twice_where_candidates_of_a_block_compute_the_same()
    {
        SharedScore[] scores = [.. JsonLines.Read<SharedScore>(run.Directory.Scores)];
        IReadOnlyList<SearchBlock> blocks = SearchSpacePresets.ByName("tiny").Blocks();
        IEnumerable<string> networks = scores.Select(score =>
            string.Join(
                ' ',
                score.Choice.Select((j, i) => blocks[i].Candidates[j].IsPassThrough ? "" : blocks[i].Candidates[j].Key)
            )
        );
        Assert.Equal(scores.Length, networks.Distinct().Count());
    }

    [Fact]
    public void Decided_again_at_its_own_limit_a_search_ends_with_the_same_network()
    {
        RunOptions options = RunConfigFile.Read(run.Directory.Config) with { Out = run.PathOf("again") };
        SearchResult result = ProxylessRun.Derive(run.Options.Out!, options, NullRunObserver.Instance, Cancellation);
        Assert.Equal(
            ArchitectureFile.Read(run.Result.Architecture).Metadata["choice"],
            ArchitectureFile.Read(result.Architecture).Metadata["choice"]
        );
        Assert.Equal(File.ReadAllText(run.Directory.Scores), File.ReadAllText(new RunDirectory(options.Out!).Scores));
    }

    [Fact]
    public void A_search_whose_last_weights_were_never_written_is_to_be_continued_first()
    {
        using var folder = new TemporaryFolder();
        RunDirectory killed = new(folder.Copy(run.Options.Out!, "killed"));
        SearchEpoch[] log = [.. JsonLines.Read<SearchEpoch>(killed.SearchLog)];
        JsonLines.Write<SearchEpoch>(killed.SearchLog, [.. log[..^1], log[^1] with { Step = log[^1].Step + 1 }]);
        RunOptions options = RunConfigFile
            .Read(killed.Config)
            .WithSearch(search => search with { Evaluations = 0 }) with
        {
            Out = Path.Combine(folder.Root, "derived"),
        };

        // One that has given its network had written them, and has only those that are left.
        ProxylessRun.Derive(killed.Root, options, NullRunObserver.Instance, Cancellation);
        File.Delete(killed.SearchResult);
        InvalidInputException refused = Assert.Throws<InvalidInputException>(() =>
            ProxylessRun.Derive(killed.Root, options with { Overwrite = true }, NullRunObserver.Instance, Cancellation)
        );
        Assert.Contains(
            $"continue it first: ProxylessRun.Search(RunOptions.Resume, RunOptions.Out = '{killed.Root}')",
            refused.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_search_whose_plan_was_removed_asks_for_it()
    {
        using var folder = new TemporaryFolder();
        string copy = folder.Copy(run.Directory.Root, "without-plan");
        var directory = new RunDirectory(copy);
        File.Delete(directory.Plan);
        RunOptions other = RunConfigFile.Read(directory.Config) with { Out = Path.Combine(folder.Root, "of-no-plan") };
        var resumed = new RunOptions { Out = copy, Resume = true };
        Assert.All(
            (Action[])
                [
                    () => ProxylessRun.Derive(copy, other, NullRunObserver.Instance, Cancellation),
                    () => ProxylessRun.Search(resumed, NullRunObserver.Instance, Cancellation),
                    () => ProxylessRun.Run(resumed, NullRunObserver.Instance, Cancellation),
                ],
            job =>
            {
                var refused = Assert.Throws<InvalidInputException>(job);
                Assert.StartsWith($"'{directory.Plan}' is missing", refused.Message, StringComparison.Ordinal);
                Assert.Contains("restore the file", refused.Message, StringComparison.Ordinal);
            }
        );
    }

    [Fact]
    public void Without_scores_the_architecture_parameters_alone_derive()
    {
        RunOptions options = RunConfigFile
            .Read(run.Directory.Config)
            .WithSearch(search => search with { Evaluations = 0 }) with
        {
            Out = run.PathOf("quick"),
        };
        SearchResult result = ProxylessRun.Derive(run.Options.Out!, options, NullRunObserver.Instance, Cancellation);
        double[][] last = [.. JsonLines.Read<SearchEpoch>(run.Directory.SearchLog)[^1].Probabilities];
        int[] likeliest = [.. last.Select(block => Array.IndexOf(block, block.Max()))];
        int[] chosen = [.. ArchitectureFile.Read(result.Architecture).Metadata["choice"].Split(',').Select(int.Parse)];

        // The limit leaves out the likeliest of some block at most.
        Assert.True(likeliest.Where((j, i) => chosen[i] != j).Count() <= likeliest.Length / 2);
        Assert.NotNull(result.ValidationTop1);
    }

    [Fact]
    public void Training_on_all_images_uses_those_of_the_architecture_and_keeps_the_last_epoch()
    {
        string folder = run.PathOf("on-all");
        RunOptions options = RunConfigFile
            .Read(run.Directory.Config)
            .WithTraining(training => training with { OnAll = true, Epochs = 2 }) with
        {
            Out = folder,
        };
        var observer = new RecordingObserver();
        TrainResult trained = ProxylessRun.Train(options, run.Options.Out!, observer, Cancellation);

        int images = (2 * FinishedRun.ImagesOfAClass) - FinishedRun.TestImages;
        int steps = 2 * (images / run.Options.Training.BatchSize!.Value);
        Assert.Contains(
            observer.Messages,
            message => message.StartsWith($"train: {steps} steps", StringComparison.Ordinal)
        );
        Assert.Null(trained.ValidationTop1);
        var directory = new RunDirectory(folder);
        SafeTensorsFile last = SafeTensorsFile.Read(directory.LastCheckpoint);
        Assert.All(
            SafeTensorsFile.Read(directory.BestCheckpoint).Tensors,
            tensor => Assert.Equal(last.Tensors[tensor.Key].Values, tensor.Value.Values)
        );
    }

    [Fact]
    public void A_process_that_follows_removes_the_checkpoint_that_it_has_read()
    {
        var context = RunContext.Open(RunConfigFile.Read(run.Directory.Config), NullRunObserver.Instance, Cancellation);
        string checkpoint = run.PathOf("received.safetensors");
        File.Copy(run.Directory.LastCheckpoint, checkpoint);
        long steps = long.Parse(SafeTensorsFile.Read(checkpoint).Metadata["step"]);
        using var state = new FollowerState(checkpoint);
        using var parallel = new DataParallel(new Follower());
        new SharedTraining(File.ReadAllText(run.Directory.Architecture), steps).Share(context, parallel, state);
        Assert.False(File.Exists(checkpoint));
    }

    [Fact]
    public void A_training_from_the_supernet_starts_with_the_weights_of_the_searched_path()
    {
        RunOptions options = RunConfigFile
            .Read(run.Directory.Config)
            .WithTraining(training => training with { FromSupernet = true });
        var context = RunContext.Open(options, NullRunObserver.Instance, Cancellation);
        using SuperNetwork network = SearchedNetwork.Open(
            context,
            run.Directory,
            new RunStore(run.Directory).ReadSearchLog()
        );
        Architecture found = ArchitectureFile.Read(run.Directory.Architecture);
        int[] choice = context.Space.ChoiceOf(found)!;
        var empty = new RunDirectory(run.PathOf("nothing-there"));
        using CompactNetwork start = TrainStage.Start(context, empty, run.Directory, found, Assert.Fail)!;
        Assert.All(
            network.TensorsOf(choice).Zip(start.Tensors),
            pair =>
                Assert.Equal(
                    pair.First.Value.contiguous().data<float>().ToArray(),
                    pair.Second.Value.contiguous().data<float>().ToArray()
                )
        );
    }

    [Fact]
    public void Weights_that_have_seen_what_would_be_test_images_are_refused()
    {
        RunOptions options = RunConfigFile
            .Read(run.Directory.Config)
            .WithTraining(training => training with { FromSupernet = true }) with
        {
            Seed = 6,
            Out = run.PathOf("other-seed"),
        };
        var exception = Assert.Throws<InvalidInputException>(() =>
            ProxylessRun.Train(options, run.Options.Out!, NullRunObserver.Instance, Cancellation)
        );
        Assert.Contains("RunOptions.Seed", exception.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(options.Out));
    }

    [Fact]
    public void What_was_trained_is_not_lost_by_training_it_again()
    {
        byte[] model = File.ReadAllBytes(run.Result.Model);
        InvalidInputException exception = Assert.Throws<InvalidInputException>(() =>
            ProxylessRun.Train(
                RunConfigFile.Read(run.Directory.Config),
                run.Options.Out!,
                NullRunObserver.Instance,
                Cancellation
            )
        );
        Assert.Contains("already trained", exception.Message, StringComparison.Ordinal);
        Assert.Equal(model, File.ReadAllBytes(run.Result.Model));
    }

    [Fact]
    public void A_run_that_cannot_begin_leaves_the_one_before_as_it_was()
    {
        byte[] model = File.ReadAllBytes(run.Result.Model);
        Assert.Throws<LimitNotMetException>(() =>
            ProxylessRun.Run(
                run.Options with
                {
                    Overwrite = true,
                    Target = run.Options.Target with { LatencyMs = 1e-6 },
                },
                NullRunObserver.Instance,
                Cancellation
            )
        );
        Assert.Throws<InvalidInputException>(() =>
            ProxylessRun.Run(
                run.Options with
                {
                    Overwrite = true,
                    Data = run.Options.Data with { Path = run.PathOf("nowhere") },
                },
                NullRunObserver.Instance,
                Cancellation
            )
        );
        Assert.Equal(model, File.ReadAllBytes(run.Result.Model));
        Assert.Equal(
            run.Result.Top1,
            ProxylessRun
                .Evaluate(run.Options.Out!, run.Options, againstNetwork: false, NullRunObserver.Instance, Cancellation)
                .Top1
        );
    }

    [Fact]
    public void A_limit_on_parameters_that_no_network_meets_is_refused_before_the_search()
    {
        var exception = Assert.Throws<LimitNotMetException>(() =>
            ProxylessRun.Search(
                run.Options with
                {
                    Out = run.PathOf("impossible"),
                    Target = run.Options.Target with { MaxParameters = 10 },
                },
                NullRunObserver.Instance,
                Cancellation
            )
        );
        Assert.Contains("the parameters limit 10 is impossible", exception.Message, StringComparison.Ordinal);
        Assert.Equal(("parameters", 10), (exception.Quantity, exception.Limit));
        Assert.True(exception.Least > 10);
        Assert.False(Directory.Exists(run.PathOf("impossible")));
    }

    /// <summary>The second of two processes, which hears what it says itself.</summary>
    private sealed class Follower : ICommunicator
    {
        public int Rank => 1;

        public int Size => 2;

        public string Description => "a process that follows";

        public void Sum(Span<float> values) { }

        public void Sum(Span<double> values) { }

        public bool SumOnDevice(nint first, long count) => true;

        public void Broadcast(Span<byte> bytes) { }

        public ulong[] Gather(ulong value) => [value, value];

        public void Meet() { }

        public void Abort(int code) => throw new NotSupportedException();

        public void Dispose() { }
    }
}
