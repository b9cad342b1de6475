using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.Search;

/// <summary>
/// The search (ProxylessNAS, sections 3.1 to 3.3): weight steps on training images along sampled paths; after a
/// warm-up, in which the probabilities keep their initial values (<see cref="LimitProjection"/>), architecture steps on
/// held-out images; from time to time the pruning of improbable paths.
/// </summary>
internal sealed class ArchitectureSearch : IDisposable
{
    private const int PruningsPerSearch = 50;

    // For the weights' learning rate; the warm-up of the architecture parameters is separate.
    private const int WarmupPart = 20;
    private readonly SuperNetwork _network;
    private readonly SearchSettings _settings;
    private readonly CheckpointFile _checkpoint;
    private readonly DataParallel _parallel;
    private readonly IRunObserver _observer;
    private readonly ClassificationLoss _loss;
    private readonly SgdOptimizer _optimizer;
    private readonly TargetSearch[] _targets;
    private readonly CosineSchedule _schedule;
    private readonly IWeightStep _weights;
    private readonly CheckpointSchedule _checkpoints;
    private EpochTotals _totals = new();
    private long _step;
    private long _architectureSteps;
    private bool _isInStep;

    /// <summary>Prepares a search, from its checkpoint if there is one.</summary>
    /// <param name="network">The super-network; loses the candidates that every target has pruned.</param>
    /// <param name="settings">How to search.</param>
    /// <param name="targets">
    /// The machines to search for, at least one; weights are shared, each machine has its own architecture parameters.
    /// </param>
    /// <param name="checkpoint">The checkpoint's file.</param>
    /// <param name="parallel">The processes that share the steps; only the leader writes files.</param>
    /// <param name="observer">Receives progress reports.</param>
    /// <exception cref="InvalidInputException">The checkpoint is of another search.</exception>
    public ArchitectureSearch(
        SuperNetwork network,
        SearchSettings settings,
        IReadOnlyList<SearchedTarget> targets,
        string checkpoint,
        DataParallel parallel,
        IRunObserver observer
    )
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentOutOfRangeException.ThrowIfZero(targets.Count);
        _network = network;
        _settings = settings;
        _checkpoint = new CheckpointFile(checkpoint);
        _checkpoints = new CheckpointSchedule(TimeProvider.System, settings.CheckpointInterval);
        _parallel = parallel;
        _observer = observer;
        _loss = new ClassificationLoss(settings.LabelSmoothing, settings.ClassWeights, network.Options.Device);
        _optimizer = new SgdOptimizer { WeightDecay = settings.WeightDecay, Kernels = network.Options.Kernels };
        _targets =
        [
            .. targets.Select(target => new TargetSearch(network, settings, target, _loss, parallel, observer)),
        ];
        _schedule = new CosineSchedule(
            settings.LearningRate,
            settings.Plan.WeightSteps,
            settings.Plan.WeightSteps / WarmupPart
        );
        _weights =
            settings.Plan.WeightUpdate == WeightUpdate.Sandwich
                ? new SandwichStep(network, settings, [.. targets.Select(LatencyOf)], _loss, _optimizer, parallel)
                : new SinglePathStep(
                    network,
                    settings,
                    [.. _targets.Select(target => target.Parameters)],
                    _loss,
                    _optimizer,
                    parallel
                );
        if (_checkpoint.Exists)
        {
            Restore();
        }

