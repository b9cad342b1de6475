using CsCheck;
using Proxyless.Training;
using Xunit;

namespace Proxyless.Tests.Training;

public sealed class TrainingStateTests
{
    [Fact]
    public void What_a_checkpoint_says_is_the_state_to_the_bit() =>
        Gen.Select(Gen.Long[0, long.MaxValue], Gen.Double[-1, 1], Gen.Double[0, 1e9], Gen.Double[0, 1])
            .Sample(
                (step, best, sum, share) =>
                {
                    long some = (long)(share * Math.Min(step, 1_000_000));
                    var state = new TrainingState(step, best, sum, some, EpochsWithoutBetter: some / 2);
                    Assert.Equal(state, TrainingState.Of(state.ToMetadata()));
                }
            );

    [Theory]
    [InlineData("step", "-1")]
    [InlineData("step", "2")]
    [InlineData("best", "NaN")]
    [InlineData("loss_sum", "")]
    [InlineData("loss_steps", "-3")]
    [InlineData("loss_steps", "11")]
    public void What_no_training_has_is_no_state(string key, string value)
    {
        Dictionary<string, string> metadata = new TrainingState(10, 0.5, 7.5, 3).ToMetadata();
        Assert.NotNull(TrainingState.Of(metadata));
        metadata[key] = value;
        Assert.Null(TrainingState.Of(metadata));
        metadata.Remove(key);
        Assert.Null(TrainingState.Of(metadata));
    }

    /// <summary>Checkpoints of versions that did not count them.</summary>
    [Theory]
    [InlineData(null, true)]
    [InlineData("-1", false)]
    [InlineData("many", false)]
    public void Epochs_without_better_may_be_missing_but_not_wrong(string? value, bool isState)
    {
        Dictionary<string, string> metadata = new TrainingState(10, 0.5, 7.5, 3, 2).ToMetadata();
        const string Key = "epochs_without_better";
        Assert.True(metadata.Remove(Key));
        if (value is not null)
        {
            metadata[Key] = value;
        }

        Assert.Equal(isState ? new TrainingState(10, 0.5, 7.5, 3) : null, TrainingState.Of(metadata));
    }

    [Fact]
    public void Epochs_are_counted_since_one_was_better()
    {
        TrainingState state = TrainingState.Start;
        var counts = new List<long>();
        foreach (double best in (double[])[0.5, 0.5, 0.5, 0.6, 0.6])
        {
            state = state.After(loss: 1).AfterEpoch(best);
            counts.Add(state.EpochsWithoutBetter);
        }

        Assert.Equal([0, 1, 2, 0, 1], counts);
    }

    [Fact]
    public void Epochs_of_the_warm_up_are_not_counted()
    {
        TrainingState state = TrainingState.Start.AfterEpoch(best: 0.5, isWarmup: true);
        state = state.AfterEpoch(best: 0.5, isWarmup: true);
        Assert.Equal(0, state.EpochsWithoutBetter);
        Assert.Equal(1, state.AfterEpoch(best: 0.5).EpochsWithoutBetter);
    }

    [Fact]
    public void An_epoch_is_judged_once_and_at_its_end_alone()
    {
        TrainingState state = TrainingState.Start;
        Assert.False(state.AwaitsJudgment(batchesPerEpoch: 3, steps: 5));
        var judged = new List<long>();
        for (int step = 1; step <= 5; step++)
        {
            state = state.After(loss: 2);
            if (state.AwaitsJudgment(batchesPerEpoch: 3, steps: 5))
            {
                judged.Add(state.Step);
                Assert.Equal(2, state.LossSum / state.LossSteps);
                state = state.AfterEpoch(best: 0.5);
                Assert.False(state.AwaitsJudgment(batchesPerEpoch: 3, steps: 5));
            }

            Assert.Equal(judged.Count, state.JudgedEpochs(batchesPerEpoch: 3));
        }

        Assert.Equal([3, 5], judged);
    }
}
