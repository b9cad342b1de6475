namespace Proxyless.Training;

/// <summary>The files of a training.</summary>
internal interface ITrainingStore
{
    /// <summary>
    /// The network after the last step so far, with the optimizer's state; the previous one is kept beside it.
    /// </summary>
    string LastCheckpoint { get; }

    /// <summary>The network at its best validation accuracy.</summary>
    string BestCheckpoint { get; }

    /// <summary>One line per epoch, a <see cref="TrainingCurvePoint"/>.</summary>
    string TrainingLog { get; }

    /// <summary>Is called once the last checkpoint was read, if there was one.</summary>
    void Restored() { }
}
