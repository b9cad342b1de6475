namespace Proxyless.Training;

/// <summary>The files that a training is kept in.</summary>
internal interface ITrainingStore
{
    /// <summary>
    /// The network as the training left it last, with the optimiser's state; the one before is kept beside it.
    /// </summary>
    string LastCheckpoint { get; }

    /// <summary>The network at its best validation accuracy.</summary>
    string BestCheckpoint { get; }

    /// <summary>A line for each epoch, a <see cref="TrainingCurvePoint"/>.</summary>
    string TrainingLog { get; }
}
