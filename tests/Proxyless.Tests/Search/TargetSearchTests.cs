using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Tests.Data;
using Proxyless.Training;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Search;

public sealed class TargetSearchTests : IDisposable
{
    private readonly SuperNetwork _network = TinyNetworks.Build();
    private readonly ClassificationLoss _loss = new(0.1, null, CPU);
    private readonly TemporaryFolder _folder = new();
    private readonly SpaceCost _cost = SpaceCost.MultiplyAdds(TinyNetworks.Space, TinyNetworks.Classes);

    public void Dispose()
    {
        _network.Dispose();
        _loss.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(ArchitectureUpdate.TwoPath)]
    [InlineData(ArchitectureUpdate.FullPath)]
    [InlineData(ArchitectureUpdate.Reinforce)]
    [InlineData(ArchitectureUpdate.LeaveOneOut)]
    public void A_candidate_that_computes_no_numbers_ends_the_search_before_a_logit_is_none(ArchitectureUpdate update)
    {
        TargetSearch search = Search(update, ObjectiveKind.Budget, _cost.EvenExpectation, out _);
        Steps(search, 3);
        Assert.All(search.Parameters.Probabilities(), block => Assert.Equal(1, block.Sum(), 1e-9));
        using (no_grad())
        {
            foreach (NetworkTensor tensor in _network.Blocks[0][1].Tensors)
            {
                WithScalar.Fill(tensor.Value, float.NaN);
            }
        }

        // Within a few steps it is drawn, be it as the other candidate of a pair, whose loss is a number.
        var exception = Assert.Throws<TrainingDivergedException>(() => Steps(search, 50));
        Assert.Contains("SearchOptions.LearningRate = ", exception.Message, StringComparison.Ordinal);
        Assert.Matches(@" in architecture step \d+ for board at step \d+: ", exception.Message);

        // The other candidate shares weights with it.
        Assert.Matches(
            update is ArchitectureUpdate.Reinforce or ArchitectureUpdate.LeaveOneOut
                ? "^the loss along the path [01]-[0-9-]+ became NaN "
                : "^(the gate gradient of candidate [01] of block 0|the loss along the path [01]-[0-9-]+) became NaN ",
            exception.Message
        );

        // What there is of the odds is numbers still: nothing of the step has come into them.
        Assert.All(search.Parameters.Probabilities(), block => Assert.Equal(1, block.Sum(), 1e-9));
    }

    [Theory]
    [InlineData(1.5, 1)]
    [InlineData(0.9, 0)]
    public void An_equality_out_of_reach_is_told_once(double limit, int messages)
    {
        TargetSearch search = Search(
            ArchitectureUpdate.TwoPath,
            ObjectiveKind.Equality,
            limit * _cost.Largest,
            out RecordingObserver observer
        );
        search.Restore(search.Save(), 0);
        Assert.Equal(messages, observer.Messages.Count);
        Assert.All(
            observer.Messages,
            message =>
                Assert.Contains(
                    "equality for board: the most expensive network of the remaining candidates has 0.667 of the limit",
                    message,
                    StringComparison.Ordinal
                )
        );
    }

    [Fact]
    public void An_equality_where_nothing_is_left_to_choose_says_where_it_rests()
    {
        TargetSearch decided = Search(
            ArchitectureUpdate.TwoPath,
            ObjectiveKind.Equality,
            1.25 * _cost.Of(new int[4]),
            out _
        );
        TargetSearchState state = decided.Save();
        TargetSearch search = Search(
            ArchitectureUpdate.TwoPath,
            ObjectiveKind.Equality,
            1.25 * _cost.Of(new int[4]),
            out RecordingObserver observer
        );
        search.Restore(
            state with
            {
                Logits = [.. state.Logits.Select(block => block.Select((logit, j) => j == 0 ? logit : null).ToArray())],
            },
            0
        );
        Assert.Contains(
            "all blocks are decided; E[multiply-adds] stays at 0.8 of the limit",
            Assert.Single(observer.Messages),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_limit_of_less_than_a_microsecond_is_told_with_digits_that_count()
    {
        double scale = 0.00004 / _cost.EvenExpectation;
        SpaceCost latency = new(
            SpaceCost.LatencyQuantity,
            "ms",
            scale * _cost.Fixed,
            [.. _cost.Candidates.Select(block => block.Select(one => scale * one).ToArray())]
        );
        TargetSearch search = Search(ArchitectureUpdate.TwoPath, ObjectiveKind.Budget, 0.00005, out _, latency);
        Assert.EndsWith(" of 0.0000500 ms", search.Detail(), StringComparison.Ordinal);
    }

    private TargetSearch Search(
        ArchitectureUpdate update,
        ObjectiveKind objective,
        double limit,
        out RecordingObserver observer,
        SpaceCost? cost = null
    )
    {
        observer = new RecordingObserver();
        var settings = new SearchSettings
        {
            Plan = new SearchPlan(100, 0, 1),
            LearningRate = 0.1,
            ArchitectureRate = 0.1,
            Update = update,
            Objective = objective,
        };
        var cap = new CostLimit(cost ?? _cost, limit);
        SearchLimits limits = cap.IsOnLatency ? new SearchLimits(cap) : new SearchLimits(null, cap);
        var target = new SearchedTarget("board", limits, Path.Combine(_folder.Root, "search.jsonl"));
        return new TargetSearch(_network, settings, target, _loss, DataParallel.Alone, observer);
    }

    private static void Steps(TargetSearch search, int count)
    {
        (Tensor images, Tensor labels) = TinyNetworks.Batch();
        using (images)
        using (labels)
        {
            for (int step = 0; step < count; step++)
            {
                search.Step(images, labels, new Random(step), step);
            }
        }
    }
}
