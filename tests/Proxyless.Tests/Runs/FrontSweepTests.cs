using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Networks;
using Proxyless.Runs;
using Proxyless.Search;
using Proxyless.Tests.Data;
using Proxyless.Tests.Search;
using TorchSharp;
using Xunit;

namespace Proxyless.Tests.Runs;

[Collection(nameof(WholeRuns))]
public sealed class FrontSweepTests
{
    [Fact]
    public void Where_latency_is_proportional_to_what_a_limit_is_on_the_slowest_network_is_found_soon()
    {
        (SpaceCost latency, CostLimit[] limits, double bound) = ArchitectureDerivationTests.Proportional();
        int[]? slowest = FrontSweep.Best(latency.Candidates, limits, TestContext.Current.CancellationToken);
        int[] choice = Assert.IsType<int[]>(slowest);
        Assert.All(limits, limit => Assert.True(limit.Allows(choice)));
        Assert.InRange(latency.Of(choice), 0.99 * bound, bound);
    }

    [Fact]
    public void A_network_whose_loss_is_no_number_is_left_out()
    {
        using var folder = new TemporaryFolder();
        var observer = new RecordingObserver();
        RunContext context = RunContext.Open(
            FinishedRun.OptionsIn(folder) with
            {
                Threads = 1,
            },
            observer,
            TestContext.Current.CancellationToken
        );
        using ITarget target = TargetFile.Open(context.Options.Target.Name);
        SearchGoal goal = SearchGoal.Find(context, target, null);
        using var network = new SuperNetwork(context.Space, context.Classes, context.NetworkOptions);
        using var scorer = new PathScorer(context, network);
        int[] fastest = [.. goal.Latency.Cost.Candidates.Select(block => Array.IndexOf(block, block.Min()))];
        var scores = new ScoreLog(file: null, [scorer.Required(fastest) with { For = "a" }]);
        using (torch.no_grad())
        {
            foreach (NetworkTensor tensor in network.Head.Tensors.Where(tensor => tensor.IsTrained))
            {
                // The logarithm of 0.
                tensor.Value.zero_().log_();
            }
        }

        FrontSweep.Run(context, goal, scorer, scores, evaluations: 24);
        Assert.Single(scores.Scores);
        Assert.Contains(
            observer.Warnings,
            text => text.StartsWith("a network is left out of the front: ", StringComparison.Ordinal)
        );
    }
}
