using Proxyless.Files;
using Proxyless.Networks;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.Search;

/// <summary>
/// The architecture parameters of one target and all that updates them. Weights are shared by all targets.
/// </summary>
internal sealed class TargetSearch
{
    private readonly SearchSettings _settings;
    private readonly SearchedTarget _target;
    private readonly ArchitectureOptimizer _optimizer;
    private readonly SearchObjective _objective;
    private readonly EntropyAnnealing _entropy;
    private readonly ArchitectureStep _step;
    private readonly PathPruning _pruning;
    private readonly LimitProjection? _projection;
    private readonly IRunObserver _observer;
    private readonly List<SearchEpoch> _log = [];
    private ArchitectureTotals _totals = new();
    private bool _hasToldOfReach;
    private long _lastStep;

    /// <summary>
    /// Starts before the first step: with probabilities at the limits if the objective keeps to them, otherwise
    /// uniform.
    /// </summary>
    /// <param name="network">The shared weights.</param>
    /// <param name="settings">How to search.</param>
    /// <param name="target">Name, limits and log.</param>
    /// <param name="loss">The loss to minimize.</param>
    /// <param name="parallel">The processes that share the steps.</param>
    /// <param name="observer">Is told if an equality cannot be kept.</param>
    public TargetSearch(
        SuperNetwork network,
        SearchSettings settings,
        SearchedTarget target,
        ClassificationLoss loss,
        DataParallel parallel,
        IRunObserver observer
    )
    {
        _observer = observer;
        _settings = settings;
        _target = target;
        long steps = settings.Plan.ArchitectureSteps;
        Parameters = new ArchitectureParameters(network.Blocks.Select(block => block.Candidates.Count));
        if (settings.Objective is ObjectiveKind.Budget or ObjectiveKind.Equality)
        {
            // Several limits can be met together, but not in general used up together.
            bool isEquality = settings.Objective == ObjectiveKind.Equality;
            var projection = new LimitProjection(target.Limits.All, usesUp: isEquality && target.Limits.All.Count == 1);
            projection.Begin(Parameters);
            _projection = isEquality ? projection : null;
        }

        _optimizer = new ArchitectureOptimizer(Parameters);
        _objective = new SearchObjective(settings.Objective, target.Limits, settings.ObjectiveWeight, steps);
        _entropy = new EntropyAnnealing(steps);
        _step = new ArchitectureStep(network, Parameters, _optimizer, _objective, loss, parallel)
        {
            CorrectsPairs = settings.CorrectPairs,
            Samples = settings.SampledArchitectures,
        };
        _pruning = new PathPruning(settings.PruneThreshold, target.Limits.All, _projection);
        TellOfReach();
    }

    /// <summary>Its name.</summary>
    public string Name => _target.Name;

    /// <summary>Its architecture parameters.</summary>
    public ArchitectureParameters Parameters { get; }

    /// <summary>The epochs so far.</summary>
    public IReadOnlyList<SearchEpoch> Log => _log;

    /// <summary>Makes one architecture step.</summary>
    /// <param name="images">[N, C, H, W] of the architecture split.</param>
    /// <param name="labels">[N], int64.</param>
    /// <param name="random">Draws paths.</param>
    /// <param name="step">Number of the step, from 0.</param>
    /// <exception cref="TrainingDivergedException">
    /// A loss, a gradient or a logit is infinite or NaN: the search has diverged. The message names the step, the
    /// target and the block.
    /// </exception>
    public void Step(Tensor images, Tensor labels, Random random, long step)
    {
        _lastStep = step;
        if (_settings.AnnealEntropy)
        {
            _entropy.Ascend(step, Parameters.RelativeEntropy);
            _step.EntropySlope = _entropy.Multiplier;
        }

        Checked(() =>
        {
            _totals.Loss += _step.Run(_settings.Update, images, labels, random, _settings.ArchitectureRate);
            _totals.Steps++;
            _projection?.Apply(Parameters);
        });

        _objective.Ascend(Expectations());
    }

    /// <summary>Removes improbable candidates from the parameters; their weights stay for other targets.</summary>
    /// <returns>The removed candidates, in order of block and candidate.</returns>
    public IReadOnlyList<(int Block, int Candidate)> Prune()
    {
        IReadOnlyList<(int Block, int Candidate)> pruned = _pruning.Prune(Parameters);
        if (pruned.Count > 0)
        {
            Checked(() => _projection?.Apply(Parameters));
        }

        _totals.Pruned.AddRange(pruned.Select(one => new[] { one.Block, one.Candidate }));
        return pruned;
    }

    /// <summary>Writes the lines of the epochs so far.</summary>
    public void WriteLog() => JsonLines.Write(_target.Log, _log);

