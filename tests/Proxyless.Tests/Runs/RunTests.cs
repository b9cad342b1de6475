using System.Text.Json;
using Proxyless.Architectures;
using Proxyless.Runs;
using Proxyless.Search;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Runs;

[Collection(nameof(WholeRuns))]
public sealed class RunTests
{
    // Half of two epochs is the end of the first: the step after which an epoch is logged, judged and saved.
    [Theory]
    [InlineData(0.1, ObjectiveKind.Budget, null, 0)]
    [InlineData(0.5, ObjectiveKind.Budget, 0.9, 0.2)]
    [InlineData(0.4, ObjectiveKind.Equality, null, 0)]
    public void An_interrupted_run_that_is_resumed_ends_as_one_that_was_not(
        double share,
        ObjectiveKind objective,
        double? ema,
        double dropout
    )
    {
        using var folder = new TemporaryFolder();
        RunOptions options = FinishedRun
            .OptionsIn(folder)
            .WithSearch(search => search with { Objective = objective, Epochs = 2 })
            .WithTraining(training => training with { Ema = ema, Dropout = dropout, BatchSize = 8, Epochs = 2 }) with
        {
            Out = Path.Combine(folder.Root, "whole"),
            Threads = 1,
        };
        ProxylessRun.Run(options, NullRunObserver.Instance, TestContext.Current.CancellationToken);

        RunOptions second = options with { Out = Path.Combine(folder.Root, "interrupted") };
        foreach (string stage in (string[])["search", "train"])
        {
            using var source = new CancellationTokenSource();
            var observer = new StopAt(stage, share, source);
            RunInterruptedException exception = Assert.Throws<RunInterruptedException>(() =>
                ProxylessRun.Run(second, observer, source.Token)
            );
            Assert.Equal(second.Out, exception.Run);
            Assert.Equal(source.Token, exception.CancellationToken);

            // Whatever else is said on a resume: the run goes on as it began.
            second = new RunOptions
            {
                Out = second.Out,
                Resume = true,
                Training = new() { BatchSize = 32 },
                Seed = 9,
            };
        }

        ProxylessRun.Run(second, NullRunObserver.Instance, TestContext.Current.CancellationToken);
        foreach (string log in (string[])["search.jsonl", "training.jsonl"])
        {
            string[] lines = File.ReadAllLines(Path.Combine(options.Out!, log));
            Assert.Equal(2, lines.Length);
            Assert.Equal(lines, File.ReadAllLines(Path.Combine(second.Out!, log)));
        }

        Assert.Equal(
            File.ReadAllBytes(new RunDirectory(options.Out!).BestCheckpoint),
            File.ReadAllBytes(new RunDirectory(second.Out!).BestCheckpoint)
        );
        Assert.True(File.Exists(Path.Combine(second.Out!, "report.html")));
    }

