using Proxyless.Networks;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>
/// Everything a run can be told, by what it is about. What is null is chosen from the data and the machine, and stands
/// resolved in the run's <c>config.yaml</c>. <see cref="Validate"/> is the one place that checks ranges, whose ends are
/// far from what makes sense, and near enough that what is computed from them (epochs times batches, times as
/// durations) stays within its type.
/// </summary>
public sealed record RunOptions
{
    /// <summary>The shortest <see cref="Time"/>.</summary>
    public static readonly TimeSpan LeastTime = TimeSpan.FromSeconds(1);

    /// <summary>The longest <see cref="Time"/>: more than a year.</summary>
    public static readonly TimeSpan MostTime = TimeSpan.FromHours(9999);

    /// <summary>The allowed <see cref="Time"/>, for messages.</summary>
    public const string TimeRange = "times from 1s to 9999h, such as 2h, 90m, 1h30m, 45s";

    /// <summary>The numbers that each property takes, by its name; those of the parts are with them.</summary>
    public static IReadOnlyDictionary<string, NumberRange> Ranges { get; } =
        new Dictionary<string, NumberRange>
        {
            [nameof(Seed)] = new(int.MinValue, int.MaxValue, IsWhole: true),
            [nameof(Threads)] = new(1, 1024, IsWhole: true),
            [nameof(CheckpointSeconds)] = new(0.001, 86_400, Note: "seconds"),
        };

    /// <summary>Which images, and how they are divided.</summary>
    public DataOptions Data { get; init; } = new();

    /// <summary>Where the model will run, and what it may cost there.</summary>
    public TargetOptions Target { get; init; } = new();

    /// <summary>What may be chosen, and how the choice is made.</summary>
    public SearchOptions Search { get; init; } = new();

    /// <summary>How networks are trained.</summary>
    public TrainingOptions Training { get; init; } = new();

    /// <summary>
    /// Time for the whole job; what images, profile and derivation take of it is taken from it before it is turned,
    /// once, into numbers of steps of search and training.
    /// </summary>
    public TimeSpan? Time { get; init; }

    /// <summary>Seed of everything that is random.</summary>
    public int Seed { get; init; }

    /// <summary>
    /// Threads of training and decoding. A number is set in libtorch, for all of the process, until another run begins;
    /// null: the number that libtorch has (<see cref="Runtime.RuntimeOptions.Threads"/>).
    /// </summary>
    public int? Threads { get; init; }

    /// <summary><c>cpu</c> or <c>cuda</c>.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>What computes the steps of training.</summary>
    public BlockKernels Kernels { get; init; }

    /// <summary>The run directory; null: <c>runs/</c> and the time of day.</summary>
    public string? Out { get; init; }

    /// <summary>Go on with the run that stands in <see cref="Out"/>.</summary>
    public bool Resume { get; init; }

    /// <summary>Replace the run that stands in <see cref="Out"/>.</summary>
    public bool Overwrite { get; init; }

    /// <summary>
    /// Least seconds between two checkpoints within an epoch, a tenth of them between those at epochs' ends; null: 300.
    /// </summary>
    public double? CheckpointSeconds { get; init; }

    /// <summary>Checks every range.</summary>
    /// <returns>The options themselves.</returns>
    /// <exception cref="InvalidInputException">
    /// A value is out of its range; the message names property, value and range.
    /// </exception>
    public RunOptions Validate()
    {
        Data.Validate();
        Target.Validate();
        Search.Validate();
        Training.Validate();
        var ranges = new OptionRanges(nameof(RunOptions), Ranges);
        if (Time < LeastTime || Time > MostTime)
        {
            throw ranges.Refuse(nameof(Time), $"{Time}", TimeRange);
        }

        ranges.Require(nameof(Seed), Seed);
        ranges.Require(nameof(Threads), Threads);
        ranges.Require(nameof(CheckpointSeconds), CheckpointSeconds);
        _ = RunParts.Of(this);
        if (Resume && Overwrite)
        {
            throw new InvalidInputException("RunOptions.Resume and RunOptions.Overwrite exclude each other");
        }

        return this;
    }

    /// <summary>
    /// Checks, beside every range, what a search that begins cannot do; a training or derivation that follows one can.
    /// </summary>
    /// <returns>The options themselves.</returns>
    /// <exception cref="InvalidInputException">
    /// A value is out of its range, or two options do not go together.
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

        if (this is { Time: not null, Search.Epochs: not null, Training.Epochs: not null })
        {
            throw new InvalidInputException(
                "RunOptions.Time has nothing to decide beside SearchOptions.Epochs and TrainingOptions.Epochs; leave "
                    + "one of the three out"
            );
        }

        return Validate();
    }
}
