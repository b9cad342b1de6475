using System.Globalization;
using Proxyless.Data;
using Proxyless.Files;
using Proxyless.Networks;
using static TorchSharp.torch;

namespace Proxyless.Training;

/// <summary>
/// One training from its last checkpoint to its end or its interruption: the network, all that is updated with it, and
/// its progress.
/// </summary>
internal sealed class TrainingSession : IDisposable
{
    private const string AveragePrefix = "average.";
    private readonly ITrainingStore _store;
    private readonly TrainingSettings _settings;
    private readonly DataParallel _parallel;
    private readonly IRunObserver _observer;
    private readonly CompactNetwork _network;
    private readonly NetworkTensor[] _tensors;
    private readonly NetworkStep _step;
    private readonly ExponentialMovingAverage? _average;
    private readonly CosineSchedule _schedule;
    private readonly CheckpointFile _last;
    private readonly CheckpointSchedule _checkpoints;
    private readonly Progress _progress;
    private readonly List<TrainingCurvePoint> _log = [];
    private TrainingState _state;
    private long _saved = -1;

    /// <summary>Continues the training from its last checkpoint if there is one.</summary>
    /// <param name="store">Receives checkpoints and the log.</param>
    /// <param name="settings">How to train.</param>
    /// <param name="network">The network; not disposed of.</param>
    /// <param name="batchesPerEpoch">Number of batches of the training images.</param>
    /// <param name="parallel">The processes that share the steps; only the leader writes files.</param>
    /// <param name="observer">Receives progress.</param>
    /// <exception cref="InvalidInputException">The checkpoint or the log is damaged, or of another network.</exception>
    public TrainingSession(
        ITrainingStore store,
        TrainingSettings settings,
        CompactNetwork network,
        long batchesPerEpoch,
        DataParallel parallel,
        IRunObserver observer
    )
    {
        _store = store;
        _settings = settings;
        _parallel = parallel;
        _observer = observer;
        _network = network;
        _tensors = [.. network.Tensors];
        _last = new CheckpointFile(store.LastCheckpoint);
        _step = new NetworkStep(network, settings);
        parallel.TakeFromLeader(_tensors);
        _average = ExponentialMovingAverage.Of(network, settings.Ema);
        long warmup = (long)(settings.WarmupShare * settings.Steps);
        _schedule = new CosineSchedule(settings.LearningRate, settings.Steps, warmup);
        try
        {
            _state = _last.Exists ? Resume(_last, _tensors, _step.Optimizer, _average, observer) : TrainingState.Start;
            store.Restored();
            long judged = _state.JudgedEpochs(batchesPerEpoch);
            _log.AddRange(JsonLines.Read<TrainingCurvePoint>(store.TrainingLog).Where(point => point.Epoch <= judged));
        }
        catch
        {
            Dispose();
            throw;
        }

        _progress = new Progress(observer, settings.Stage, _state.Step, settings.Steps);
        _checkpoints = new CheckpointSchedule(TimeProvider.System, settings.CheckpointInterval);
    }

    /// <summary>
    /// Writes the weights that a training begins with as its checkpoints: the best one, which stays unless an epoch is
    /// at least as good, and the last one, of no step yet.
    /// </summary>
    /// <param name="store">Receives the checkpoints.</param>
    /// <param name="network">The network.</param>
    /// <param name="top1">Its top-1 on the validation images; null without.</param>
    /// <param name="isAveraged">Whether the training has a moving average.</param>
    public static void Begin(ITrainingStore store, CompactNetwork network, double? top1, bool isAveraged)
    {
        WriteBest(store, network, top1);
        TrainingState start = TrainingState.Start;
        new CheckpointFile(store.LastCheckpoint).Write(
            [.. Named(network.Tensors), .. isAveraged ? Named(network.Tensors, AveragePrefix) : []],
            (start with { Best = top1 ?? start.Best }).ToMetadata()
        );
    }

    /// <summary>Whether all steps are done, or no more are made.</summary>
    public bool IsDone => _state.Step >= _settings.Steps || EndsEarly;

