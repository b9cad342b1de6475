using System.Text.Json;
using Proxyless.Search;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Runs;

[Collection(nameof(WholeRuns))]
public sealed class RunTests
{
    // Half of two epochs is the end of the first: the step after which an epoch is logged, judged and saved.
    [Theory]
    [InlineData(0.1, ObjectiveKind.Budget)]
    [InlineData(0.5, ObjectiveKind.Budget)]
    [InlineData(0.4, ObjectiveKind.Equality)]
    public void An_interrupted_run_that_is_resumed_ends_as_one_that_was_not(double share, ObjectiveKind objective)
    {
        using var folder = new TemporaryFolder();
        var options = new RunOptions
        {
            Out = Path.Combine(folder.Root, "whole"),
            Objective = objective,
            LatencyMs = objective == ObjectiveKind.Budget ? 1000 : null,
            BatchSize = 64,
            SearchEpochs = 2,
            TrainEpochs = 2,
            Threads = 1,
        };
        ProxylessRun.Run(options, NullRunObserver.Instance, TestContext.Current.CancellationToken);

        RunOptions second = options with { Out = Path.Combine(folder.Root, "interrupted") };
        foreach (string stage in (string[])["search", "train"])
        {
            using var source = new CancellationTokenSource();
            var observer = new StopAt(stage, share, source);
            RunInterruptedException exception = Assert.Throws<RunInterruptedException>(() => ProxylessRun.Run(second, observer, source.Token));
            Assert.Equal(second.Out, exception.Run);

            // Whatever else is said on a resume: the run goes on as it began.
            second = new RunOptions { Out = second.Out, Resume = true, BatchSize = 32, Seed = 9 };
        }

        ProxylessRun.Run(second, NullRunObserver.Instance, TestContext.Current.CancellationToken);
        Assert.Equal(LossesOf(options.Out!, "search.jsonl"), LossesOf(second.Out!, "search.jsonl"));
        Assert.Equal(LossesOf(options.Out!, "training.jsonl"), LossesOf(second.Out!, "training.jsonl"));
        Assert.Equal(2, LossesOf(second.Out!, "training.jsonl").Count);
        Assert.True(File.Exists(Path.Combine(second.Out!, "report.html")));
    }

    [Fact]
    public void Equality_holds_the_expected_latency_at_its_limit()
    {
        using var folder = new TemporaryFolder();
        var options = new RunOptions
        {
            Out = Path.Combine(folder.Root, "run"),
            Objective = ObjectiveKind.Equality,
            SearchEpochs = 2,
            WarmupShare = 0.1,
            ArchitectureInterval = 1,
            PruneThreshold = 0.15,
            Threads = 1,
        };
        SearchResult result = ProxylessRun.Search(options, NullRunObserver.Instance, TestContext.Current.CancellationToken);
        JsonElement[] epochs = [.. File.ReadLines(Path.Combine(options.Out!, "search.jsonl")).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];
        Assert.All(epochs, epoch => Assert.Equal(
            result.LatencyLimitMs, epoch.GetProperty("expected_costs").GetProperty("latency").GetDouble(), 1e-6 * result.LatencyLimitMs));
        Assert.Contains(epochs, epoch => epoch.GetProperty("pruned").GetArrayLength() > 0);
    }

    [Fact]
    public void A_limit_that_no_network_meets_is_refused_with_the_smallest_there_is()
    {
        using var folder = new TemporaryFolder();
        var options = new RunOptions { Out = Path.Combine(folder.Root, "run"), LatencyMs = 1e-6 };
        var exception = Assert.Throws<InvalidInputException>(
            () => ProxylessRun.Search(options, NullRunObserver.Instance, TestContext.Current.CancellationToken));
        Assert.Contains("smallest", exception.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(options.Out));
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
            Data = "photos",
            LatencyMs = 2.5,
            Time = TimeSpan.FromMinutes(90),
            Update = Proxyless.Search.ArchitectureUpdate.FullPath,
            Objective = ObjectiveKind.Log,
            Ema = 0.999,
        };
        RunConfigFile.Write(path, options);
        Assert.Equal(options, RunConfigFile.Read(path));
        Assert.Contains("latency: 2.5", File.ReadAllText(path), StringComparison.Ordinal);
    }

    private static List<double> LossesOf(string run, string log) =>
        [.. File.ReadLines(Path.Combine(run, log)).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("train_loss").GetDouble())];
}
