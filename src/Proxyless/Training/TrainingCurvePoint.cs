namespace Proxyless.Training;

/// <summary>An epoch of the final training, as in <c>training.jsonl</c>.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="TrainLoss">Mean loss of the steps.</param>
/// <param name="ValidationTop1">Share of correct answers on the validation images, 0..1; null if not measured.</param>
/// <param name="LearningRate">The rate at the epoch's end.</param>
internal sealed record TrainingCurvePoint(int Epoch, double TrainLoss, double? ValidationTop1, double LearningRate);
