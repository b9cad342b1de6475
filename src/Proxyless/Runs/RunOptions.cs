using Proxyless.Networks;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>
/// All options of a run, by subject. Null values are chosen from the data and the machine; the resolved values are in
/// the run's <c>config.yaml</c>. Only <see cref="Validate"/> checks ranges. Their ends are far from sensible values,
/// but close enough that what is computed from them (epochs times batches, times as durations) stays within its type.
/// </summary>
public sealed record RunOptions
{
    /// <summary>The shortest <see cref="Time"/>.</summary>
    public static readonly TimeSpan LeastTime = TimeSpan.FromSeconds(1);

    /// <summary>The longest <see cref="Time"/>: more than a year.</summary>
    public static readonly TimeSpan MostTime = TimeSpan.FromHours(9999);

    /// <summary>The allowed <see cref="Time"/>, for messages.</summary>
    public const string TimeRange = "times from 1s to 9999h, such as 2h, 90m, 1h30m, 45s";

    /// <summary>The numbers that each property accepts, by its name; those of the parts are with the parts.</summary>
    public static IReadOnlyDictionary<string, NumberRange> Ranges { get; } =
        new Dictionary<string, NumberRange>
        {
            [nameof(Seed)] = new(int.MinValue, int.MaxValue, IsWhole: true),
            [nameof(Threads)] = new(1, 1024, IsWhole: true),
            [nameof(CheckpointSeconds)] = new(0.001, 86_400, Note: "seconds"),
        };

    /// <summary>The images, and how they are divided.</summary>
    public DataOptions Data { get; init; } = new();

    /// <summary>Where the model will run, and its limits there.</summary>
    public TargetOptions Target { get; init; } = new();

    /// <summary>The search space, and how the search chooses in it.</summary>
    public SearchOptions Search { get; init; } = new();

    /// <summary>How networks are trained.</summary>
    public TrainingOptions Training { get; init; } = new();

    /// <summary>
    /// Time for the whole job. The time for images, profile and derivation is subtracted first; the rest is converted,
    /// once, to step counts of search and training.
    /// </summary>
    public TimeSpan? Time { get; init; }

    /// <summary>Seed of all random numbers.</summary>
    public int Seed { get; init; }

    /// <summary>
    /// Threads of training and decoding. A number is set in libtorch, for the whole process, until another run begins;
    /// null: libtorch's current number (<see cref="Runtime.RuntimeOptions.Threads"/>).
    /// </summary>
    public int? Threads { get; init; }

    /// <summary><c>cpu</c> or <c>cuda</c>.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>The implementation of the training steps.</summary>
    public BlockKernels Kernels { get; init; }

    /// <summary>The run directory; null: <c>runs/</c> and the time of day.</summary>
    public string? Out { get; init; }

    /// <summary>Whether to continue the run in <see cref="Out"/>.</summary>
    public bool Resume { get; init; }

    /// <summary>Whether to replace the run in <see cref="Out"/>.</summary>
    public bool Overwrite { get; init; }

    /// <summary>
    /// Minimum seconds between two checkpoints within an epoch, a tenth of them between those at the ends of epochs;
    /// null: 300.
    /// </summary>
    public double? CheckpointSeconds { get; init; }

    /// <summary>
    /// Whether to write TensorBoard's event files too, into <c>tensorboard/</c> of the run: the figures of each epoch;
    /// and where a report is written at the end of a training, the confusion matrix and the images that the model is
    /// most confidently wrong about.
    /// </summary>
    public bool TensorBoard { get; init; }

    /// <summary>Checks every range.</summary>
    /// <returns>The options themselves.</returns>
    /// <exception cref="InvalidInputException">
    /// A value is out of its range; the message names property, value and range.
    /// </exception>
    public RunOptions Validate()
    {
        ValidateValues();
        Training.ValidateTogether();
        if (Resume && Overwrite)
        {
            throw new InvalidInputException("RunOptions.Resume and RunOptions.Overwrite exclude each other");
        }

        return this;
    }

    /// <summary>Checks each option by itself: others that it needs may be missing.</summary>
    /// <exception cref="InvalidInputException">A value is out of its range.</exception>
    internal void ValidateValues()
    {
        Data.Validate();
        Target.Validate();
        Search.Validate();
        Training.ValidateValues();
        var ranges = new OptionRanges(nameof(RunOptions), Ranges);
        if (Time < LeastTime || Time > MostTime)
        {
            throw ranges.Refuse(nameof(Time), $"{Time}", TimeRange);
        }

        ranges.Require(nameof(Seed), Seed);
        ranges.Require(nameof(Threads), Threads);
        ranges.Require(nameof(CheckpointSeconds), CheckpointSeconds);
        _ = RunParts.Of(this);
    }

    /// <summary>
    /// Checks every range, and what a search that begins cannot do; a training or derivation that follows one can.
    /// </summary>
    /// <returns>The options themselves.</returns>
    /// <exception cref="InvalidInputException">
    /// A value is out of its range, or two options exclude each other.
    /// </exception>
    internal RunOptions ValidateForSearch()
    {
        if (Search.Objective == ObjectiveKind.Log && (Target.MaxParameters is not null || Target.MaxMacs is not null))
        {
            throw new InvalidInputException(SearchObjective.LogTakesLatencyAlone);
        }

        if (Search.CorrectPairs && Search.Update != ArchitectureUpdate.TwoPath)
        {
            throw new InvalidInputException(
                "SearchOptions.CorrectPairs is for ArchitectureUpdate.TwoPath, which alone draws pairs; leave it out"
            );
        }

        if (!Resume)
        {
            RequireUsed();
        }

        if (this is { Time: not null, Search.Epochs: not null, Training.Epochs: not null })
        {
            throw new InvalidInputException(
                "RunOptions.Time has nothing to decide besides SearchOptions.Epochs and TrainingOptions.Epochs; leave "
                    + "one of the three out"
            );
        }

        return Validate();
    }

    /// <summary>Rejects a number that the search would not use; a run's configuration has its default.</summary>
    private void RequireUsed()
    {
        var usual = new SearchOptions();
        if (
            Search.ObjectiveWeight != usual.ObjectiveWeight
            && Search.Objective is not (ObjectiveKind.Linear or ObjectiveKind.Log)
        )
        {
            throw new InvalidInputException(
                "SearchOptions.ObjectiveWeight is for ObjectiveKind.Linear and ObjectiveKind.Log, which alone weight "
                    + "the costs; leave it out"
            );
        }

        if (
            Search.ReinforceSamples != usual.ReinforceSamples
            && Search.Update is not (ArchitectureUpdate.Reinforce or ArchitectureUpdate.LeaveOneOut)
        )
        {
            throw new InvalidInputException(
                "SearchOptions.ReinforceSamples is for ArchitectureUpdate.Reinforce and "
                    + "ArchitectureUpdate.LeaveOneOut, which alone sample architectures; leave it out"
            );
        }

        Search.RequireScores();
    }

    /// <summary>Checks every range, and what leaves a training that begins nothing to decide.</summary>
    /// <returns>The options themselves.</returns>
    /// <exception cref="InvalidInputException">
    /// A value is out of its range, or two options exclude each other.
    /// </exception>
    internal RunOptions ValidateForTraining()
    {
        if (this is { Time: not null, Training.Epochs: not null })
        {
            throw new InvalidInputException(
                "RunOptions.Time has nothing to decide besides TrainingOptions.Epochs; leave one of them out"
            );
        }

        return Validate();
    }
}