    /// <summary>
    /// Whether it ends before all steps: after the warm-up, as many epochs as <see cref="TrainingSettings.Patience"/>
    /// have brought nothing better.
    /// </summary>
    public bool EndsEarly => _state.Step < _settings.Steps && _state.EpochsWithoutBetter >= _settings.Patience;

    /// <summary>Whether a step is in progress: its partial result is not worth keeping.</summary>
    public bool IsInStep { get; private set; }

    /// <summary>Top-1 on the validation images at the best epoch so far, 0..1.</summary>
    public double Best => _state.Best;

    /// <summary>Restores weights, momenta, average and state from a checkpoint.</summary>
    /// <param name="last">The checkpoint.</param>
    /// <param name="tensors">The network's tensors.</param>
    /// <param name="optimizer">Receives the momenta.</param>
    /// <param name="average">Receives the average, if there is one.</param>
    /// <param name="observer">Is told of a damaged checkpoint.</param>
    /// <exception cref="InvalidInputException">The checkpoint is damaged or of another network.</exception>
    public static TrainingState Resume(
        CheckpointFile last,
        NetworkTensor[] tensors,
        SgdOptimizer optimizer,
        ExponentialMovingAverage? average,
        IRunObserver observer
    )
    {
        (SafeTensorsFile file, string path) = last.Read(observer);
        file.CopyTo(tensors, path);
        optimizer.Restore(file, tensors);
        file.CopyTo(average?.Average.Tensors ?? [], path, AveragePrefix);
        return TrainingState.Of(file.Metadata)
            ?? throw new InvalidInputException(
                $"{path} does not say how far the training is; remove it to train from the beginning"
            );
    }

    /// <summary>
    /// Evaluates an epoch that is trained but not evaluated, if there is one, and keeps the network if it is the best.
    /// </summary>
    /// <param name="batchesPerEpoch">Number of batches of the training images.</param>
    /// <param name="validation">Images that select the best epoch, or null.</param>
    /// <param name="cancellationToken">Stops, with a checkpoint.</param>
    /// <returns>Whether there was one.</returns>
    public bool JudgeEpoch(long batchesPerEpoch, BatchLoader? validation, CancellationToken cancellationToken)
    {
        // The case after the last step of an epoch, and after a resume that finds an epoch trained but not evaluated.
        if (!_state.AwaitsJudgment(batchesPerEpoch, _settings.Steps))
        {
            return false;
        }

        CompactNetwork judged = _average?.Average ?? _network;
        double? top1 = validation is null ? null : Top1(judged, validation, cancellationToken);
        double best = _state.Best;

        // Without validation images only the last network counts; until then the one on disk is at most as old as a
        // checkpoint.
        bool isKept = top1 is { } accuracy
            ? accuracy >= best
            : _state.Step >= _settings.Steps || _checkpoints.IsDue(atEpochEnd: true);
        if (isKept)
        {
            WriteNetwork(judged, top1);
            best = top1 ?? best;
        }

        double rate = _schedule.At(_state.Step - 1);
        _log.Add(new TrainingCurvePoint(_log.Count + 1, _state.LossSum / _state.LossSteps, top1, rate));
        _state = _state.AfterEpoch(best, isWarmup: _state.Step <= _schedule.WarmupSteps);
        return true;
    }

