using Proxyless.Networks;
using Proxyless.Runs;
using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Tests.Data;
using Proxyless.Training;
using TorchSharp;
using Xunit;

namespace Proxyless.Tests.Runs;

[Collection(nameof(WholeRuns))]
public sealed class FinalRoundTests
{
    private const double Rate = 0.1;

    // The candidate of the tiny space's blocks with the most channels.
    private static readonly int[] Wide = [1, 1, 1, 1];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(4, 1000, 4)]
    [InlineData(4, 8, 4)]
    [InlineData(4, 7, 3)]
    [InlineData(4, 5, 2)]
    [InlineData(4, 1, 1)]
    [InlineData(1, 0, 1)]
    public void There_are_as_many_finalists_as_there_are_steps_for(int wanted, long steps, int enough) =>
        Assert.Equal(enough, FinalRound.Enough(wanted, steps));

    [Theory]
    [InlineData("", 4, "9")]
    [InlineData("", 1, "9")]
    [InlineData("1", 1, "1")]
    [InlineData("1", 2, "1 9")]
    [InlineData("1 2", 2, "1 9")]
    [InlineData("1 2 3 4", 4, "1 2 3 9")]
    [InlineData("1 9 3 4", 4, "1 9 3 4")]
    public void The_choice_for_a_tighter_limit_takes_the_last_place(string best, int most, string expected)
    {
        static MeasuredChoice Of(string candidate) =>
            new([int.Parse(candidate)], PredictedMs: 1, MeasuredMs: 1, IsMeasured: true);
        MeasuredChoice[] finalists = [.. best.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Of)];
        static string Named(IEnumerable<MeasuredChoice> round) =>
            string.Join(' ', round.Select(finalist => finalist.Choice[0]));
        Assert.Equal(expected, Named(FinalRound.With(finalists, most, Of("9"))));
        Assert.Equal(best, Named(FinalRound.With(finalists, most, tighter: null)));
    }

    [Fact]
    public void A_trial_begins_with_the_shared_weights_and_learns_from_there()
    {
        using var folder = new TemporaryFolder();
        RunContext context = Open(folder, NullRunObserver.Instance);
        using var network = new SuperNetwork(context.Space, context.Classes, context.NetworkOptions);
        int[] choice =
        [
            .. network.Blocks.Select((block, i) => Math.Min(Wide[i % Wide.Length], block.Candidates.Count - 1)),
        ];
        using var scorer = new PathScorer(context, network);
        SharedScore before = scorer.Of(choice)!;
        using CompactNetwork copy = network.Extract(choice);
        using var trial = new Trial(
            copy,
            FinalTrials.Settings(context, Rate),
            context.Loaders.Training(context.Images.Weights, RandomUse.WeightImages)
        );
        Assert.Equal(before.Loss, scorer.Judge(trial.Network, DataParallel.Alone).Loss);

        int steps = 0;
        trial.TrainTo(10, () => steps++, DataParallel.Alone, Cancellation);
        double after = scorer.Judge(trial.Network, DataParallel.Alone).Loss;
        Assert.Equal(10, steps);
        trial.TrainTo(40, () => steps++, DataParallel.Alone, Cancellation);
        Assert.Equal(40, steps);
        Assert.True(after < before.Loss, $"{before.Loss} before, {after} after 10 steps");
        Assert.True(scorer.Judge(trial.Network, DataParallel.Alone).Loss < after);

        // The shared weights are for the other finalists.
        Assert.Equal(before.Loss, scorer.Of(choice)!.Loss);
    }

    [Fact]
    public void Finalists_are_compared_by_the_same_images_and_every_step_is_reported()
    {
        using var folder = new TemporaryFolder();
        var observer = new RecordingObserver();
        RunContext context = Open(folder, observer);
        using var network = new SuperNetwork(context.Space, context.Classes, context.NetworkOptions);
        using var scorer = new PathScorer(context, network);
        MeasuredChoice[] finalists = [Finalist(network, 0), Finalist(network, 1), Finalist(network, 2)];
        IReadOnlyList<HalvingResult<MeasuredChoice>> ranked = new FinalRound(context, scorer, Rate).Rank(finalists, 24);
        Assert.Equal(finalists.ToHashSet(), ranked.Select(result => result.Candidate).ToHashSet());
        Assert.Equal(3, ranked.Count);
        Assert.Equal(ranked.Max(result => result.Steps), ranked[0].Steps);
        Assert.All(ranked, result => Assert.True(result.Score < 0));

        // Twice the same: each has batches of its own from the beginning, whatever the others did.
        Assert.Equal(ranked, new FinalRound(context, scorer, Rate).Rank(finalists, 24));
    }

    [Fact]
    public void A_finalist_whose_training_diverges_leaves_the_choice_to_the_others()
    {
        using var folder = new TemporaryFolder();
        var observer = new RecordingObserver();
        RunContext context = Open(folder, observer);
        using var network = new SuperNetwork(
            context.Space,
            context.Classes,
            context.NetworkOptions with
            {
                SharesWeights = false,
            }
        );
        using var scorer = new PathScorer(context, network);
        MeasuredChoice[] finalists = [Finalist(network, 0), Finalist(network, 1)];
        using (torch.no_grad())
        {
            foreach (NetworkTensor tensor in network.Blocks[0].Candidates[0]!.Tensors.Where(tensor => tensor.IsTrained))
            {
                // The logarithm of 0.
                tensor.Value.zero_().log_();
            }
        }

        IReadOnlyList<HalvingResult<MeasuredChoice>> ranked = new FinalRound(context, scorer, Rate).Rank(finalists, 24);
        Assert.Equal(finalists[1], Assert.Single(ranked).Candidate);
        Assert.Contains(
            observer.Warnings,
            text => text.StartsWith("a network of the final round is left out: ", StringComparison.Ordinal)
        );

        // Of none that is left the score decides.
        MeasuredChoice other = finalists[0] with
        {
            Choice = [0, .. finalists[1].Choice.Skip(1)],
        };
        Assert.Empty(new FinalRound(context, scorer, Rate).Rank([finalists[0], other], 24));
    }

    private static RunContext Open(TemporaryFolder folder, IRunObserver observer) =>
        RunContext.Open(FinishedRun.OptionsIn(folder) with { Threads = 1 }, observer, Cancellation);

    /// <summary>A network with one candidate in all blocks, or the last where there are fewer.</summary>
    private static MeasuredChoice Finalist(SuperNetwork network, int candidate) =>
        new(
            [.. network.Blocks.Select(block => Math.Min(candidate, block.Candidates.Count - 1))],
            PredictedMs: 1,
            MeasuredMs: 1,
            IsMeasured: false
        );
}
