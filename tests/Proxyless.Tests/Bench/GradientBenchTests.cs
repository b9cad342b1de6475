using Proxyless.Bench;
using Proxyless.Runs;
using Proxyless.Search;
using Proxyless.Tests.Data;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.Bench;

[Collection(nameof(WholeRuns))]
public sealed class GradientBenchTests
{
    [Fact]
    public void Updates_are_judged_with_the_weights_of_a_search_and_a_pruned_one_is_refused()
    {
        using var folder = new TemporaryFolder();
        RunOptions options = FinishedRun
            .OptionsIn(folder)
            .WithTarget(target => target with { LatencyMs = 1000 })
            .WithSearch(search =>
                search with
                {
                    Epochs = 2,
                    Update = ArchitectureUpdate.LeaveOneOut,
                    PruneThreshold = 0,
                }
            ) with
        {
            Out = Path.Combine(folder.Root, "run"),
            Threads = 1,
        };
        ProxylessRun.Search(options, NullRunObserver.Instance, TestContext.Current.CancellationToken);
        GradientBenchResult result = GradientBench.Measure(
            options.Out,
            4,
            3,
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );

        Assert.Equal(
            [ArchitectureUpdate.TwoPath, ArchitectureUpdate.FullPath, ArchitectureUpdate.LeaveOneOut],
            result.Rows.Select(row => row.Update)
        );
        Assert.All(result.Rows, row => Assert.InRange(row.Correlation, -1, 1));
        Assert.All(
            result.Rows,
            row => Assert.Equal(["identity", "mb3e3", "mb3e6", "mb5e3", "zero"], row.LossByOperation.Keys)
        );
        Assert.Contains(result.LossByOperation.Values, change => Math.Abs(change) > 1e-6);

        RunOptions pruned = options with
        {
            Out = Path.Combine(folder.Root, "pruned"),
            Search = options.Search with
            {
                PruneThreshold = 0.19,
                ArchitectureLearningRate = 1,
                NoEntropySchedule = true,
            },
        };
        ProxylessRun.Search(pruned, NullRunObserver.Instance, TestContext.Current.CancellationToken);
        var exception = Assert.Throws<InvalidInputException>(() =>
            GradientBench.Measure(pruned.Out, 2, 1, NullRunObserver.Instance, TestContext.Current.CancellationToken)
        );
        Assert.Contains("--prune-threshold 0", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Leave_one_out_needs_two_samples()
    {
        var exception = Assert.Throws<InvalidInputException>(() =>
            new RunOptions
            {
                Search = new() { Update = ArchitectureUpdate.LeaveOneOut, ReinforceSamples = 1 },
            }.Validate()
        );
        Assert.Contains(
            "SearchOptions.ReinforceSamples = 1 is out of range; allowed are whole numbers from 2 to 1000",
            exception.Message,
            StringComparison.Ordinal
        );
    }
}
