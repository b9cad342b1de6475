using System.Globalization;
using System.Text.Json;
using Proxyless.Architectures;
using Proxyless.Comparisons;
using Proxyless.Files;
using Proxyless.Runs;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>One search, a network for each of several limits.</summary>
[Collection(nameof(WholeRuns))]
public sealed class SeveralLimitsTests(FinishedRun run) : IClassFixture<FinishedRun>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Each_limit_gets_a_model_and_one_that_cannot_be_met_does_not_keep_the_others_from_theirs()
    {
        double middle = run.Result.LatencyLimitMs;
        double[] limits = [0.8 * middle, 1e-6, 1.5 * middle];
        string folder = run.PathOf("front");
        CommandLineRun made = Cli("run", "--latency", string.Join(',', limits.Select(Text)), "--out", folder);
        Assert.Equal(1, made.ExitCode);
        JsonElement result = JsonSerializer.Deserialize<JsonElement>(made.Output);
        JsonElement[] networks = [.. result.GetProperty("networks").EnumerateArray()];
        Assert.Equal(2, networks.Length);
        JsonElement failure = Assert.Single(result.GetProperty("failures").EnumerateArray());
        Assert.Equal(1e-6, failure.GetProperty("latency_limit_ms").GetDouble());
        Assert.Contains($"error: {failure.GetProperty("message").GetString()}", made.Error, StringComparison.Ordinal);
        foreach ((JsonElement network, double limit) in networks.Zip([limits[0], limits[2]]))
        {
            string own = Path.Combine(folder, $"{Text(limit)}ms");
            Assert.Equal(own, network.GetProperty("run").GetString());
            Assert.InRange(network.GetProperty("latency_ms").GetDouble(), 0, limit);
            Assert.True(File.Exists(Path.Combine(own, "model.onnx")));
            Assert.Contains(
                "What another millisecond buys",
                File.ReadAllText(Path.Combine(own, "report.html")),
                StringComparison.Ordinal
            );

            // A run like any other: its model is judged, and its options are of its limit alone.
            Assert.Equal(0, CommandLineRun.Of("evaluate", "--model", own, "--json").ExitCode);
            Assert.Equal(limit, RunConfigFile.Read(new RunDirectory(own).Config).Target.LatencyMs);
        }

        AssertFront(folder, [limits[0], limits[2]]);

        // The folder of all has no model: those in it are listed.
        foreach (
            string[] words in (string[][])
                [
                    ["predict", "--model", folder, run.PathOf("nothing.jpg")],
                    ["evaluate", "--model", folder],
                    ["export", "--run", folder, "--out", run.PathOf("model.onnx")],
                    ["train", "--arch", folder],
                    ["describe", "--arch", folder],
                ]
        )
        {
            CommandLineRun refused = CommandLineRun.Of(words);
            Assert.Equal(2, refused.ExitCode);
            Assert.Contains(Path.Combine(folder, $"{Text(limits[0])}ms"), refused.Error, StringComparison.Ordinal);
            Assert.Contains(Path.Combine(folder, $"{Text(limits[2])}ms"), refused.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Derived_from_one_search_are_networks_for_several_limits_and_again_from_theirs()
    {
        double middle = run.Result.LatencyLimitMs;
        string front = run.PathOf("derived-front");
        double[] limits = [0.7 * middle, 1.3 * middle];
        LimitResults<SearchResult> results = ProxylessRun.DeriveAll(
            run.Directory.Root,
            RunConfigFile
                .Read(run.Directory.Config)
                .WithTarget(target =>
                    target with
                    {
                        LatencyMs = limits[0],
                        AlsoFor = $"{run.Options.Target.Name}={Text(limits[1])}",
                    }
                )
                .WithSearch(search => search with { Evaluations = 12 }) with
            {
                Out = front,
            },
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Empty(results.Failures);
        Assert.All(results.Networks.Zip(limits), pair => Assert.InRange(pair.First.LatencyMs, 0, pair.Second));
        AssertFront(front, limits);

        // The folder of all is a search of one target, from which another limit is derived.
        string again = run.PathOf("derived-again");
        CommandLineRun derived = CommandLineRun.Of(
            "derive",
            "--run",
            front,
            "--latency",
            Text(middle),
            "--evaluations",
            "5",
            "--finalists",
            "1",
            "--out",
            again,
            "--json"
        );
        Assert.True(derived.ExitCode == 0, derived.Error);
        Assert.Equal(again, JsonSerializer.Deserialize<JsonElement>(derived.Output).GetProperty("run").GetString());
        Assert.True(File.Exists(new RunDirectory(again).Architecture));

        // It has the weights that its networks share, though no network of its own.
        ComparisonResult compared = ProxylessComparison.Run(
            run.Comparison("scored-by-front", [results.Networks[1].Run], seeds: 1) with
            {
                ScoredBy = front,
            },
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal(
            ArchitectureFile.Read(new RunDirectory(results.Networks[1].Run).Architecture).Metadata["supernet_top1"],
            compared.Networks[0].SharedTop1!.Value.ToString("R", CultureInfo.InvariantCulture)
        );
    }

    [Fact]
    public void What_is_derived_is_trained_where_that_is_asked_for()
    {
        string folder = run.PathOf("derived-trained");
        string[] words =
        [
            "derive",
            "--run",
            run.Directory.Root,
            "--latency",
            string.Join(',', ((double[])[0.9, 1.2]).Select(share => Text(share * run.Result.LatencyLimitMs))),
            "--evaluations",
            "4",
            "--finalists",
            "1",
            "--train-epochs",
            "0.5",
            "--from-supernet",
            "--out",
            folder,
            "--json",
        ];
        CommandLineRun idle = CommandLineRun.Of(words);
        Assert.Equal(2, idle.ExitCode);
        Assert.Contains("nothing to do without --train", idle.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));

        CommandLineRun trained = CommandLineRun.Of([.. words, "--train"]);
        Assert.True(trained.ExitCode == 0, trained.Error);
        JsonElement[] networks =
        [
            .. JsonSerializer.Deserialize<JsonElement>(trained.Output).GetProperty("networks").EnumerateArray(),
        ];
        Assert.Equal(2, networks.Length);
        foreach (JsonElement network in networks)
        {
            string model = network.GetProperty("training").GetProperty("model").GetString()!;
            Assert.Equal(0, CommandLineRun.Of("evaluate", "--model", model, "--data", run.Options.Data.Path).ExitCode);
            var own = new RunDirectory(Path.GetDirectoryName(model)!);
            Assert.True(RunConfigFile.Read(own.Config).Training.FromSupernet);
            string report = File.ReadAllText(own.Report);
            Assert.Contains("id=\"training\"", report, StringComparison.Ordinal);
            Assert.Contains("id=\"trust\"", report, StringComparison.Ordinal);
            Assert.True(File.Exists(own.Answers));
        }
    }

    [Fact]
    public void A_run_for_several_limits_that_is_interrupted_ends_as_one_that_was_not()
    {
        double middle = run.Result.LatencyLimitMs;
        RunOptions whole = run.Options with
        {
            Out = run.PathOf("whole"),
            Target = run.Options.Target with
            {
                LatencyMs = 0.8 * middle,
                AlsoFor = $"{run.Options.Target.Name}={Text(1.4 * middle)}",
            },
            Search = run.Options.Search with { Evaluations = 10 },
            Threads = 1,
        };
        LimitResults<RunResult> expected = ProxylessRun.RunAll(whole, NullRunObserver.Instance, Cancellation);

        RunOptions parts = whole with { Out = run.PathOf("parts") };
        Func<CancellationTokenSource, IRunObserver>[] stops =
        [
            source => new StopAt("search", 0.5, source),
            source => MessageObserver.StopAt(text => text.StartsWith("decided:", StringComparison.Ordinal), source),
            source => new StopAt("train", 0.5, source),
        ];
        foreach (Func<CancellationTokenSource, IRunObserver> stop in stops)
        {
            using var source = new CancellationTokenSource();
            Assert.Throws<RunInterruptedException>(() => ProxylessRun.RunAll(parts, stop(source), source.Token));
            parts = new RunOptions
            {
                Out = parts.Out,
                Resume = true,
                Threads = 1,
            };
        }

        // As after a process that was killed before it wrote the fronts.
        foreach (string folder in Directory.EnumerateDirectories(parts.Out!))
        {
            var store = new RunStore(new RunDirectory(folder));
            if (store.IsDerived)
            {
                store.Write(store.ReadSearchResult() with { Front = null });
                File.Delete(store.Directory.Scores);
            }
        }

        LimitResults<RunResult> actual = ProxylessRun.RunAll(parts, NullRunObserver.Instance, Cancellation);
        Assert.Equal(2, actual.Networks.Count);
        Assert.Equal(
            File.ReadAllText(new RunDirectory(expected.Run).Scores),
            File.ReadAllText(new RunDirectory(actual.Run).Scores)
        );
        foreach ((RunResult one, RunResult other) in expected.Networks.Zip(actual.Networks))
        {
            Assert.Equal(one.Top1, other.Top1);
            Assert.Equal(
                ArchitectureFile.Read(one.Architecture).Metadata["choice"],
                ArchitectureFile.Read(other.Architecture).Metadata["choice"]
            );
            Assert.Equal(
                File.ReadAllText(new RunDirectory(one.Run).TrainingLog),
                File.ReadAllText(new RunDirectory(other.Run).TrainingLog)
            );
            Assert.Equal(
                File.ReadAllText(new RunDirectory(one.Run).Scores),
                File.ReadAllText(new RunDirectory(other.Run).Scores)
            );
            Assert.NotNull(new RunStore(new RunDirectory(other.Run)).ReadSearchResult().Front);
        }
    }

    [Fact]
    public void The_network_of_a_tighter_limit_is_in_the_final_round_of_a_wider_one()
    {
        double[] limits = [1.4 * run.Result.LatencyLimitMs, 0.8 * run.Result.LatencyLimitMs];
        RunOptions options = run.Options with
        {
            Out = run.PathOf("tighter"),
            Target = run.Options.Target with
            {
                LatencyMs = limits[0],
                AlsoFor = $"{run.Options.Target.Name}={Text(limits[1])}",
            },
            Search = run.Options.Search with { Epochs = 3, Evaluations = 6, Finalists = 2 },
        };
        LimitResults<SearchResult> results = ProxylessRun.SearchAll(options, NullRunObserver.Instance, Cancellation);
        Assert.Empty(results.Failures);
        Assert.Equal(limits, results.Networks.Select(network => network.LatencyLimitMs));
        string tighter = ArchitectureFile.Read(results.Networks[1].Architecture).Metadata["choice"];
        Assert.Equal(2, results.Networks[0].Tried.Count);
        Assert.Contains(results.Networks[0].Tried, tried => string.Join(",", tried.Choice) == tighter);
    }

    [Fact]
    public void A_single_limit_has_a_front_over_the_whole_range_too()
    {
        SearchResult result = new RunStore(run.Directory).ReadSearchResult();
        Assert.Equal(run.Directory.Report, result.Report);
        NetworkFront front = result.Front!;
        Assert.True(front.Scored.Count > 50, $"{front.Scored.Count} networks");
        Assert.True(front.Scored.Max(point => point.LatencyMs) > run.Result.LatencyLimitMs);
        Assert.Equal(front.Best.OrderBy(point => point.LatencyMs), front.Best);
        Assert.Equal(front.Best.OrderBy(point => point.Top1), front.Best);
        Assert.True(File.Exists(run.Directory.FrontPicture));
    }

    [Fact]
    public void A_limit_is_decided_once_the_networks_of_the_front_are_scored()
    {
        using var folder = new TemporaryFolder();
        RunOptions options = FinishedRun
            .OptionsIn(folder)
            .WithSearch(search => search with { Evaluations = 6, Finalists = 1 }) with
        {
            Out = Path.Combine(folder.Root, "run"),
        };
        string[] scoredFor = [];
        var observer = new MessageObserver(text =>
        {
            if (text.StartsWith("decided: ", StringComparison.Ordinal))
            {
                scoredFor =
                [
                    .. JsonLines
                        .Read<SharedScore>(new RunDirectory(options.Out).Scores)
                        .Select(score => score.For[..score.For.IndexOf(' ', StringComparison.Ordinal)]),
                ];
            }
        });
        ProxylessRun.Search(options, observer, Cancellation);
        Assert.Contains("front", scoredFor);
    }

    [Fact]
    public void Of_the_networks_of_the_final_round_the_first_is_chosen_and_all_stand_in_the_front()
    {
        using var folder = new TemporaryFolder();
        RunOptions options = FinishedRun.OptionsIn(folder);
        options = options with
        {
            Search = options.Search with { Epochs = 3, Evaluations = 6, Finalists = 2 },
            Out = Path.Combine(folder.Root, "run"),
        };
        SearchResult result = ProxylessRun.Search(
            options,
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );
        var directory = new RunDirectory(options.Out);
        Assert.Equal(2, result.Tried.Count);
        Assert.Equal(
            ArchitectureFile.Read(directory.Architecture).Metadata["choice"],
            string.Join(",", result.Tried[0].Choice)
        );
        Assert.All(
            result.Tried,
            tried =>
            {
                Assert.InRange(tried.LatencyMs, 0, result.LatencyLimitMs);
                Assert.Contains(result.Front!.Scored, point => point.Choice.SequenceEqual(tried.Choice));
            }
        );
        Assert.Equal(result.Tried.Count, File.ReadAllText(directory.FrontPicture).Split("class=\"tried\"").Length - 1);
    }

    private static void AssertFront(string folder, double[] limits)
    {
        var directory = new RunDirectory(folder);
        var search = JsonText.Read<LimitResults<SearchResult>>(directory.SearchResult, "");
        Assert.Equal(limits, search.Networks.Select(network => network.LatencyLimitMs));
        Assert.All(search.Networks, network => Assert.NotEmpty(network.Front!.Best));
        string report = File.ReadAllText(directory.Report);
        Assert.All(
            limits,
            limit => Assert.Contains($"href=\"{Text(limit)}ms/report.html\"", report, StringComparison.Ordinal)
        );
        string picture = File.ReadAllText(directory.FrontPicture);
        Assert.All(limits, limit => Assert.Contains($"{Text(limit)}ms", picture, StringComparison.Ordinal));
    }

    private CommandLineRun Cli(string command, params string[] words) =>
        CommandLineRun.Of([
            command,
            "--data",
            run.Options.Data.Path,
            "--space",
            run.Options.Search.Space!,
            "--target",
            run.Options.Target.Name,
            "--batch-size",
            "16",
            "--search-epochs",
            "1",
            "--train-epochs",
            "1",
            "--test-share",
            "0.2",
            "--seed",
            "5",
            "--evaluations",
            "12",
            "--finalists",
            "2",
            "--json",
            .. words,
        ]);

    private static string Text(double number) => number.ToString("R", CultureInfo.InvariantCulture);
}
