using Proxyless.Networks;

namespace Proxyless.Training;

/// <summary>How one fixed network is trained.</summary>
internal sealed record TrainingSettings
{
    /// <summary>Share of the steps during which the rate usually rises.</summary>
    public const double UsualWarmupShare = 0.05;

    /// <summary>Total number of steps.</summary>
    public required long Steps { get; init; }

    /// <summary>
    /// Epochs after which the training ends if none of them was better on the validation images than all before; null:
    /// it makes all its steps.
    /// </summary>
    public int? Patience { get; init; }

    /// <summary>Peak learning rate at this batch size.</summary>
    public required double LearningRate { get; init; }

    /// <summary>The option that a user lowers if the rate is too high.</summary>
    public string RateOption { get; init; } = "TrainingOptions.LearningRate";

    /// <summary>The rate with its option.</summary>
    public PeakRate PeakRate => new(LearningRate, RateOption);

    /// <summary>Weight decay of convolutions and classifier; batch norm and bias have none.</summary>
    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>Share of the steps during which the rate rises.</summary>
    public double WarmupShare { get; init; } = UsualWarmupShare;

    /// <summary>
    /// The network whose answers are learned instead of the labels; null for none. The processes that share the steps
    /// have to have the same one.
    /// </summary>
    public Teacher? Teacher { get; init; }

    /// <summary>The name of the training in reports of progress.</summary>
    public string Stage { get; init; } = "train";

    /// <summary>Share of the target that is spread over all classes.</summary>
    public double LabelSmoothing { get; init; } = 0.1;

    /// <summary>Share of the pooled features that are dropped.</summary>
    public double Dropout { get; init; }

    /// <summary>
    /// Both parameters of the beta distribution of the shares in which images are mixed (<see cref="Mixup"/>); 0: they
    /// are not.
    /// </summary>
    public double MixupAlpha { get; init; }

    /// <summary>Decay of the moving average that is evaluated instead of the weights; null for none.</summary>
    public double? Ema { get; init; }

    /// <summary>What batch norms do in a step.</summary>
    public NormPass Norms { get; init; } = NormPass.Training;

    /// <summary>The largest norm of the gradients of a step (<see cref="GradientClipping"/>); null for any.</summary>
    public double? MostGradient { get; init; }

    /// <summary>A weight for each class, or null for equal ones.</summary>
    public IReadOnlyList<double>? ClassWeights { get; init; }

    /// <summary>
    /// Minimum time between two checkpoints within an epoch; null: <see cref="CheckpointSchedule.DefaultInterval"/>.
    /// </summary>
    public TimeSpan? CheckpointInterval { get; init; }

    /// <summary>Seed of the dropout masks and of the shares in which images are mixed.</summary>
    public int Seed { get; init; }
}