    [Fact]
    public void Equality_holds_the_expected_latency_at_its_limit_also_where_candidates_are_pruned()
    {
        using var folder = new TemporaryFolder();
        RunOptions options = FinishedRun
            .OptionsIn(folder)
            .WithSearch(search =>
                search with
                {
                    Objective = ObjectiveKind.Equality,
                    Epochs = 8,
                    WarmupShare = 0.1,
                    ArchitectureInterval = 1,
                    PruneThreshold = 0.15,
                }
            )
            .WithTraining(training => training with { BatchSize = 8 }) with
        {
            Out = Path.Combine(folder.Root, "run"),
            Threads = 1,
        };
        var observer = new RecordingObserver();
        SearchResult result = ProxylessRun.Search(options, observer, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(observer.Messages, message => message.StartsWith("equality", StringComparison.Ordinal));
        Assert.InRange(result.LatencyMs, 0, result.LatencyLimitMs);
        JsonElement[] epochs =
        [
            .. File.ReadLines(Path.Combine(options.Out!, "search.jsonl"))
                .Select(line => JsonSerializer.Deserialize<JsonElement>(line)),
        ];
        Assert.All(
            epochs,
            epoch =>
                Assert.Equal(
                    result.LatencyLimitMs,
                    epoch.GetProperty("expected_costs").GetProperty("latency").GetDouble(),
                    1e-6 * result.LatencyLimitMs
                )
        );
        JsonElement pruned = epochs.SelectMany(epoch => epoch.GetProperty("pruned").EnumerateArray()).First();

        // An architecture of what was pruned has no weights to start from.
        var directory = new RunDirectory(options.Out!);
        var context = RunContext.Open(
            RunConfigFile.Read(directory.Config).WithTraining(training => training with { FromSupernet = true }),
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );
        int[] choice = context.Space.ChoiceOf(ArchitectureFile.Read(directory.Architecture))!;
        choice[pruned[0].GetInt32()] = pruned[1].GetInt32();
        string reason = "";
        Assert.Null(
            TrainStage.Start(
                context,
                directory,
                directory,
                context.Space.Architecture(choice, context.Classes, "pruned"),
                text => reason = text
            )
        );
        Assert.Contains("pruned", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void An_equality_that_no_network_can_use_up_is_told_once()
    {
        using var folder = new TemporaryFolder();
        RunOptions options = FinishedRun
            .OptionsIn(folder)
            .WithSearch(search => search with { Objective = ObjectiveKind.Equality })
            .WithTarget(target => target with { LatencyMs = 1000 }) with
        {
            Out = Path.Combine(folder.Root, "run"),
        };
        var observer = new RecordingObserver();
        ProxylessRun.Search(options, observer, TestContext.Current.CancellationToken);
        string message = Assert.Single(
            observer.Messages,
            message => message.StartsWith("equality", StringComparison.Ordinal)
        );
        Assert.Contains("of the limit 1000 ms", message, StringComparison.Ordinal);
        Assert.Contains("the losses alone decide", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_limit_that_no_network_meets_is_refused_with_the_smallest_there_is()
    {
        using var folder = new TemporaryFolder();
        RunOptions options = FinishedRun.OptionsIn(folder).WithTarget(target => target with { LatencyMs = 1e-6 }) with
        {
            Out = Path.Combine(folder.Root, "run"),
        };
        var exception = Assert.Throws<LimitNotMetException>(() =>
            ProxylessRun.Search(options, NullRunObserver.Instance, TestContext.Current.CancellationToken)
        );
        Assert.Contains("smallest", exception.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(options.Out));
    }

    [Fact]
    public void Options_that_would_do_nothing_are_refused_where_a_search_begins()
    {
        static string Message(RunOptions options) =>
            Assert
                .Throws<InvalidInputException>(() =>
                    ProxylessRun.Search(options, NullRunObserver.Instance, TestContext.Current.CancellationToken)
                )
                .Message;
        Assert.Contains(
            "SearchOptions.CorrectPairs",
            Message(
                new RunOptions
                {
                    Search = new() { CorrectPairs = true, Update = ArchitectureUpdate.FullPath },
                }
            ),
            StringComparison.Ordinal
        );
        SearchOptions[] idle =
        [
            new() { ObjectiveWeight = 0.7 },
            new() { ObjectiveWeight = 0.7, Objective = ObjectiveKind.Equality },
            new() { ReinforceSamples = 8 },
            new() { ReinforceSamples = 8, Update = ArchitectureUpdate.FullPath },
            new() { Evaluations = 0, Finalists = 8 },
        ];
        Assert.All(
            idle,
            search =>
                Assert.Contains(
                    search.ReinforceSamples == 8 ? "SearchOptions.ReinforceSamples"
                        : search.Finalists == 8 ? "SearchOptions.Finalists"
                        : "SearchOptions.ObjectiveWeight",
                    Message(new RunOptions { Search = search }),
                    StringComparison.Ordinal
                )
        );
        RunOptions used = new()
        {
            Search = new()
            {
                ObjectiveWeight = 0.7,
                Objective = ObjectiveKind.Linear,
                ReinforceSamples = 8,
                Update = ArchitectureUpdate.LeaveOneOut,
            },
        };
        Assert.NotNull(used.ValidateForSearch());
        Assert.NotNull(new RunOptions { Search = idle[0], Resume = true }.ValidateForSearch());
        Assert.Contains(
            "RunOptions.Time",
            Message(
                new RunOptions
                {
                    Time = TimeSpan.FromHours(1),
                    Search = new() { Epochs = 2 },
                }
            ),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "ObjectiveKind.Log",
            Message(
                new RunOptions
                {
                    Search = new() { Objective = ObjectiveKind.Log },
                    Target = new() { MaxMacs = 1_000_000 },
                }
            ),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "RunOptions.Time",
            Assert
                .Throws<InvalidInputException>(() =>
                    ProxylessRun.Run(
                        new RunOptions
                        {
                            Time = TimeSpan.FromHours(1),
                            Search = new() { Epochs = 2 },
                            Training = new() { Epochs = 2 },
                        },
                        NullRunObserver.Instance,
                        TestContext.Current.CancellationToken
                    )
                )
                .Message,
            StringComparison.Ordinal
        );

        // A network that such a search has found can still be derived under another limit.
        Assert.NotNull(
            new RunOptions
            {
                Search = new() { Objective = ObjectiveKind.Log },
                Target = new() { MaxMacs = 1_000_000 },
            }.Validate()
        );
    }

    /// <summary>The time is kept, and the user is told what it leaves out.</summary>
    [Fact]
    public void A_time_with_room_for_no_architecture_step_is_kept()
    {
        using var folder = new TemporaryFolder();
        RunOptions options = FinishedRun.OptionsIn(folder);
        options = options with
        {
            Out = Path.Combine(folder.Root, "run"),
            Time = TimeSpan.FromSeconds(1),
            Search = options.Search with { Epochs = null, ArchitectureInterval = 1_000_000, Evaluations = 0 },
        };
        var observer = new RecordingObserver();

        ProxylessRun.Search(options, observer, TestContext.Current.CancellationToken);

        SearchPlan plan = new RunStore(new RunDirectory(options.Out!)).Plan.Search!;
        Assert.InRange(plan.WeightSteps, 4, 999_999);
        Assert.Equal(0, plan.ArchitectureSteps);
        Assert.Contains(
            observer.Warnings,
            warning => warning.Contains("SearchOptions.ArchitectureInterval = 1000000", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("mobilenet-v2", null)]
    [InlineData("efficientnet-lite0", "efficientnet-lite0")]
    public void A_time_beside_the_epochs_of_a_training_is_refused_where_it_begins(string network, string? weights)
    {
        using var folder = new TemporaryFolder();
        var options = new RunOptions
        {
            Time = TimeSpan.FromHours(2),
            Training = new() { Epochs = 60, Weights = weights },
            Out = Path.Combine(folder.Root, "run"),
        };
        string Message(bool resume) =>
            Assert
                .Throws<InvalidInputException>(() =>
                    ProxylessRun.Train(
                        options with
                        {
                            Resume = resume,
                        },
                        network,
                        NullRunObserver.Instance,
                        TestContext.Current.CancellationToken
                    )
                )
                .Message;
        Assert.Contains("RunOptions.Time has nothing to decide", Message(resume: false), StringComparison.Ordinal);

        // A training of before goes on.
        Assert.Contains("there is no run", Message(resume: true), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_holds_something_is_left_alone()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Root, "thesis.txt");
        File.WriteAllText(file, "precious");
        Assert.Throws<InvalidInputException>(() => RunDirectory.Choose(folder.Root, resume: false, overwrite: false));
        Assert.Throws<InvalidInputException>(() => RunDirectory.Choose(folder.Root, resume: false, overwrite: true));
        Assert.Throws<InvalidInputException>(() => RunDirectory.Choose(folder.Root, resume: true, overwrite: false));
        Assert.Equal("precious", File.ReadAllText(file));
    }

    [Fact]
    public void Options_written_as_yaml_are_read_back()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Root, "config.yaml");
        var options = new RunOptions
        {
            Data = new() { Path = "photos" },
            Target = new() { LatencyMs = 2.5 },
            Time = TimeSpan.FromMinutes(90),
            Search = new() { Update = Proxyless.Search.ArchitectureUpdate.FullPath, Objective = ObjectiveKind.Log },
            Training = new() { Ema = 0.999 },
        };
        RunConfigFile.Write(path, options);
        Assert.Equal(options, RunConfigFile.Read(path));
        Assert.Contains("latency: 2.5", File.ReadAllText(path), StringComparison.Ordinal);
    }
}
