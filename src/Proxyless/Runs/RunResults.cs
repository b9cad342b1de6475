using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>
/// The result of <c>run</c>; its JSON names are these in snake_case. Times are in milliseconds unless the name says
/// otherwise, shares are 0..1.
/// </summary>
public sealed record RunResult
{
    /// <summary>The run directory.</summary>
    public required string Run { get; init; }

    /// <summary>The architecture's file.</summary>
    public required string Architecture { get; init; }

    /// <summary>The model's file.</summary>
    public required string Model { get; init; }

    /// <summary>
    /// How the integer model compares with the model of floats, if the target is one for integer models
    /// (<c>cpu+int8</c>): <see cref="Model"/>, accuracy and latency are then the integer model's. Null otherwise.
    /// </summary>
    public QuantizeResult? Integers { get; init; }

    /// <summary>The report's file.</summary>
    public required string Report { get; init; }

    /// <summary>Share of correct answers on the test set.</summary>
    public required double Top1 { get; init; }

    /// <summary>Share of test images whose class is among the five most probable.</summary>
    public required double Top5 { get; init; }

    /// <summary>The 95 % interval of <see cref="Top1"/>; null in results of older versions.</summary>
    public AccuracyInterval? Top1Interval { get; init; }

    /// <summary>
    /// With pretrained weights: share of correct answers, on the test set, of the whole network, whose answers the
    /// smaller one has learned; null without.
    /// </summary>
    public double? TeacherTop1 { get; init; }

    /// <summary>
    /// The expected calibration error, 0..1: how far the probabilities of the answers are from the shares of correct
    /// ones (Guo et al., ICML 2017, ten bins); null in results of older versions.
    /// </summary>
    public double? CalibrationError { get; init; }

    /// <summary>
    /// Accuracy by cross-validation on the training images, if they are few and weights are pretrained; null otherwise,
    /// and if not all parts were tried before it was decided that all weights are trained.
    /// </summary>
    public double? CrossValidatedTop1 { get; init; }

    /// <summary>
    /// The accuracy in parts of the images (<see cref="TrainingOptions.Folds"/>); null if not requested.
    /// </summary>
    public FoldAccuracy? Folds { get; init; }

    /// <summary>
    /// The model's latency that the limit applies to: <see cref="QuietLatencyMs"/>, or the sum of the target's table.
    /// </summary>
    public required double LatencyMs { get; init; }

    /// <summary>
    /// The model's latency on the machine at its quietest (<see cref="Latency.NetworkLatency.QuietMs"/>); null if the
    /// target is a table.
    /// </summary>
    public double? QuietLatencyMs { get; init; }

    /// <summary>
    /// The model's median latency just now, including other work on the machine; null if the target is a table.
    /// </summary>
    public double? MedianLatencyMs { get; init; }

    /// <summary>90th percentile of the times of these runs; null if the target is a table.</summary>
    public double? LatencyP90Ms { get; init; }

    /// <summary>False if the target is a table; <see cref="LatencyMs"/> is then its sum.</summary>
    public bool LatencyIsMeasured { get; init; } = true;

    /// <summary>The limit.</summary>
    public required double LatencyLimitMs { get; init; }

    /// <summary>The latency table's prediction.</summary>
    public required double PredictedLatencyMs { get; init; }

    /// <summary>Number of parameters.</summary>
    public required long Parameters { get; init; }

    /// <summary>Multiply-adds for one image.</summary>
    public required long MultiplyAdds { get; init; }

    /// <summary>Seconds of the search, including profiling.</summary>
    public required double SearchSeconds { get; init; }

    /// <summary>Seconds of the final training.</summary>
    public required double TrainSeconds { get; init; }
}

/// <summary>The result of <c>search</c> and <c>derive</c>.</summary>
public sealed record SearchResult
{
    /// <summary>The run directory.</summary>
    public required string Run { get; init; }

    /// <summary>The architecture's file.</summary>
    public required string Architecture { get; init; }

    /// <summary>The report's file; null if none was written, as by older versions.</summary>
    public string? Report { get; init; }

    /// <summary>
    /// Accuracy of the derived network with the super-network's weights on the architecture images; null if the search
    /// has pruned some of these weights. With pretrained weights: of what its training begins with on the validation
    /// images; null if those are trained on.
    /// </summary>
    public required double? ValidationTop1 { get; init; }

    /// <summary>E[latency] at the end of the search.</summary>
    public required double ExpectedLatencyMs { get; init; }

    /// <summary>The table's latency of the derived network, corrected by measurements.</summary>
    public required double PredictedLatencyMs { get; init; }

    /// <summary>The quiet latency of the derived network, untrained.</summary>
    public required double LatencyMs { get; init; }

    /// <summary>False if the target is a table; <see cref="LatencyMs"/> is then its sum.</summary>
    public bool LatencyIsMeasured { get; init; } = true;

    /// <summary>The limit.</summary>
    public required double LatencyLimitMs { get; init; }

