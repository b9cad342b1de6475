using Proxyless.Data;
using Proxyless.Networks;

namespace Proxyless.Training;

/// <summary>
/// Trains one fixed network: SGD with Nesterov momentum, cosine schedule with warm-up, label smoothing, no weight decay
/// on batch norm and bias. A checkpoint (<see cref="CheckpointSchedule"/>) holds everything that a resumed training
/// needs to give the same result.
/// </summary>
internal sealed class NetworkTrainer
{
    /// <summary>
    /// The metadata key, in the best checkpoint, of its top-1 on the validation images; absent if there were none.
    /// </summary>
    internal const string ValidationTop1Key = "validation_top1";

    private readonly ITrainingStore _store;
    private readonly TrainingSettings _settings;
    private readonly DataParallel _parallel;
    private readonly IRunObserver _observer;

    /// <summary>Creates a trainer.</summary>
    /// <param name="store">Receives checkpoints and the log.</param>
    /// <param name="settings">How to train.</param>
    /// <param name="parallel">The processes that share the steps; only the leader writes files.</param>
    /// <param name="observer">Receives progress reports.</param>
    public NetworkTrainer(ITrainingStore store, TrainingSettings settings, DataParallel parallel, IRunObserver observer)
    {
        ArgumentNullException.ThrowIfNull(store);
        _store = store;
        _settings = settings;
        _parallel = parallel;
        _observer = observer;
    }

    /// <summary>Is called after each epoch with all epochs so far and the pace of the last one.</summary>
    public Action<IReadOnlyList<TrainingCurvePoint>, EpochPace>? EpochEnded { get; init; }

    /// <summary>Trains the network, from its last checkpoint if there is one.</summary>
    /// <param name="network">
    /// The network; afterwards it holds the weights of the best epoch, or of the last one without validation images.
    /// </param>
    /// <param name="training">Augmented training images, shuffled.</param>
    /// <param name="validation">Images that select the best epoch, or null.</param>
    /// <param name="cancellationToken">Stops after the current step, with a checkpoint.</param>
    /// <exception cref="TrainingDivergedException">
    /// The training diverges; the last checkpoint is from before.
    /// </exception>
    /// <exception cref="InvalidInputException">
    /// The images are unreadable, and the checkpoint is of the last step.
    /// </exception>
    /// <exception cref="IOException">
    /// The images are gone, and the checkpoint is of the last step; or no checkpoint can be written, and the previous
    /// one remains; or the run's folder is gone.
    /// </exception>
    /// <returns>Top-1 on the validation images at the best epoch, 0..1; null without validation images.</returns>
    public double? Train(
        CompactNetwork network,
        BatchLoader training,
        BatchLoader? validation,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(training);
        using var session = new TrainingSession(
            _store,
            _settings,
            network,
            training.BatchesPerEpoch,
            _parallel,
            _observer
        );
        try
        {
            while (true)
            {
                if (session.JudgeEpoch(training.BatchesPerEpoch, validation, cancellationToken))
                {
                    // Before the checkpoint, after which a stopped training ends: a resumed one would not repeat it.
                    EpochEnded?.Invoke(session.Log, session.Pace);
                    session.SaveEpoch(cancellationToken);
                }

                if (session.IsDone)
                {
                    break;
                }

                session.TrainEpoch(training, cancellationToken);
            }
        }
        catch (Exception exception)
            when (!session.IsInStep
                && exception
                    is OperationCanceledException
                        or ProxylessException
                        or IOException
                        or UnauthorizedAccessException
            )
        {
            // Stopped within an evaluation; or the images have failed between two steps, or the checkpoint's disk has.
            session.TrySave();
            throw;
        }

        if (session.EndsEarly)
        {
            _observer.Message(
                Invariant($"{_settings.Stage}: ended after epoch {session.Log.Count}, since {_settings.Patience} ")
                    + "epochs have brought nothing better"
            );
        }

        session.TakeBest();
        return validation is null ? null : session.Best;
    }
}
