using System.Globalization;

namespace Proxyless.Training;

/// <summary>The progress of a training that its checkpoint keeps besides the weights.</summary>
/// <param name="Step">Steps so far.</param>
/// <param name="Best">Top-1 on the validation images at the best epoch, 0..1; -1 before the first.</param>
/// <param name="LossSum">Sum of the losses of the steps that are not yet in the log.</param>
/// <param name="LossSteps">Number of these steps.</param>
/// <param name="EpochsWithoutBetter">Epochs after the warm-up since one was better than all before.</param>
internal sealed record TrainingState(
    long Step,
    double Best,
    double LossSum,
    long LossSteps,
    long EpochsWithoutBetter = 0
)
{
    private const string StepKey = "step";
    private const string BestKey = "best";
    private const string LossSumKey = "loss_sum";
    private const string LossStepsKey = "loss_steps";
    private const string EpochsWithoutBetterKey = "epochs_without_better";

    /// <summary>The state before the first step.</summary>
    public static TrainingState Start { get; } = new(0, -1, 0, 0);

    /// <summary>Returns the state after one more step.</summary>
    public TrainingState After(double loss) =>
        this with
        {
            Step = Step + 1,
            LossSum = LossSum + loss,
            LossSteps = LossSteps + 1,
        };

    /// <summary>Returns the state after the line of an epoch.</summary>
    /// <param name="best">Top-1 on the validation images at the best epoch so far, 0..1.</param>
    /// <param name="isWarmup">
    /// Whether the learning rate still rises: such an epoch is no sign that nothing better will come.
    /// </param>
    public TrainingState AfterEpoch(double best, bool isWarmup = false) =>
        this with
        {
            Best = best,
            LossSum = 0,
            LossSteps = 0,
            EpochsWithoutBetter = isWarmup || best > Best ? 0 : EpochsWithoutBetter + 1,
        };

    /// <summary>Whether the steps of an epoch, or all steps, are done but not in the log.</summary>
    public bool AwaitsJudgment(long batchesPerEpoch, long steps) =>
        LossSteps > 0 && (Step % batchesPerEpoch == 0 || Step >= steps);

    /// <summary>Number of lines in the log.</summary>
    public long JudgedEpochs(long batchesPerEpoch) => (Step - LossSteps + batchesPerEpoch - 1) / batchesPerEpoch;

    /// <summary>The metadata of a checkpoint.</summary>
    public Dictionary<string, string> ToMetadata() =>
        new()
        {
            [StepKey] = Step.ToString(CultureInfo.InvariantCulture),
            [BestKey] = Best.ToString("R", CultureInfo.InvariantCulture),
            [LossSumKey] = LossSum.ToString("R", CultureInfo.InvariantCulture),
            [LossStepsKey] = LossSteps.ToString(CultureInfo.InvariantCulture),
            [EpochsWithoutBetterKey] = EpochsWithoutBetter.ToString(CultureInfo.InvariantCulture),
        };

    /// <summary>Reads the state from a checkpoint's metadata; null if they are not those of a training.</summary>
    public static TrainingState? Of(IReadOnlyDictionary<string, string> metadata)
    {
        string Text(string key) => metadata.GetValueOrDefault(key) ?? "";
        return
            long.TryParse(Text(StepKey), CultureInfo.InvariantCulture, out long step)
            && step >= 0
            && double.TryParse(Text(BestKey), CultureInfo.InvariantCulture, out double best)
            && double.IsFinite(best)
            && double.TryParse(Text(LossSumKey), CultureInfo.InvariantCulture, out double lossSum)
            && double.IsFinite(lossSum)
            && long.TryParse(Text(LossStepsKey), CultureInfo.InvariantCulture, out long lossSteps)
            && lossSteps >= 0
            && lossSteps <= step
            && long.TryParse(
                metadata.GetValueOrDefault(EpochsWithoutBetterKey, "0"),
                CultureInfo.InvariantCulture,
                out long withoutBetter
            )
            && withoutBetter >= 0
            ? new TrainingState(step, best, lossSum, lossSteps, withoutBetter)
            : null;
    }
}