    /// <summary>
    /// Entropy of the probabilities over that of uniform probabilities; near 0 if the search has converged.
    /// </summary>
    public required double Entropy { get; init; }

    /// <summary>Seconds, including profiling.</summary>
    public required double Seconds { get; init; }

    /// <summary>
    /// The accuracy at other latencies of the target, by the networks that were scored; null if none were.
    /// </summary>
    public NetworkFront? Front { get; init; }

    /// <summary>
    /// The networks with the best scores that were trained a little before one was chosen, the best first; empty if
    /// none were.
    /// </summary>
    public IReadOnlyList<TriedNetwork> Tried { get; init; } = [];
}

/// <summary>A network of the final round of a search.</summary>
/// <param name="LatencyMs">Its quiet latency, untrained, in milliseconds.</param>
/// <param name="Loss">Its cross entropy, after the training, on the images that no weight learned from.</param>
/// <param name="Steps">The steps of its training; networks are compared with those of as many.</param>
/// <param name="Choice">A candidate for each block of the space.</param>
public sealed record TriedNetwork(double LatencyMs, double Loss, long Steps, IReadOnlyList<int> Choice);

/// <summary>The result of <c>train</c>.</summary>
public sealed record TrainResult
{
    /// <summary>The run directory.</summary>
    public required string Run { get; init; }

    /// <summary>The network's name.</summary>
    public required string Architecture { get; init; }

    /// <summary>The model's file.</summary>
    public required string Model { get; init; }

    /// <summary>Accuracy on the validation images at the best epoch; null if those were trained on.</summary>
    public required double? ValidationTop1 { get; init; }

    /// <summary>
    /// Accuracy by cross-validation on the training images, if they are few and weights are pretrained; null otherwise,
    /// and if not all parts were tried before it was decided that all weights are trained.
    /// </summary>
    public double? CrossValidatedTop1 { get; init; }

    /// <summary>
    /// The accuracy in parts of the images (<see cref="TrainingOptions.Folds"/>); null if not requested.
    /// </summary>
    public FoldAccuracy? Folds { get; init; }

    /// <summary>
    /// How the integer model compares with the model of floats, if it was written too; <see cref="Model"/> is then the
    /// integer model. Null otherwise.
    /// </summary>
    public QuantizeResult? Integers { get; init; }

    /// <summary>Seconds.</summary>
    public required double Seconds { get; init; }
}

/// <summary>The result of <c>evaluate</c>.</summary>
public sealed record EvaluateResult
{
    /// <summary>Share of correct answers.</summary>
    public required double Top1 { get; init; }

    /// <summary>Share of images whose class is among the five most probable.</summary>
    public required double Top5 { get; init; }

    /// <summary>Number of images behind the shares.</summary>
    public required long Images { get; init; }

    /// <summary>The 95 % interval of <see cref="Top1"/>.</summary>
    public required AccuracyInterval Top1Interval { get; init; }

    /// <summary>
    /// The expected calibration error, 0..1: how far the probabilities of the answers are from the shares of correct
    /// ones (Guo et al., ICML 2017, ten bins); null without images.
    /// </summary>
    public required double? CalibrationError { get; init; }

    /// <summary>The same as <see cref="MedianLatencyMs"/>.</summary>
    public required double? LatencyMs { get; init; }

    /// <summary>
    /// Latency on the target at its quietest, as a run reports it (<see cref="Latency.NetworkLatency.QuietMs"/>); for a
    /// model file without the latency table of its run, the 20th percentile of the runs. Null if the target is a table.
    /// </summary>
    public double? QuietLatencyMs { get; init; }

    /// <summary>
    /// Median latency on the target just now, including other work there; null if the target is a table.
    /// </summary>
    public double? MedianLatencyMs { get; init; }

    /// <summary>90th percentile of the runs' times; null if the target is a table.</summary>
    public required double? LatencyP90Ms { get; init; }

    /// <summary>
    /// Share of images for which the network in TorchSharp gives the same class; null if it was not evaluated.
    /// </summary>
    public double? NetworkAgreement { get; init; }

    /// <summary>
    /// Share of images for which another model gives the same class; null if none was compared.
    /// </summary>
    public double? ModelAgreement { get; init; }

    /// <summary>
    /// The root of the mean squared difference of the scores from those of that model, over the standard deviation of
    /// its scores; null if none was compared.
    /// </summary>
    public double? ScoreError { get; init; }

    /// <summary>The classes in the order of the confusion's rows and columns.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>Number of images of class i that were classified as class j, at [i][j].</summary>
    public required IReadOnlyList<int[]> Confusion { get; init; }
}

/// <summary>
/// The accuracy on all images, each of which was classified by a network that was trained, and chosen, without it.
/// </summary>
/// <param name="Folds">Number of parts, each tested by a network that was trained on the others.</param>
/// <param name="Images">Number of images.</param>
/// <param name="Top1">Share of correct answers.</param>
/// <param name="ClassTop1">The mean of the classes' shares of correct answers.</param>
public sealed record FoldAccuracy(int Folds, int Images, double Top1, double ClassTop1);
