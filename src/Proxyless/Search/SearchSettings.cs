using Proxyless.Training;

namespace Proxyless.Search;

/// <summary>How a search is run.</summary>
internal sealed record SearchSettings
{
    /// <summary>The option that a user lowers if the weights' rate is too high.</summary>
    public const string RateOption = "SearchOptions.LearningRate";

    /// <summary>The step counts.</summary>
    public required SearchPlan Plan { get; init; }

    /// <summary>Peak learning rate of weights at this batch size.</summary>
    public required double LearningRate { get; init; }

    /// <summary>The same rate with its option.</summary>
    public PeakRate PeakRate => new(LearningRate, RateOption);

    /// <summary>Weight decay of convolutions and classifier.</summary>
    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>Share of the target that is spread over all classes.</summary>
    public double LabelSmoothing { get; init; } = 0.1;

    /// <summary>A weight for each class, or null for equal ones.</summary>
    public IReadOnlyList<double>? ClassWeights { get; init; }

    /// <summary>How the gradient of the architecture parameters is computed.</summary>
    public ArchitectureUpdate Update { get; init; }

    /// <summary>Approximate change of an architecture parameter per step.</summary>
    public required double ArchitectureRate { get; init; }

    /// <summary>Architectures that are sampled per step with the updates reinforce and leave-one-out.</summary>
    public int SampledArchitectures { get; init; } = 4;

    /// <summary>How costs enter the objective.</summary>
    public ObjectiveKind Objective { get; init; }

    /// <summary>
    /// The weight of costs in the two objectives with a fixed weight: the factor lambda of the linear one, the exponent
    /// beta of the logarithmic one, which are different numbers (<see cref="ObjectiveKind"/>).
    /// </summary>
    public double ObjectiveWeight { get; init; }

    /// <summary>Whether two-path gradients are corrected for the sampling of pairs.</summary>
    public bool CorrectPairs { get; init; }

    /// <summary>Whether the entropy is reduced on a schedule.</summary>
    public bool AnnealEntropy { get; init; } = true;

    /// <summary>Candidates less probable than this are removed; 0 keeps all.</summary>
    public double PruneThreshold { get; init; }

    /// <summary>
    /// Minimum time between two checkpoints within an epoch; null: <see cref="CheckpointSchedule.DefaultInterval"/>.
    /// </summary>
    public TimeSpan? CheckpointInterval { get; init; }

    /// <summary>Seed of all random numbers.</summary>
    public int Seed { get; init; }
}
