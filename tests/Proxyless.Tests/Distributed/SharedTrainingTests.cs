using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Pretrained;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Runs;
using Proxyless.Training;
using Xunit;

namespace Proxyless.Tests.Distributed;

/// <summary>A training as a process that follows takes part in it.</summary>
[Collection(nameof(WholeRuns))]
public sealed class SharedTrainingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>A teacher has all its steps whatever the patience of the run. At this rate nothing improves.</summary>
    [Theory]
    [InlineData(null, 1, 4)]
    [InlineData(1, null, 2)]
    public void A_process_that_follows_ends_a_training_when_the_one_that_leads_does(int? led, int? own, int epochs)
    {
        RunOptions options = FinishedRun
            .OptionsIn(_folder)
            .WithTraining(training => training with { LearningRate = 1e-9, Patience = own });
        var opened = RunContext.Open(options, NullRunObserver.Instance, TestContext.Current.CancellationToken);

        // With the input of pretrained weights the statistics of batch norms are fixed too.
        RunContext context = opened with
        {
            Input = PretrainedInput.Usual,
        };
        Architecture network = SmallSpace.Network(1, 0, 2).WithInput(context.Space.Resolution, 3, context.Classes);
        long steps = 4 * context.Loaders.BatchesPerEpoch(context.Loaders.FinalImages);
        using var state = new FollowerState(Path.Combine(_folder.Root, "follower"));
        new SharedTraining(ArchitectureFile.ToJson(network), steps) { Patience = led }.Share(
            context,
            DataParallel.Alone,
            state
        );
        Assert.Equal(epochs, JsonLines.Read<TrainingCurvePoint>(state.Checkpoint + ".log").Count);
    }
}
