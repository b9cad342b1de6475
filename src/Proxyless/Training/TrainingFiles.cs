namespace Proxyless.Training;

/// <summary>Where a training keeps what it needs to go on.</summary>
/// <param name="LastCheckpoint">The network as the training left it last, with the optimizer's state.</param>
/// <param name="BestCheckpoint">The network at its best validation accuracy, at the end of the last epoch without validation images.</param>
/// <param name="Log">A line of JSON for each epoch (<see cref="TrainingCurvePoint"/>).</param>
public sealed record TrainingFiles(string LastCheckpoint, string BestCheckpoint, string Log);
