namespace Proxyless;

/// <summary>An epoch of a search or of a training that has ended.</summary>
public sealed record RunEpoch
{
    /// <summary>The <see cref="Stage"/> of a search.</summary>
    public const string SearchStage = "search";

    /// <summary>The <see cref="Stage"/> of a training.</summary>
    public const string TrainingStage = "train";

    /// <summary>
    /// The <see cref="Stage"/> of the training of the whole pretrained network, whose answers a smaller one learns.
    /// </summary>
    public const string TeacherStage = "teacher";

    /// <summary>
    /// What it is an epoch of: <see cref="SearchStage"/>, <see cref="TrainingStage"/> or <see cref="TeacherStage"/>.
    /// </summary>
    public required string Stage { get; init; }

    /// <summary>The folder of the run of the search or of the training.</summary>
    public required string Run { get; init; }

    /// <summary>From 1.</summary>
    public required int Epoch { get; init; }

    /// <summary>Weight steps so far.</summary>
    public required long Step { get; init; }

    /// <summary>Weight steps in total.</summary>
    public required long Steps { get; init; }

    /// <summary>Mean cross entropy of its weight steps.</summary>
    public required double TrainLoss { get; init; }

    /// <summary>
    /// In a search: mean cross entropy of the architecture steps on held-out images; null in warm-up.
    /// </summary>
    public double? ValidationLoss { get; init; }

    /// <summary>
    /// Share of correct answers, 0..1. In a search: of the drawn paths on training images; in a training: of the
    /// network on validation images, null without.
    /// </summary>
    public double? Top1 { get; init; }

    /// <summary>The learning rate of the weights at its end; null if it is not known.</summary>
    public double? LearningRate { get; init; }

    /// <summary>In a search for several targets: the target that the rest is about; a report comes for each.</summary>
    public string? Target { get; init; }

    /// <summary>In a search: the expected latency in milliseconds.</summary>
    public double? ExpectedLatencyMs { get; init; }

    /// <summary>In a search: the limit that the expected latency is kept to, in milliseconds.</summary>
    public double? LatencyLimitMs { get; init; }

    /// <summary>In a search: entropy of the candidates' probabilities over that of uniform ones, 0..1.</summary>
    public double? RelativeEntropy { get; init; }

    /// <summary>
    /// In a search: the most probable candidate of each block, kernel and expansion such as <c>3e6</c>, <c>-</c> for a
    /// block that vanishes.
    /// </summary>
    public string? MostProbable { get; init; }

    /// <summary>
    /// Training images per second, from its first step to its last; null if no step was made in this process.
    /// </summary>
    public double? ImagesPerSecond { get; init; }

    /// <summary>Time left in this stage at the pace so far; null if it is unknown.</summary>
    public TimeSpan? Remaining { get; init; }
}
