using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Proxyless.Search;

/// <summary>
/// The search (ProxylessNAS, sections 3.1 to 3.3): weight steps on training images along sampled paths, drawn evenly during
/// warm-up; in between, architecture steps on images held out of them; now and then the pruning of unlikely paths.
/// </summary>
public sealed class ArchitectureSearch : IDisposable
{
    private const int PruningsPerSearch = 50;

    // Of the weights' learning rate; the warm-up of the architecture parameters is another matter.
    private const int WarmupPart = 20;
    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromMinutes(5);
    private readonly SuperNetwork _network;
    private readonly SearchSettings _settings;
    private readonly RunDirectory _directory;
    private readonly IRunObserver _observer;
    private readonly ArchitectureOptimizer _architectureOptimizer;
    private readonly SearchObjective _objective;
    private readonly EntropyAnnealing _entropy;
    private readonly RewardBaseline _baseline = new();
    private readonly ClassificationLoss _loss;
    private readonly SgdOptimizer _optimizer;
    private readonly ArchitectureStep _architectureStep;
    private readonly PathPruning _pruning;
    private readonly CosineSchedule _schedule;
    private readonly List<SearchEpoch> _log = [];
    private EpochTotals _totals = new();
    private long _step;
    private long _architectureSteps;

    /// <summary>Prepares a search, from its checkpoint where the directory has one.</summary>
    /// <param name="network">The super-network; loses what is pruned.</param>
    /// <param name="settings">How to search.</param>
    /// <param name="directory">Where the checkpoint and the log go.</param>
    /// <param name="observer">Hears of the progress.</param>
    public ArchitectureSearch(SuperNetwork network, SearchSettings settings, RunDirectory directory, IRunObserver observer)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(directory);
        _network = network;
        _settings = settings;
        _directory = directory;
        _observer = observer;
        SearchPlan plan = settings.Plan;
        Parameters = new ArchitectureParameters(network.Blocks.Select(block => block.Candidates.Count));
        _architectureOptimizer = new ArchitectureOptimizer(Parameters);
        _objective = new SearchObjective(settings.Objective, settings.Limits, settings.ObjectiveWeight, plan.ArchitectureSteps);
        _entropy = new EntropyAnnealing(plan.ArchitectureSteps);
        _loss = new ClassificationLoss(settings.LabelSmoothing, settings.ClassWeights, network.Options.Device);
        _optimizer = new SgdOptimizer { WeightDecay = settings.WeightDecay, Kernels = network.Options.Kernels };
        _architectureStep = new ArchitectureStep(network, Parameters, _architectureOptimizer, _objective, _loss) { CorrectsPairs = settings.CorrectPairs };
        _pruning = new PathPruning(settings.PruneThreshold, settings.Limits);
        _schedule = new CosineSchedule(settings.LearningRate, plan.WeightSteps, plan.WeightSteps / WarmupPart);
        if (File.Exists(directory.SearchCheckpoint))
        {
            Restore();
        }
    }

    /// <summary>The architecture parameters.</summary>
    public ArchitectureParameters Parameters { get; }

    /// <summary>The epochs so far.</summary>
    public IReadOnlyList<SearchEpoch> Log => _log;

    /// <summary>Runs the steps that are left.</summary>
    /// <param name="weightImages">Training images, shuffled and augmented.</param>
    /// <param name="architectureImages">Images held out of them, shuffled.</param>
    /// <param name="cancellation">Stops after the step at hand, with a checkpoint.</param>
    public void Run(BatchLoader weightImages, BatchLoader architectureImages, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(weightImages);
        ArgumentNullException.ThrowIfNull(architectureImages);
        SearchPlan plan = _settings.Plan;
        var progress = new Progress(_observer, "search", _step, plan.WeightSteps);
        using var architectureBatches = new EndlessBatches(architectureImages, _architectureSteps);
        DateTime saved = DateTime.UtcNow;
        while (_step < plan.WeightSteps)
        {
            int epoch = (int)(_step / weightImages.BatchesPerEpoch);
            foreach (Batch batch in weightImages.Epoch(epoch, (int)(_step % weightImages.BatchesPerEpoch), CancellationToken.None))
            {
                using (batch)
                {
                    WeightStep(batch, plan);
                }

                if (plan.HasArchitectureStep(_step))
                {
                    using Batch held = architectureBatches.Next();
                    StepArchitecture(held, plan);
                }

                _step++;
                progress.Report(_step, Detail());
                if (_step >= plan.WeightSteps || _step % weightImages.BatchesPerEpoch == 0)
                {
                    break;
                }

                if (cancellation.IsCancellationRequested || DateTime.UtcNow - saved > CheckpointInterval)
                {
                    Save();
                    saved = DateTime.UtcNow;
                    cancellation.ThrowIfCancellationRequested();
                }
            }

            EndEpoch(epoch);
            saved = DateTime.UtcNow;
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _loss.Dispose();
        _optimizer.Dispose();
    }

    private void WeightStep(Batch batch, SearchPlan plan)
    {
        Random random = SeedSequence.At(_settings.Seed, RandomUse.WeightPaths, _step);
        int[] path = _step < plan.WarmupSteps ? Parameters.SampleUniformly(random) : Parameters.Sample(random);
        using Tensor images = batch.Images.to(_network.Options.Device);
        using Tensor labels = batch.Labels.to(_network.Options.Device);
        using Tensor logits = _network.Forward(images, path, NormPass.Training);
        using Tensor value = _loss.Of(logits, labels);
        value.backward();
        _optimizer.Step(_network.TensorsOf(path), _schedule.At(_step));
        double loss = value.ToDouble();
        if (!double.IsFinite(loss))
        {
            throw new InvalidInputException(
                $"the loss became {loss} at step {_step}: --learning-rate {_settings.LearningRate:G3} (at this batch size) is too high for this data");
        }

        var accuracy = new TopAccuracy();
        accuracy.Add(logits, labels);
        _totals.TrainLoss += loss;
        _totals.TrainTop1 += accuracy.Top1;
        _totals.TrainSteps++;
    }

    private void StepArchitecture(Batch batch, SearchPlan plan)
    {
        Random random = SeedSequence.At(_settings.Seed, RandomUse.ArchitecturePaths, _architectureSteps);
        using Tensor images = batch.Images.to(_network.Options.Device);
        using Tensor labels = batch.Labels.to(_network.Options.Device);
        if (_settings.AnnealEntropy)
        {
            _entropy.Ascend(_architectureSteps, Parameters.RelativeEntropy);
            _architectureStep.EntropySlope = _entropy.Multiplier;
        }

        double rate = _settings.ArchitectureRate;
        _totals.ArchitectureLoss += _settings.Update switch
        {
            ArchitectureUpdate.TwoPath => _architectureStep.TwoPath(images, labels, random, rate),
            ArchitectureUpdate.FullPath => _architectureStep.FullPath(images, labels, random, rate),
            _ => _architectureStep.Reinforce(images, labels, random, rate, _settings.ReinforceSamples, _baseline),
        };
        _totals.ArchitectureSteps++;
        _objective.Ascend(Expectations());
        _architectureSteps++;
        if (_settings.PruneThreshold > 0 && _architectureSteps % Math.Max(1, plan.ArchitectureSteps / PruningsPerSearch) == 0)
        {
            _totals.Pruned.AddRange(_pruning.Prune(Parameters, _network, _optimizer).Select(pruned => new[] { pruned.Block, pruned.Candidate }));
        }
    }

    private void EndEpoch(int epoch)
    {
        Dictionary<string, double> ByQuantity(IEnumerable<double> values) =>
            _objective.Limits.Zip(values).ToDictionary(pair => pair.First.Cost.Quantity, pair => pair.Second);

        _log.Add(new SearchEpoch(
            epoch + 1,
            _step,
            _totals.TrainLoss / Math.Max(1, _totals.TrainSteps),
            _totals.TrainTop1 / Math.Max(1, _totals.TrainSteps),
            _totals.ArchitectureSteps == 0 ? null : _totals.ArchitectureLoss / _totals.ArchitectureSteps,
            ByQuantity(Expectations()),
            ByQuantity(_objective.Multipliers),
            Parameters.RelativeEntropy,
            _entropy.Multiplier,
            Parameters.Probabilities(),
            _totals.Pruned));
        _totals = new EpochTotals();
        JsonLines.Write(_directory.SearchLog, _log);
        Save();
    }

    private double[] Expectations()
    {
        double[][] probabilities = Parameters.Probabilities();
        return [.. _objective.Limits.Select(limit => limit.Cost.Expectation(probabilities))];
    }

    private string Detail()
    {
        double[] expectations = Expectations();
        string costs = string.Concat(_objective.Limits.Select((limit, c) => limit.Cost.Unit.Length > 0
            ? $", E[{limit.Cost.Quantity}] {expectations[c]:F3} of {limit.Limit:F3} {limit.Cost.Unit}"
            : $", E[{limit.Cost.Quantity}] {expectations[c] / limit.Limit:P0} of limit"));
        return $"loss {_totals.TrainLoss / Math.Max(1, _totals.TrainSteps):F3}, entropy {Parameters.RelativeEntropy:P0}{costs}";
    }

    private void Save()
    {
        (double[][] secondMoments, int[][] steps) = _architectureOptimizer.Save();
        new SearchState
        {
            Step = _step,
            ArchitectureStep = _architectureSteps,
            Logits = Parameters.Save(),
            SecondMoments = secondMoments,
            Steps = steps,
            Multipliers = _objective.Multipliers,
            EntropyMultiplier = _entropy.Multiplier,
            RewardBaseline = _baseline.Value,
            Totals = _totals,
        }.Write(_directory.SearchCheckpoint, _network, _optimizer);
    }

    private void Restore()
    {
        SafeTensorsFile file = SafeTensorsFile.Read(_directory.SearchCheckpoint);
        SearchState state = SearchState.Of(file, _directory.SearchCheckpoint);
        Parameters.Restore(state.Logits);
        for (int i = 0; i < Parameters.Blocks; i++)
        {
            foreach (int j in Enumerable.Range(0, state.Logits[i].Length).Where(j => !Parameters.IsAlive(i, j)))
            {
                _network.Blocks[i].Prune(j);
            }
        }

        file.CopyTo(_network.Tensors, _directory.SearchCheckpoint);
        _optimizer.Restore(file, _network.Tensors);
        _architectureOptimizer.Restore(state.SecondMoments, state.Steps);
        state.Multipliers.CopyTo(_objective.Multipliers, 0);
        _entropy.Multiplier = state.EntropyMultiplier;
        _baseline.Value = state.RewardBaseline;
        _totals = state.Totals;
        _step = state.Step;
        _architectureSteps = state.ArchitectureStep;
        _log.AddRange(JsonLines.Read<SearchEpoch>(_directory.SearchLog).Where(epoch => epoch.Step <= _step));
    }
}
