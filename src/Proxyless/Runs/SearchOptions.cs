using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>The search space, and how the search chooses in it.</summary>
public sealed record SearchOptions
{
    /// <summary>The numbers that each property accepts, by its name.</summary>
    public static IReadOnlyDictionary<string, NumberRange> Ranges { get; } =
        new Dictionary<string, NumberRange>
        {
            [nameof(Epochs)] = new(1e-6, 1e6),
            [nameof(LearningRate)] = new(1e-9, 100),
            [nameof(WarmupShare)] = new(0, 0.99),
            [nameof(ArchitectureLearningRate)] = new(1e-9, 10),
            [nameof(ArchitectureInterval)] = new(1, 1e6, IsWhole: true),
            [nameof(Evaluations)] = new(0, 100_000, IsWhole: true),
            [nameof(Finalists)] = new(1, 64, IsWhole: true),
            [nameof(ReinforceSamples)] = new(1, 1000, IsWhole: true),
            [nameof(ObjectiveWeight)] = new(0, 1e6),
            [nameof(PruneThreshold)] = new(0, 0.49),
        };

    /// <summary>
    /// A space by name or YAML file; null: <c>tiny</c> for the sample, <c>cifar</c> for small images, otherwise
    /// <c>imagenet-mobile</c>.
    /// </summary>
    public string? Space { get; init; }

    /// <summary>Epochs of the search over its training images; null: from the size of the data.</summary>
    public double? Epochs { get; init; }

    /// <summary>
    /// Peak learning rate of the shared weights for 256 images per step; scaled in proportion to the batch size. Null:
    /// <see cref="TrainingOptions.LearningRate"/> if it is given; otherwise 0.2, and for small images up to 1: that
    /// from 2,000 steps on, less in proportion for fewer.
    /// </summary>
    public double? LearningRate { get; init; }

    /// <summary>
    /// Share of the search during which architecture parameters are fixed: uniform, or as close to the limits as a
    /// share of a fifth for the uniform distribution allows.
    /// </summary>
    public double WarmupShare { get; init; } = 0.3;

    /// <summary>How the weight steps train the shared weights.</summary>
    public WeightUpdate WeightUpdate { get; init; } = WeightUpdate.Sandwich;

    /// <summary>
    /// Whether each candidate of a block has its own convolutions, as published, instead of shared ones.
    /// </summary>
    public bool SeparateWeights { get; init; }

    /// <summary>
    /// Number of networks to score with the shared weights to choose one for a limit; 0: only the architecture
    /// parameters choose; null: 100, half as many if that many were scored near it for other limits, a tenth for the
    /// built-in images.
    /// </summary>
    public int? Evaluations { get; init; }

    /// <summary>
    /// Number of networks with the best scores that are trained a little, from the shared weights, to choose one of
    /// them; the last of several makes room for the choice of the next tighter limit. 1: the best score decides; null:
    /// 4.
    /// </summary>
    public int? Finalists { get; init; }

    /// <summary>How the gradient of the architecture parameters is computed.</summary>
    public ArchitectureUpdate Update { get; init; } = ArchitectureUpdate.TwoPath;

    /// <summary>Weight steps per architecture step.</summary>
    public int ArchitectureInterval { get; init; } = 2;

    /// <summary>
    /// Approximate change of an architecture parameter per step; null: from the number of planned steps.
    /// </summary>
    public double? ArchitectureLearningRate { get; init; }

    /// <summary>
    /// Architectures per step of the reinforce and leave-one-out updates; leave-one-out compares them, so it needs 2 or
    /// more.
    /// </summary>
    public int ReinforceSamples { get; init; } = 4;

    /// <summary>
    /// Whether two-path gradients are weighted so that their mean is proportional to the full gradient.
    /// </summary>
    public bool CorrectPairs { get; init; }

    /// <summary>How costs enter the objective.</summary>
    public ObjectiveKind Objective { get; init; } = ObjectiveKind.Budget;

    /// <summary>lambda of the linear objective, beta of the logarithmic one.</summary>
    public double ObjectiveWeight { get; init; } = 0.6;

    /// <summary>Whether the search decides by itself, without a schedule that lowers its entropy.</summary>
    public bool NoEntropySchedule { get; init; }

    /// <summary>
    /// Candidates less probable than this are removed permanently, although another limit might need them; 0 keeps all.
    /// </summary>
    public double PruneThreshold { get; init; }

    /// <summary>Rejects a number of finalists where nothing is scored.</summary>
    /// <exception cref="InvalidInputException">It would not be used.</exception>
    internal void RequireScores()
    {
        if (this is { Evaluations: 0, Finalists: not null })
        {
            throw new InvalidInputException(
                "SearchOptions.Finalists are the networks with the best scores, and SearchOptions.Evaluations = 0 "
                    + "makes no scores; leave one of them out"
            );
        }
    }

    internal void Validate()
    {
        var ranges = new OptionRanges(nameof(SearchOptions), Ranges);
        ranges.Require(nameof(Epochs), Epochs);
        ranges.Require(nameof(LearningRate), LearningRate);
        ranges.Require(nameof(WarmupShare), WarmupShare);
        ranges.Require(nameof(ArchitectureLearningRate), ArchitectureLearningRate);
        ranges.Require(nameof(ArchitectureInterval), ArchitectureInterval);
        ranges.Require(nameof(Evaluations), Evaluations);
        ranges.Require(nameof(Finalists), Finalists);
        ranges.Require(nameof(ReinforceSamples), ReinforceSamples);
        if (Update == ArchitectureUpdate.LeaveOneOut && ReinforceSamples < 2)
        {
            throw ranges.Refuse(
                nameof(ReinforceSamples),
                Invariant($"{ReinforceSamples}"),
                Invariant(
                    $"whole numbers from 2 to {Ranges[nameof(ReinforceSamples)].Most} with "
                        + $"ArchitectureUpdate.LeaveOneOut, which compares them"
                )
            );
        }

        ranges.Require(nameof(ObjectiveWeight), ObjectiveWeight);
        ranges.Require(nameof(PruneThreshold), PruneThreshold);
    }
}