        parallel.TakeFromLeader(network.Tensors);
    }

    /// <summary>Is called after each epoch with each target's epochs so far and the pace of the last one.</summary>
    public Action<IReadOnlyList<IReadOnlyList<SearchEpoch>>, EpochPace>? EpochEnded { get; init; }

    /// <summary>The epochs of a target so far.</summary>
    /// <param name="target">Its index among the targets.</param>
    public IReadOnlyList<SearchEpoch> Log(int target = 0) => _targets[target].Log;

    /// <summary>Runs the remaining steps.</summary>
    /// <param name="weightImages">Training images, shuffled and augmented.</param>
    /// <param name="architectureImages">Held-out images, shuffled.</param>
    /// <param name="cancellationToken">Stops after the current step, with a checkpoint.</param>
    /// <exception cref="TrainingDivergedException">The search diverges; the last checkpoint is from before.</exception>
    /// <exception cref="InvalidInputException">
    /// The images are unreadable, and the checkpoint is of the last step.
    /// </exception>
    /// <exception cref="IOException">
    /// The images are gone, and the checkpoint is of the last step; or no checkpoint can be written, and the previous
    /// one remains; or the run's folder is gone.
    /// </exception>
    public void Run(
        BatchLoader weightImages,
        BatchLoader architectureImages,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(weightImages);
        ArgumentNullException.ThrowIfNull(architectureImages);
        try
        {
            RunSteps(weightImages, architectureImages, cancellationToken);
        }
        catch (Exception exception)
            when (!_isInStep && exception is ProxylessException or IOException or UnauthorizedAccessException)
        {
            // The images have failed between two steps, or the checkpoint's disk has.
            CheckpointFile.TryWrite(Save);
            throw;
        }
    }

    private void RunSteps(BatchLoader weightImages, BatchLoader architectureImages, CancellationToken cancellationToken)
    {
        SearchPlan plan = _settings.Plan;
        var progress = new Progress(_observer, "search", _step, plan.WeightSteps);
        using var architectureBatches = new EndlessBatches(architectureImages, _architectureSteps);
        while (_step < plan.WeightSteps)
        {
            int epoch = (int)(_step / weightImages.BatchesPerEpoch);
            var pace = new EpochClock();
            foreach (
                Batch batch in weightImages.Epoch(
                    epoch,
                    (int)(_step % weightImages.BatchesPerEpoch),
                    CancellationToken.None
                )
            )
            {
                using (batch)
                {
                    // Both batches first: a reading error then falls between two steps.
                    using Batch? held = plan.HasArchitectureStep(_step) ? architectureBatches.Next() : null;
                    _parallel.BeginStep();
                    _isInStep = true;
                    WeightStep(batch);
                    if (held is not null)
                    {
                        StepArchitecture(held, plan);
                    }

                    _parallel.EndStep();
                    _step++;
                    pace.Count(batch, _parallel.Part.Count);
                }

                // The last step of an epoch is complete when the epoch's line is written.
                bool ended = _step >= plan.WeightSteps || _step % weightImages.BatchesPerEpoch == 0;
                _isInStep = ended;
                progress.Report(_step, Detail);
                if (ended)
                {
                    break;
                }

                SaveIfDue(atEpochEnd: false, cancellationToken);
            }

            EndEpoch(epoch);
            _isInStep = false;

            // Before the checkpoint, after which a stopped search ends: a resumed one would not repeat the epoch.
            EpochEnded?.Invoke([.. _targets.Select(target => target.Log)], pace.End(progress.RemainingAt(_step)));
            SaveIfDue(atEpochEnd: true, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _loss.Dispose();
        _optimizer.Dispose();
    }

    private static SpaceCost LatencyOf(SearchedTarget target) =>
        target.Limits.Latency?.Cost
        ?? throw new ArgumentException($"{target.Name} has no limit on latency", nameof(target));

    private void WeightStep(Batch batch)
    {
        Random random = SeedSequence.At(_settings.Seed, RandomUse.WeightPaths, _step);
        using Tensor images = batch.Images.to(_network.Options.Device);
        using Tensor labels = batch.Labels.to(_network.Options.Device);
        (double loss, double top1) = _weights.Run(images, labels, _step, random, _schedule.At(_step));
        _totals.TrainLoss += loss;
        _totals.TrainTop1 += top1;
        _totals.TrainSteps++;
    }

    private void StepArchitecture(Batch batch, SearchPlan plan)
    {
        using Tensor images = batch.Images.to(_network.Options.Device);
        using Tensor labels = batch.Labels.to(_network.Options.Device);
        for (int t = 0; t < _targets.Length; t++)
        {
            Random random = SeedSequence.At(
                _settings.Seed,
                RandomUse.ArchitecturePaths,
                (_architectureSteps * _targets.Length) + t
            );
            _targets[t].Step(images, labels, random, _architectureSteps);
        }

        _architectureSteps++;
        if (
            _settings.PruneThreshold > 0
            && _architectureSteps % Math.Max(1, plan.ArchitectureSteps / PruningsPerSearch) == 0
        )
        {
            Prune();
        }
    }

    /// <summary>
    /// Removes improbable candidates permanently, including their own weights and momenta if no target needs them any
    /// more.
    /// </summary>
    private void Prune()
    {
        // All of them first: what two targets give up together must be recognized as given up by both.
        (int Block, int Candidate)[] pruned = [.. _targets.SelectMany(target => target.Prune()).Distinct()];
        foreach ((int block, int candidate) in pruned)
        {
            if (!IsWanted(block, candidate))
            {
                _optimizer.Forget(_network.Blocks[block][candidate].Tensors);
                _network.Blocks[block].Prune(candidate);
                _weights.Forget();
            }
        }
    }

    private bool IsWanted(int block, int candidate) =>
        Array.Exists(_targets, target => target.Parameters.IsAlive(block, candidate));

    private void EndEpoch(int epoch)
    {
        double steps = Math.Max(1, _totals.TrainSteps);
        foreach (TargetSearch target in _targets)
        {
            target.EndEpoch(epoch + 1, _step, _totals.TrainLoss / steps, _totals.TrainTop1 / steps);
        }

        _totals = new EpochTotals();
    }

    private string Detail()
    {
        string targets =
            _targets.Length == 1
                ? _targets[0].Detail()
                : string.Join("; ", _targets.Select(target => $"{target.Name}: {target.Detail()}"));
        return Invariant($"loss {_totals.TrainLoss / Math.Max(1, _totals.TrainSteps):F3}, {targets}");
    }

    private void SaveIfDue(bool atEpochEnd, CancellationToken cancellationToken)
    {
        if (
            !cancellationToken.IsCancellationRequested
            && _step < _settings.Plan.WeightSteps
            && !_checkpoints.IsDue(atEpochEnd)
        )
        {
            return;
        }

        Save();
        cancellationToken.ThrowIfCancellationRequested();
    }

    private void Save()
    {
        if (!_parallel.IsLeader)
        {
            return;
        }

        _checkpoint.RequireRun();

        // The logs first: a resumed run drops the lines that are ahead of the checkpoint.
        Array.ForEach(_targets, target => target.WriteLog());
        ClassificationLoss.RequireFinite(SearchState.TensorsOf(_network, _optimizer), _step, _settings.PeakRate);
        State().Write(_checkpoint, _network, _optimizer);
        _checkpoints.Saved();
    }

    /// <summary>The state of the search.</summary>
    internal SearchState State() =>
        new()
        {
            Step = _step,
            ArchitectureStep = _architectureSteps,
            Totals = _totals,
            Targets = [.. _targets.Select(target => target.Save())],
        };

    private void Restore()
    {
        (SafeTensorsFile file, string path) = _checkpoint.Read(_observer);
        SearchState state = SearchState.Of(file, path);
        if (state.Targets.Length != _targets.Length)
        {
            throw new InvalidInputException(
                $"{path} is of a search for {state.Targets.Length} targets, not {_targets.Length}"
            )
            {
                File = path,
            };
        }

        _totals = state.Totals;
        _step = state.Step;
        _architectureSteps = state.ArchitectureStep;
        foreach ((TargetSearch target, TargetSearchState saved) in _targets.Zip(state.Targets))
        {
            target.Restore(saved, _step);
        }

        for (int i = 0; i < _network.Blocks.Count; i++)
        {
            foreach (int j in Enumerable.Range(0, _network.Blocks[i].Candidates.Count).Where(j => !IsWanted(i, j)))
            {
                _network.Blocks[i].Prune(j);
            }
        }

        file.CopyTo(_network.Tensors, path);
        _optimizer.Restore(file, _network.Tensors);
    }
}
