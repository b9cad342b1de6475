using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>
/// The trainings of the finalists of one <see cref="FinalRound"/>, each begun when it is first asked for.
/// </summary>
/// <param name="context">Images and options of training.</param>
/// <param name="scorer">Has the shared weights, and evaluates.</param>
/// <param name="searchRate">The peak learning rate of the search.</param>
internal sealed class FinalTrials(RunContext context, PathScorer scorer, double searchRate) : IDisposable
{
    // The shared weights are already trained: a high rate would first undo that (docs/results/choices.md).
    private const double RateShare = 0.25;

    private readonly Dictionary<string, Trial> _trials = [];

    /// <summary>Whether none has begun.</summary>
    public bool AreNone => _trials.Count == 0;

    /// <summary>How finalists are trained: as the search's weights are, without what the final training adds.</summary>
    /// <param name="context">Images and options of training.</param>
    /// <param name="searchRate">The peak learning rate of the search.</param>
    public static TrainingSettings Settings(RunContext context, double searchRate)
    {
        ArgumentNullException.ThrowIfNull(context);
        return TrainStage.Settings(context, steps: 0) with
        {
            LearningRate = RateShare * searchRate,
            RateOption = SearchSettings.RateOption,
            WarmupShare = 0,
            ClassWeights = context.ClassWeightsOf(context.Images.Weights),
            Dropout = 0,
            MixupAlpha = 0,
            Ema = null,
        };
    }

    /// <summary>Continues the training of a finalist, and evaluates it.</summary>
    /// <param name="choice">The finalist.</param>
    /// <param name="steps">Number of steps since the beginning of the round.</param>
    /// <param name="stepped">Called after each step.</param>
    /// <param name="parallel">The processes that share the steps.</param>
    /// <returns>The mean cross entropy.</returns>
    public double LossAfter(IReadOnlyList<int> choice, long steps, Action stepped, DataParallel parallel)
    {
        ArgumentNullException.ThrowIfNull(choice);
        ArgumentNullException.ThrowIfNull(parallel);
        string key = string.Join('-', choice);
        if (!_trials.TryGetValue(key, out Trial? trial))
        {
            trial = new Trial(
                scorer.Network.Extract(choice),
                Settings(context, searchRate),
                context.LoadersOf(parallel.Part).Training(context.Images.Weights, RandomUse.WeightImages)
            );
            _trials.Add(key, trial);
        }

        trial.TrainTo(steps, stepped, parallel, context.CancellationToken);
        return scorer.Judge(trial.Network, parallel).Loss;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Trial trial in _trials.Values)
        {
            trial.Network.Dispose();
            trial.Dispose();
        }
    }
}
