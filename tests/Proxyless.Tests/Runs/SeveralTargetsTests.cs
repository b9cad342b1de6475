using System.Text.Json;
using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Measurement;
using Proxyless.Networks;
using Proxyless.Runs;
using Proxyless.Tests.Cli;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>One search for several machines.</summary>
[Collection(nameof(WholeRuns))]
public sealed class SeveralTargetsTests(FinishedRun run) : IClassFixture<FinishedRun>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Each_target_gets_an_architecture_within_its_own_limit_and_a_run_of_its_own()
    {
        (string slow, string fast) = Tables();
        double limit = run.Result.LatencyLimitMs;
        RunOptions options = Options("two", slow)
            .WithTarget(target => target with { LatencyMs = 3 * limit, AlsoFor = $"{fast}={Text(0.7 * limit)}" })
            .WithSearch(search => search with { Epochs = 4 });
        IReadOnlyList<SearchResult> results = ProxylessRun
            .SearchAll(options, NullRunObserver.Instance, Cancellation)
            .Networks;
        Assert.Equal(2, results.Count);
        Assert.InRange(results[0].LatencyMs, 0, 3 * limit);
        Assert.InRange(results[1].LatencyMs, 0, 0.7 * limit);
        foreach ((SearchResult result, string target) in results.Zip((string[])[slow, fast]))
        {
            var table = (TableTarget)TargetFile.Open(target);
            Assert.Equal(
                table.Predict(ArchitectureFile.Read(result.Architecture), NullRunObserver.Instance),
                result.LatencyMs,
                1e-9
            );
        }

        foreach (SearchResult result in results)
        {
            TrainResult trained = ProxylessRun.Train(
                RunConfigFile.Read(new RunDirectory(result.Run).Config),
                result.Run,
                NullRunObserver.Instance,
                Cancellation
            );
            Assert.Equal(result.Run, trained.Run);
            Assert.True(File.Exists(trained.Model));
        }

        SearchResult again = ProxylessRun.Derive(
            results[1].Run,
            RunConfigFile
                .Read(new RunDirectory(results[1].Run).Config)
                .WithTarget(target => target with { LatencyMs = limit }) with
            {
                Out = run.PathOf("two-derived"),
            },
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.InRange(again.LatencyMs, 0, limit);
    }

    [Fact]
    public void A_search_for_two_that_is_interrupted_ends_as_one_that_was_not()
    {
        (string slow, string fast) = Tables();
        double limit = run.Result.LatencyLimitMs;
        RunOptions whole = Options("whole", slow)
            .WithTarget(target => target with { LatencyMs = 2 * limit, AlsoFor = $"{fast}={Text(limit)}" })
            .WithSearch(search => search with { Epochs = 6 }) with
        {
            Threads = 1,
        };
        IReadOnlyList<SearchResult> expected = ProxylessRun
            .SearchAll(whole, NullRunObserver.Instance, Cancellation)
            .Networks;

        RunOptions parts = whole with { Out = run.PathOf("parts") };
        foreach (double share in (double[])[0.2, 0.6])
        {
            using var source = new CancellationTokenSource();
            var exception = Assert.Throws<RunInterruptedException>(() =>
                ProxylessRun.SearchAll(parts, new StopAt("search", share, source), source.Token)
            );
            Assert.Equal(source.Token, exception.CancellationToken);
            parts = new RunOptions
            {
                Out = parts.Out,
                Resume = true,
                Threads = 1,
            };
        }

        IReadOnlyList<SearchResult> actual = ProxylessRun
            .SearchAll(parts, NullRunObserver.Instance, Cancellation)
            .Networks;
        foreach ((SearchResult one, SearchResult other) in expected.Zip(actual))
        {
            Assert.Equal(
                File.ReadAllText(new RunDirectory(one.Run).SearchLog),
                File.ReadAllText(new RunDirectory(other.Run).SearchLog)
            );
            Assert.Equal(one.LatencyMs, other.LatencyMs);
            Assert.Equal(Path.GetFileName(one.Run), Path.GetFileName(other.Run));
        }
    }

    [Fact]
    public void One_target_that_cannot_be_served_does_not_keep_the_other_from_its_architecture()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the program of this test is a shell script");

        // A machine that is there for its profile, and gone when the network is to be measured.
        string gone = run.PathOf("gone");
        string script = run.PathOf("gone.sh");
        File.WriteAllText(script, $"[ -e '{gone}' ] && {{ echo no device; exit 1; }}\necho \"$(wc -c < \"$1\") us\"\n");
        string target = run.PathOf("gone.yaml");
        File.WriteAllText(
            target,
            $"kind: command\ncommand: [sh, '{script}', '{{model}}']\npattern: '([0-9]+) us'\nunit: us\nrepeats: 1\n"
        );
        (_, string fast) = Tables();
        RunOptions options = Options("one-gone", target)
            .WithTarget(target =>
                target with
                {
                    LatencyMs = 1000,
                    AlsoFor = $"{fast}={Text(2 * run.Result.LatencyLimitMs)}",
                }
            );
        var observer = new GoneWhenSearched(gone);
        LimitResults<SearchResult> results = ProxylessRun.SearchAll(options, observer, Cancellation);
        LimitFailure failure = Assert.Single(results.Failures);
        Assert.Contains("no device", failure.Message, StringComparison.Ordinal);
        Assert.Equal(target, failure.Target);
        Assert.Equal(Path.Combine(options.Out!, "fast"), Assert.Single(results.Networks).Run);
        Assert.True(File.Exists(new RunDirectory(Path.Combine(options.Out!, "fast")).Architecture));
        DateTime written = File.GetLastWriteTimeUtc(new RunDirectory(Path.Combine(options.Out!, "fast")).Architecture);

        File.Delete(gone);
        Assert.Equal(
            2,
            ProxylessRun
                .SearchAll(new RunOptions { Out = options.Out, Resume = true }, NullRunObserver.Instance, Cancellation)
                .Networks.Count
        );
        Assert.Equal(
            written,
            File.GetLastWriteTimeUtc(new RunDirectory(Path.Combine(options.Out!, "fast")).Architecture)
        );
    }

    [Fact]
    public void What_waiting_for_a_target_out_of_reach_took_is_not_charged_to_the_next()
    {
        var time = new ManualClock();
        RunOptions options = run.Options with { Overwrite = true, Target = run.Options.Target with { AlsoFor = null } };
        RunContext context = RunOpening.OpenImages(
            options,
            null,
            new RunClock(time),
            NullRunObserver.Instance,
            Cancellation
        );
        using ITarget table = TargetFile.Open(run.Options.Target.Name);
        var goal = SearchGoal.Find(context, table, null);
        var store = new RunStore(new RunDirectory(run.PathOf("out-of-reach")));
        int[] first = [.. context.Space.Blocks().Select(_ => 0)];
        SearchGoal far = goal with
        {
            Target = new TargetOutOfReach(time, seconds: 100),
            Table = goal.Table with { Reference = new LatencyReference(first, 1) },
        };
        SearchPart[] parts =
        [
            .. new[] { far, goal }.Select(
                (one, i) =>
                    new SearchPart(
                        context,
                        new RunStore(new RunDirectory(Path.Combine(store.Directory.Root, $"{i}"))),
                        one
                    )
            ),
        ];
        time.Seconds += 7;
        IReadOnlyList<PartResult<DerivedNetwork>> results = SearchStage.Run(store, parts, timeShare: 1);
        var unavailable = Assert.IsType<TargetUnavailableException>(results[0].Failure);
        Assert.Contains("out of reach", unavailable.Message, StringComparison.Ordinal);
        Assert.NotNull(results[1].Value);
        Assert.Equal(7, parts[1].Store.ReadSearchResult().Seconds);
        Assert.Equal(107, store.Plan.SearchSeconds);
    }

    [Fact]
    public void The_folder_around_the_targets_runs_is_not_one_of_them()
    {
        (string slow, string fast) = Tables();
        double limit = run.Result.LatencyLimitMs;
        RunOptions options = Options("around", slow)
            .WithTarget(target => target with { LatencyMs = 3 * limit, AlsoFor = $"{fast}={Text(limit)}" });
        ProxylessRun.SearchAll(options, NullRunObserver.Instance, Cancellation);
        Action[] wrong =
        [
            () =>
                ProxylessRun.Train(
                    RunConfigFile.Read(new RunDirectory(options.Out!).Config),
                    options.Out!,
                    NullRunObserver.Instance,
                    Cancellation
                ),
            () =>
                ProxylessRun.DeriveAll(
                    options.Out!,
                    options with
                    {
                        Out = run.PathOf("around-derived"),
                    },
                    NullRunObserver.Instance,
                    Cancellation
                ),
        ];
        Assert.All(
            wrong,
            call =>
                Assert.Contains(
                    Path.Combine(options.Out!, "fast"),
                    Assert.Throws<InvalidInputException>(call).Message,
                    StringComparison.Ordinal
                )
        );
    }

    [Fact]
    public void A_target_alone_is_searched_for_as_ever()
    {
        SearchResult result = Assert.Single(
            ProxylessRun
                .SearchAll(Options("alone", run.Options.Target.Name), NullRunObserver.Instance, Cancellation)
                .Networks
        );
        Assert.Equal(run.PathOf("alone"), result.Run);
    }

    [Fact]
    public void What_one_target_has_pruned_another_still_has()
    {
        (string slow, string fast) = Tables();
        double limit = run.Result.LatencyLimitMs;

        // Pruned as soon as they fall behind, so that the two part ways within a few steps.
        RunOptions options = Options("pruned", slow)
            .WithTarget(target => target with { LatencyMs = 3 * limit, AlsoFor = $"{fast}={Text(0.5 * limit)}" })
            .WithSearch(search =>
                search with
                {
                    Epochs = 6,
                    PruneThreshold = 0.15,
                    ArchitectureInterval = 1,
                    WarmupShare = 0.1,
                }
            );
        IReadOnlyList<SearchResult> results = ProxylessRun
            .SearchAll(options, NullRunObserver.Instance, Cancellation)
            .Networks;
        double[][][] last =
        [
            .. results.Select(result =>
                JsonSerializer
                    .Deserialize<JsonElement>(File.ReadLines(new RunDirectory(result.Run).SearchLog).Last())
                    .GetProperty("probabilities")
                    .EnumerateArray()
                    .Select(block => block.EnumerateArray().Select(p => p.GetDouble()).ToArray())
                    .ToArray()
            ),
        ];
        bool differ = false;
        for (int i = 0; i < last[0].Length; i++)
        {
            for (int j = 0; j < last[0][i].Length; j++)
            {
                differ |= (last[0][i][j] == 0) != (last[1][i][j] == 0);
            }
        }

        // Another limit may need what is gone: networks cannot be scored for it, the probabilities are there.
        RunOptions derived = RunConfigFile
            .Read(new RunDirectory(results[1].Run).Config)
            .WithTarget(target => target with { LatencyMs = 0.6 * limit })
            .WithSearch(search => search with { Evaluations = 5 }) with
        {
            Out = Path.Combine(options.Out!, "derived"),
        };
        var refused = Assert.Throws<InvalidInputException>(() =>
            ProxylessRun.Derive(results[1].Run, derived, NullRunObserver.Instance, Cancellation)
        );
        Assert.Contains("SearchOptions.Evaluations = 0", refused.Message, StringComparison.Ordinal);
        SearchResult quick = ProxylessRun.Derive(
            results[1].Run,
            derived with
            {
                Search = derived.Search with { Evaluations = 0 },
            },
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.InRange(quick.LatencyMs, 0, derived.Target.LatencyMs!.Value);

        // The weights that both have given up are gone from the checkpoint, and no others.
        var kept = SafeTensorsFile.Read(new RunDirectory(options.Out!).SearchCheckpoint).Tensors.Keys.ToHashSet();
        using var network = new SuperNetwork(SearchSpacePresets.ByName("tiny"), 2, new NetworkOptions());
        for (int i = 0; i < last[0].Length; i++)
        {
            for (int j = 0; j < last[0][i].Length; j++)
            {
                bool wanted = last.Any(target => target[i][j] > 0);
                Assert.All(network.Blocks[i][j].Tensors, tensor => Assert.Equal(wanted, kept.Contains(tensor.Name)));
            }
        }

        Assert.True(
            last[0].Zip(last[1]).Any(block => block.First.Zip(block.Second).Any(pair => pair is (0.0, 0.0))),
            "nothing was pruned by both: the test shows nothing"
        );
        Assert.True(differ, "both targets pruned the same candidates: the test shows nothing");
        Assert.All(results, result => Assert.NotNull(result.ValidationTop1));
    }

    [Theory]
    [InlineData("ProxylessRun.RunAll, SearchAll and DeriveAll make them", "run", "--target", "cpu")]
    [InlineData("say whose limit it is", "search", "--target", "cpu", "--target", "cpu:1:8", "--latency", "5")]
    [InlineData("'cpu:1:8' has no limit", "search", "--target", "cpu", "--target", "cpu:1:8", "--latency", "cpu=5")]
    [InlineData("'gpu' is none of the targets", "search", "--target", "cpu", "--latency", "gpu=5")]
    [InlineData("given twice", "search", "--target", "cpu", "--target", "cpu")]
    [InlineData("allowed are numbers", "search", "--latency", "fast")]
    public void What_does_not_fit_together_is_refused(string named, params string[] words)
    {
        if (words[0] == "run")
        {
            Assert.Contains(
                named,
                Assert
                    .Throws<InvalidInputException>(() =>
                        ProxylessRun.Run(
                            Options("refused", "cpu").WithTarget(target => target with { AlsoFor = "cpu:1:8=5" }),
                            NullRunObserver.Instance,
                            Cancellation
                        )
                    )
                    .Message,
                StringComparison.Ordinal
            );
            return;
        }

        CommandLineRun refused = CommandLineRun.Of(words);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(named, refused.Error, StringComparison.Ordinal);
    }

    private sealed class GoneWhenSearched(string file) : IRunObserver
    {
        public void Progress(RunProgress progress)
        {
            if (progress is { Stage: "search" } && progress.Done == progress.Total)
            {
                File.WriteAllText(file, "");
            }
        }

        public void Message(string text) { }

        public void Warning(string text) { }
    }

    /// <summary>A machine that was there for its profile: each try to reach it takes some seconds and fails.</summary>
    private sealed class TargetOutOfReach(ManualClock time, int seconds) : IModelTimer
    {
        public string Name => "far";

        public string Id => Name;

        public int Batch => 1;

        public Timing Time(byte[] onnx, CancellationToken cancellationToken) => throw Failure();

        public NetworkLatency Compare(
            byte[] onnx,
            byte[] reference,
            double referenceMs,
            CancellationToken cancellationToken
        ) => throw Failure();

        public LatencyTable Profile(
            SearchSpace space,
            int classes,
            ProfileMode mode,
            string? partial,
            IRunObserver observer,
            CancellationToken cancellationToken
        ) => throw Failure();

        public void Dispose() { }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private TargetUnavailableException Failure()
        {
            time.Seconds += seconds;
            return new TargetUnavailableException("out of reach");
        }
    }

    private static string Text(double number) =>
        number.ToString("R", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Two machines by the table of the run: one three times as slow as the other, in every part.</summary>
    private (string Slow, string Fast) Tables()
    {
        LatencyTable table = LatencyTableFile.Read(run.Directory.Latency);
        LatencyTableFile.Write(run.PathOf("slow.json"), table.WithCorrection(3));
        LatencyTableFile.Write(run.PathOf("fast.json"), table);
        foreach (string name in (string[])["slow", "fast"])
        {
            File.WriteAllText(run.PathOf($"{name}.yaml"), $"kind: table\nfile: {name}.json\n");
        }

        return (run.PathOf("slow.yaml"), run.PathOf("fast.yaml"));
    }

    private RunOptions Options(string name, string target) =>
        run.Options with
        {
            Out = run.PathOf(name),
            Target = run.Options.Target with { Name = target },
        };
}
