using Proxyless.Architectures;
using Proxyless.Search;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>The figures of an ended epoch, for observers.</summary>
internal static class EpochReports
{
    /// <summary>An epoch of a search.</summary>
    /// <param name="epoch">The line of its log.</param>
    /// <param name="pace">Its pace.</param>
    /// <param name="run">The run that has its log.</param>
    /// <param name="part">The target, and the limit that its search keeps to.</param>
    /// <param name="isOneOfSeveral">Whether there are other targets.</param>
    /// <param name="steps">Weight steps of the whole search.</param>
    public static RunEpoch OfSearch(
        SearchEpoch epoch,
        EpochPace pace,
        RunDirectory run,
        SearchPart part,
        bool isOneOfSeveral,
        long steps
    )
    {
        ArgumentNullException.ThrowIfNull(epoch);
        ArgumentNullException.ThrowIfNull(pace);
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(part);
        return new RunEpoch
        {
            Stage = RunEpoch.SearchStage,
            Run = run.Root,
            Epoch = epoch.Epoch,
            Step = epoch.Step,
            Steps = steps,
            TrainLoss = epoch.TrainLoss,
            ValidationLoss = epoch.ArchitectureLoss,
            Top1 = epoch.TrainTop1,
            Target = isOneOfSeveral ? part.Goal.Target.Name : null,
            ExpectedLatencyMs = epoch.ExpectedCosts.TryGetValue(SpaceCost.LatencyQuantity, out double latency)
                ? latency
                : null,
            LatencyLimitMs = part.Goal.LatencyMs,
            RelativeEntropy = epoch.RelativeEntropy,
            MostProbable = TextOf(part.Context.Space, epoch.Probabilities),
            ImagesPerSecond = pace.ImagesPerSecond,
            Remaining = pace.Remaining,
        };
    }

    /// <summary>An epoch of a training.</summary>
    /// <param name="epoch">The line of its log.</param>
    /// <param name="pace">Its pace.</param>
    /// <param name="run">The run of the training.</param>
    /// <param name="steps">Steps of the whole training.</param>
    /// <param name="stepsPerEpoch">Steps of an epoch; the last one may have fewer.</param>
    public static RunEpoch OfTraining(
        TrainingCurvePoint epoch,
        EpochPace pace,
        RunDirectory run,
        long steps,
        long stepsPerEpoch
    )
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(epoch);
        ArgumentNullException.ThrowIfNull(pace);
        return new RunEpoch
        {
            Stage = RunEpoch.TrainingStage,
            Run = run.Root,
            Epoch = epoch.Epoch,
            Step = Math.Min(steps, epoch.Epoch * stepsPerEpoch),
            Steps = steps,
            TrainLoss = epoch.TrainLoss,
            Top1 = epoch.ValidationTop1,
            LearningRate = epoch.LearningRate,
            ImagesPerSecond = pace.ImagesPerSecond,
            Remaining = pace.Remaining,
        };
    }

    private static string TextOf(SearchSpace space, IReadOnlyList<double[]> probabilities) =>
        string.Join(
            ' ',
            space
                .Blocks()
                .Zip(probabilities)
                .Select(pair => TextOf(pair.First.Candidates[Array.IndexOf(pair.Second, pair.Second.Max())]))
        );

    private static string TextOf(Block block) =>
        block.IsPassThrough ? "-"
        : block.Operation.Kind == OperationKind.InvertedResidual ? block.Operation.ToString()[2..]
        : block.Operation.ToString();
}
