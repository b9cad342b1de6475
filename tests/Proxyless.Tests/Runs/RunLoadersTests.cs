using Proxyless.Data;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>Batches of images that are so large that the number of their values does not fit in an integer.</summary>
[Collection(nameof(WholeRuns))]
public sealed class RunLoadersTests : IDisposable
{
    private const int Largest = 2048;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_training_batch_of_more_values_than_possible_is_refused_before_the_run()
    {
        var refused = Assert.Throws<InvalidInputException>(() =>
            RunContext.Open(OptionsOf(batchSize: 64), NullRunObserver.Instance, Cancellation)
        );
        Assert.Contains("TrainingOptions.BatchSize = 64", refused.Message, StringComparison.Ordinal);
        Assert.Contains("DataOptions.Resolution = 2048", refused.Message, StringComparison.Ordinal);

        // 2^31 bytes by 2048 x 2048 x 3 values of four.
        Assert.Contains("42 images or fewer", refused.Message, StringComparison.Ordinal);
        Assert.Equal("TrainingOptions.BatchSize", refused.Property);
    }

    [Fact]
    public void Batches_of_an_evaluation_hold_as_many_images_as_a_gibibyte_does()
    {
        var context = RunContext.Open(OptionsOf(batchSize: 16), NullRunObserver.Instance, Cancellation);
        using BatchLoader large = context.Loaders.Evaluation(context.Images.All);
        Assert.Equal(100, context.Images.All.Count);

        // 2^28 values by 2048 x 2048 x 3: 21 images.
        Assert.Equal(5, large.BatchesPerEpoch);
        using BatchLoader usual = RunLoaders.InOrder(
            context.Images.All,
            Transforms.ForEvaluation(32, true),
            smallImages: true,
            threads: 1,
            BatchPart.Whole
        );
        Assert.Equal(1, usual.BatchesPerEpoch);
    }

    private RunOptions OptionsOf(int batchSize)
    {
        RunOptions options = FinishedRun.OptionsIn(_folder);
        return options with
        {
            Data = options.Data with { Resolution = Largest },
            Training = options.Training with { BatchSize = batchSize },
        };
    }
}
