using Proxyless.Architectures;
using Proxyless.Bench;
using Proxyless.Runs;
using Proxyless.Search;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.Bench;

[Collection(nameof(WholeRuns))]
public sealed class SearchBenchTests
{
    private static readonly RunOptions Options = new()
    {
        Search = new()
        {
            Space = "tiny",
            Epochs = 10,
            WarmupShare = 0.25,
            ArchitectureInterval = 5,
            Evaluations = 0,
        },
        Training = new() { BatchSize = 8 },
        Data = new() { ValidationShare = 0.1 },
        Threads = 1,
    };

    [Fact]
    public void Steps_and_operations_of_a_search_are_counted()
    {
        SearchBenchResult result = SearchBench.Measure(
            Options,
            890,
            1,
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );

        // 890 images, 89 held out: 801 make 100 batches of 8; 1000 steps, 250 of them warm-up, 750 with a step in five.
        Assert.Equal(801, result.Images);
        Assert.Equal(1000, result.WeightSteps);
        Assert.Equal(150, result.ArchitectureSteps);
        Assert.Equal(
            ((1000 * result.WeightStepSeconds) + (150 * result.ArchitectureStepSeconds)) / 3600,
            result.Hours,
            1e-12
        );
        Assert.True(result.WeightStepSeconds > 0 && result.ArchitectureStepSeconds > 0);
    }

    [Fact]
    public void Several_machines_divide_the_images_and_pay_for_the_exchange()
    {
        var alone = new SearchBenchResult
        {
            WeightSteps = 1000,
            WeightStepSeconds = 2,
            WeightStepBytes = 20e6,
            ArchitectureSteps = 100,
            ArchitectureStepSeconds = 3,
            ScoredNetworks = 40,
            ScoreSeconds = 5,
            FinalSteps = 50,
            FinalStepSeconds = 1,
            FinalStepBytes = 10e6,
            BatchSize = 256,
            Images = 100_000,
            MultiplyAdds = 1,
        };
        var link = new Link(1e9, 1e-4);
        IReadOnlyList<SearchOnRanks> found = SearchScaling.Predict(alone, [8, 64, 512], link);

        // 8 processes: 2 log2(8) messages of 0.1 ms each way, and 7/8 of the numbers twice. The gradients' 5 and 2.5
        // million numbers go in four and two parts of 2^20 or more.
        double small = 3 * (6e-4 + (1.75 * 64 / 1e9));
        double exchanged =
            (1000 * (small + (4 * 6e-4) + (1.75 * 20e6 / 1e9)))
            + (100 * small)
            + (50 * (small + (2 * 6e-4) + (1.75 * 10e6 / 1e9)))
            + (40 * small);
        double computed = (2000.0 + 300 + 50 + 200) / 8;
        Assert.Equal((computed + exchanged) / 3600, found[0].Hours!.Value, 1e-9);
        Assert.Equal(exchanged / (computed + exchanged), found[0].ExchangeShare!.Value, 1e-9);

        // A score has 20 batches to divide, and 512 processes have no two images each.
        Assert.InRange(found[1].Hours!.Value * 3600, ((2350.0 / 64) + 10), (2350.0 / 64) + 10 + (2 * exchanged));
        Assert.Null(found[2].Hours);
        Assert.Equal(1024, found[2].LeastBatch);
    }

    [Fact]
    public void The_decision_counts_for_each_limit()
    {
        SearchBenchResult result = SearchBench.Measure(
            Options with
            {
                Search = Options.Search with { Evaluations = 60 },
                Target = Options.Target with { LatencyMs = 3, AlsoFor = "cpu=5,cpu:2=4" },
            },
            890,
            1,
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );

        // Three limits of two targets: 60 scores each, and 5 for the front; 0.4 * 1000 final steps for each limit.
        Assert.Equal(300, result.ArchitectureSteps);
        Assert.Equal(185, result.ScoredNetworks);
        Assert.Equal(1200, result.FinalSteps);
        Assert.True(result.ScoreSeconds > 0 && result.FinalStepSeconds > 0);
        Assert.Equal(
            (
                (1000 * result.WeightStepSeconds)
                + (300 * result.ArchitectureStepSeconds)
                + (185 * result.ScoreSeconds)
                + (1200 * result.FinalStepSeconds)
            ) / 3600,
            result.Hours,
            1e-12
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_wider_steps_of_a_warm_up_count_where_weights_are_shared(bool separate)
    {
        RunOptions options = Options with
        {
            Search = Options.Search with { SeparateWeights = separate, WeightUpdate = WeightUpdate.SinglePath },
        };
        SearchBenchResult result = SearchBench.Measure(
            options,
            890,
            1,
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );
        SearchSpace space = SearchSpacePresets.ByName("tiny");
        SpaceCost cost = SpaceCost.MultiplyAdds(space, 1000);

        // In the middle of the warm-up half of the mb3e3 that are drawn, one candidate of each block, give way to
        // mb3e6.
        double wider = space
            .Blocks()
            .Select(
                (block, i) =>
                {
                    int Place(string operation) =>
                        block
                            .Candidates.Select(candidate => candidate.Operation.ToString())
                            .ToList()
                            .IndexOf(operation);
                    return (cost.Candidates[i][Place("mb3e6")] - cost.Candidates[i][Place("mb3e3")])
                        / (2 * block.Candidates.Count);
                }
            )
            .Sum();
        double expected = 8 * 3 * ((cost.EvenExpectation * 1150) + (separate ? 0 : wider * 250));
        Assert.Equal(expected, result.MultiplyAdds, 1.0);
    }

    [Fact]
    public void A_sandwich_step_runs_the_widest_path_beside_a_drawn_one()
    {
        SearchBenchResult result = SearchBench.Measure(
            Options with
            {
                Search = Options.Search with { WeightUpdate = WeightUpdate.Sandwich },
            },
            890,
            1,
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );
        SearchBenchResult single = SearchBench.Measure(
            Options with
            {
                Search = Options.Search with { WeightUpdate = WeightUpdate.SinglePath, SeparateWeights = true },
            },
            890,
            1,
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );
        double widest = SpaceCost.MultiplyAdds(SearchSpacePresets.ByName("tiny"), 1000).Largest;
        Assert.Equal(
            single.MultiplyAdds + (8 * 3 * widest * result.WeightSteps),
            result.MultiplyAdds,
            1e-6 * result.MultiplyAdds
        );
    }

    [Theory]
    [InlineData(ArchitectureUpdate.TwoPath, 3)]
    [InlineData(ArchitectureUpdate.FullPath, 8)]
    [InlineData(ArchitectureUpdate.Reinforce, 4)]
    public void An_architecture_step_is_worth_as_many_passes_as_it_computes(ArchitectureUpdate update, double passes) =>
        Assert.Equal(
            passes,
            SearchBench.Passes(Options with { Search = Options.Search with { Update = update } }, candidates: 7)
        );

    [Fact]
    public void A_search_of_unknown_length_is_refused() =>
        Assert.Contains(
            "--search-epochs",
            Assert
                .Throws<InvalidInputException>(() =>
                    SearchBench.Measure(
                        Options with
                        {
                            Search = Options.Search with { Epochs = null },
                        },
                        890,
                        1,
                        NullRunObserver.Instance,
                        TestContext.Current.CancellationToken
                    )
                )
                .Message,
            StringComparison.Ordinal
        );
}