    /// <summary>Adds an epoch's line to the log.</summary>
    /// <param name="epoch">Its number, from 1.</param>
    /// <param name="step">Weight steps so far.</param>
    /// <param name="trainLoss">Mean cross entropy of its weight steps.</param>
    /// <param name="trainTop1">Share of correct answers in them.</param>
    public void EndEpoch(int epoch, long step, double trainLoss, double trainTop1)
    {
        Dictionary<string, double> ByQuantity(IEnumerable<double> values) =>
            _objective.Limits.Zip(values).ToDictionary(pair => pair.First.Cost.Quantity, pair => pair.Second);

        _log.Add(
            new SearchEpoch(
                epoch,
                step,
                trainLoss,
                trainTop1,
                _totals.Steps == 0 ? null : _totals.Loss / _totals.Steps,
                ByQuantity(Expectations()),
                ByQuantity(_objective.Multipliers),
                Parameters.RelativeEntropy,
                _entropy.Multiplier,
                Parameters.Probabilities(),
                _totals.Pruned
            )
        );
        _totals = new ArchitectureTotals();
    }

    /// <summary>Entropy and expected costs, for a progress line.</summary>
    public string Detail()
    {
        double[] expectations = Expectations();
        string costs = string.Concat(
            _objective.Limits.Select(
                (limit, c) =>
                    limit.Cost.Unit.Length > 0
                        ? $", E[{limit.Cost.Quantity}] {MillisecondText.Of(expectations[c])} of "
                            + $"{MillisecondText.Of(limit.Limit)} {limit.Cost.Unit}"
                        : Invariant($", E[{limit.Cost.Quantity}] {expectations[c] / limit.Limit:P0} of limit")
            )
        );
        return Invariant($"entropy {Parameters.RelativeEntropy:P0}{costs}");
    }

    /// <summary>Returns the state for a checkpoint.</summary>
    public TargetSearchState Save()
    {
        (double?[][] logits, double[][] costLogits) = Parameters.Save();
        (double[][] secondMoments, int[][] steps) = _optimizer.Save();
        return new TargetSearchState
        {
            Logits = logits,
            CostLogits = costLogits,
            SecondMoments = secondMoments,
            Steps = steps,
            Multipliers = _objective.Multipliers,
            EntropyMultiplier = _entropy.Multiplier,
            RewardBaseline = _step.Baseline.Value,
            Totals = _totals,
        };
    }

    /// <summary>Restores a saved state.</summary>
    /// <param name="state">The state that <see cref="Save"/> returned.</param>
    /// <param name="step">Weight steps so far: later lines of the log are written again.</param>
    public void Restore(TargetSearchState state, long step)
    {
        if (state.Multipliers.Length != _objective.Multipliers.Length)
        {
            throw new InvalidInputException(
                $"the checkpoint is of a search with {state.Multipliers.Length} limits, not "
                    + $"{_objective.Multipliers.Length}; search anew with RunOptions.Overwrite"
            );
        }

        Parameters.Restore(state.Logits, state.CostLogits);
        _optimizer.Restore(state.SecondMoments, state.Steps);
        state.Multipliers.CopyTo(_objective.Multipliers, 0);
        _entropy.Multiplier = state.EntropyMultiplier;
        _step.Baseline.Value = state.RewardBaseline;
        _totals = state.Totals;
        _log.AddRange(JsonLines.Read<SearchEpoch>(_target.Log).Where(epoch => epoch.Step <= step));
        TellOfReach();
    }

    /// <summary>
    /// Reports once that no probabilities of the remaining candidates bring the expectation to the limit.
    /// </summary>
    private void TellOfReach()
    {
        if (
            _hasToldOfReach
            || _projection is null
            || _target.Limits.All.Count != 1
            || _projection.IsWithinReach(Parameters)
        )
        {
            return;
        }

        _hasToldOfReach = true;
        CostLimit limit = _target.Limits.All.Single();
        string Share(double cost) =>
            Invariant($"{cost / limit.Limit:0.###} of the limit {limit.Limit:G6} {limit.Cost.Unit}").TrimEnd();
        bool isDecided = Enumerable.Range(0, Parameters.Blocks).All(block => Parameters.AliveIn(block).Length == 1);
        _observer.Message(
            isDecided
                ? $"equality for {Name}: all blocks are decided; E[{limit.Cost.Quantity}] stays at "
                    + $"{Share(Expectations()[0])}"
                : $"equality for {Name}: the most expensive network of the remaining candidates has "
                    + $"{Share(Parameters.Largest(limit.Cost))}, so E[{limit.Cost.Quantity}] cannot be held at it; "
                    + $"the losses alone decide"
        );
    }

    /// <summary>Runs an update of alpha; a number that is not finite ends the search as divergence.</summary>
    /// <exception cref="TrainingDivergedException">A number became infinite or NaN.</exception>
    private void Checked(Action move)
    {
        try
        {
            move();
        }
        catch (NotFiniteNumberException exception)
        {
            throw Divergence(exception);
        }
    }

    private TrainingDivergedException Divergence(NotFiniteNumberException exception)
    {
        long weightStep = _settings.Plan.WarmupSteps + ((_lastStep + 1) * _settings.Plan.Interval) - 1;
        return ClassificationLoss.Divergence(
            $"{exception.Message} in architecture step {_lastStep} for {Name}",
            weightStep,
            _settings.PeakRate,
            exception
        );
    }

    private double[] Expectations()
    {
        double[][] probabilities = Parameters.Probabilities();
        return [.. _objective.Limits.Select(limit => limit.Cost.Expectation(probabilities))];
    }
}