    /// <summary>Writes a checkpoint of an epoch that is evaluated, if it is time for one.</summary>
    /// <param name="cancellationToken">Stops, with a checkpoint.</param>
    public void SaveEpoch(CancellationToken cancellationToken)
    {
        if (IsDone || cancellationToken.IsCancellationRequested || _checkpoints.IsDue(atEpochEnd: true))
        {
            Save();
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>The epochs so far.</summary>
    public IReadOnlyList<TrainingCurvePoint> Log => _log;

    /// <summary>The pace of the last call of <see cref="TrainEpoch"/>.</summary>
    public EpochPace Pace { get; private set; } = new(null, null);

    /// <summary>Trains to the end of the epoch, or of all steps.</summary>
    /// <param name="training">The images.</param>
    /// <param name="cancellationToken">Stops after the current step, with a checkpoint.</param>
    public void TrainEpoch(BatchLoader training, CancellationToken cancellationToken)
    {
        int epoch = (int)(_state.Step / training.BatchesPerEpoch);
        int first = (int)(_state.Step % training.BatchesPerEpoch);
        var pace = new EpochClock();
        foreach (Batch batch in training.Epoch(epoch, first, CancellationToken.None))
        {
            _parallel.BeginStep();
            IsInStep = true;
            using (batch)
            {
                double loss = _step.Run(batch, _state.Step, _schedule.At(_state.Step), _parallel);
                _average?.Update(_state.Step);
                _state = _state.After(loss);
                pace.Count(batch, _parallel.Part.Count);
            }

            IsInStep = false;
            _parallel.EndStep();
            _progress.Report(_state.Step, Detail);
            if (cancellationToken.IsCancellationRequested || _checkpoints.IsDue(atEpochEnd: false))
            {
                Save();
                cancellationToken.ThrowIfCancellationRequested();
            }

            if (IsDone || _state.Step % training.BatchesPerEpoch == 0)
            {
                break;
            }
        }

        Pace = pace.End(_progress.RemainingAt(_state.Step));
    }

    /// <summary>Writes a checkpoint of the last step if there is none; keeps the previous one if it cannot.</summary>
    public void TrySave()
    {
        if (_saved != _state.Step)
        {
            CheckpointFile.TryWrite(Save);
        }
    }

    /// <summary>Loads the weights of the best epoch into the network, in the process that wrote them.</summary>
    public void TakeBest()
    {
        if (_parallel.IsLeader)
        {
            SafeTensorsFile.Read(_store.BestCheckpoint).CopyTo(_tensors, _store.BestCheckpoint);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _average?.Dispose();
        _step.Dispose();
    }

    private double Top1(CompactNetwork judged, BatchLoader validation, CancellationToken cancellationToken)
    {
        TopAccuracy accuracy = NetworkEvaluator.Evaluate(judged, validation, _observer, cancellationToken);
        _parallel.BeginStep();
        _parallel.Sum(accuracy);
        _parallel.EndStep();
        return accuracy.Images > 0
            ? accuracy.Top1
            : throw new InvalidInputException("none of the images that select the best epoch can be read");
    }

    private string Detail()
    {
        string best = _state.Best >= 0 ? Invariant($", best top-1 {_state.Best:P1}") : "";
        return Invariant($"loss {_state.LossSum / _state.LossSteps:F3}{best}");
    }

    private void WriteNetwork(CompactNetwork network, double? top1)
    {
        if (!_parallel.IsLeader)
        {
            return;
        }

        _last.RequireRun();
        ClassificationLoss.RequireFinite(Named(network.Tensors), _state.Step, _settings.PeakRate);
        WriteBest(_store, network, top1);
    }

    private static void WriteBest(ITrainingStore store, CompactNetwork network, double? top1)
    {
        var metadata = new Dictionary<string, string>();
        if (top1 is { } known)
        {
            metadata[NetworkTrainer.ValidationTop1Key] = known.ToString("R", CultureInfo.InvariantCulture);
        }

        SafeTensorsFile.Write(store.BestCheckpoint, Named(network.Tensors), metadata);
    }

    private static (string Name, Tensor Value)[] Named(IEnumerable<NetworkTensor> tensors, string prefix = "") =>
        [.. tensors.Select(tensor => (prefix + tensor.Name, tensor.Value))];

    private void Save()
    {
        if (!_parallel.IsLeader)
        {
            return;
        }

        _last.RequireRun();

        // The log first: a resumed training drops the lines that are ahead of the checkpoint.
        JsonLines.Write(_store.TrainingLog, _log);
        List<(string, Tensor)> all =
        [
            .. Named(_tensors),
            .. _step.Optimizer.State,
            .. Named(_average?.Average.Tensors ?? [], AveragePrefix),
        ];
        ClassificationLoss.RequireFinite(all, _state.Step, _settings.PeakRate);
        _last.Write(all, _state.ToMetadata());
        _checkpoints.Saved();
        _saved = _state.Step;
    }
}
