using Proxyless.Architectures;
using Proxyless.Comparisons;
using Proxyless.Latency;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Proxyless.Tests.Runner;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>
/// The whole road with latencies measured on the machine that runs the tests, at a limit that no network comes near.
/// </summary>
[Collection(nameof(WholeRuns))]
[Trait(TestCategory.Name, TestCategory.Measuring)]
public sealed class MeasuredRunTests
{
    private const double Generous = 1e6;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void A_machine_is_profiled_searched_for_and_measured_with_the_trained_network()
    {
        using var folder = new TemporaryFolder();
        RunOptions options = FinishedRun
            .OptionsIn(folder)
            .WithTarget(target => target with { Name = "cpu", LatencyMs = Generous }) with
        {
            Out = Path.Combine(folder.Root, "run"),
        };
        RunResult result = ProxylessRun.Run(options, NullRunObserver.Instance, Cancellation);
        Assert.True(result.LatencyIsMeasured);
        AssertLatency(result.LatencyMs);
        LatencyTable table = LatencyTableFile.Read(new RunDirectory(result.Run).Latency);
        Assert.Equal(SpaceParts.Keys(SearchSpacePresets.ByName("tiny"), 2).Order(), table.Entries.Keys.Order());
        EvaluateResult judged = ProxylessRun.Evaluate(
            result.Run,
            options,
            againstNetwork: false,
            NullRunObserver.Instance,
            Cancellation
        );
        AssertLatency(judged.LatencyMs!.Value);

        // The old key is the quiet latency of a run and the median of an evaluation; both tell both.
        Assert.Equal(result.LatencyMs, result.QuietLatencyMs);
        Assert.Equal(judged.LatencyMs, judged.MedianLatencyMs);
        AssertLatency(result.MedianLatencyMs!.Value);
        AssertLatency(judged.QuietLatencyMs!.Value);
        EvaluateResult alone = ProxylessRun.Evaluate(
            result.Model,
            options,
            againstNetwork: false,
            NullRunObserver.Instance,
            Cancellation
        );
        AssertLatency(alone.QuietLatencyMs!.Value);

        SearchResult derived = ProxylessRun.Derive(
            result.Run,
            RunConfigFile.Read(new RunDirectory(result.Run).Config) with
            {
                Out = Path.Combine(folder.Root, "derived"),
            },
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.True(derived.LatencyIsMeasured);
        AssertLatency(derived.LatencyMs);

        // In the middle of the space, where random networks are; they are predicted to be within the limit, and
        // measured only to be told.
        ComparisonResult compared = ProxylessComparison.Run(
            new ComparisonOptions
            {
                Run = options with
                {
                    Out = Path.Combine(folder.Root, "comparison"),
                    Target = options.Target with { LatencyMs = null },
                },
                Networks = ["random:1"],
                Seeds = 1,
                Targets = ["cpu:1:8"],
            },
            NullRunObserver.Instance,
            Cancellation
        );
        NetworkResult network = Assert.Single(compared.Networks);
        AssertLatency(network.LatencyMs);
        AssertLatency(network.OtherLatenciesMs["cpu:1:8"]);
    }

    private static void AssertLatency(double milliseconds) =>
        Assert.True(milliseconds is > 0 and < Generous, $"{milliseconds} ms");
}
