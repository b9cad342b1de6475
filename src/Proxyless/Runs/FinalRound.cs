using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>
/// The networks with the best scores, trained a little from the shared weights and halved repeatedly
/// (<see cref="SuccessiveHalving"/>): the score with shared weights differs somewhat from the accuracy after training.
/// </summary>
/// <param name="context">Images and options of training.</param>
/// <param name="scorer">Has the shared weights, and evaluates on the images that no weight learned from.</param>
internal sealed class FinalRound(RunContext context, PathScorer scorer)
{
    // The shared weights are already trained: a high rate would first undo that (docs/decisions/decision.md).
    private const double RateShare = 0.25;

    /// <summary>Returns for how many finalists the steps are enough.</summary>
    /// <param name="finalists">The most finalists.</param>
    /// <param name="steps">Training steps of all finalists together.</param>
    public static int Enough(int finalists, long steps)
    {
        int enough = finalists;
        while (enough > 1 && SuccessiveHalving.LeastSteps(enough) > steps)
        {
            enough--;
        }

        return enough;
    }

    /// <summary>Returns the training of one finalist; the caller disposes of it and of its network.</summary>
    /// <param name="context">Images and options of training.</param>
    /// <param name="scorer">Has the shared weights.</param>
    /// <param name="choice">The finalist.</param>
    /// <param name="parallel">The processes that share its steps.</param>
    public static Trial TrialOf(RunContext context, PathScorer scorer, IReadOnlyList<int> choice, DataParallel parallel)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(scorer);
        ArgumentNullException.ThrowIfNull(parallel);
        return new Trial(
            context,
            scorer.Network.Extract(choice),
            context.Images.Weights,
            context.LoadersOf(parallel.Part).Training(context.Images.Weights, RandomUse.WeightImages),
            RateShare * context.LearningRate
        );
    }

    /// <summary>Trains and halves the finalists.</summary>
    /// <param name="finalists">One or more, the best by score first.</param>
    /// <param name="steps">Training steps of all finalists together, <see cref="Enough"/> for them.</param>
    /// <returns>The finalists, the best first, with the negative of their last loss.</returns>
    public IReadOnlyList<HalvingResult<MeasuredChoice>> Rank(IReadOnlyList<MeasuredChoice> finalists, long steps)
    {
        var trials = new Dictionary<MeasuredChoice, Trial>();
        long done = 0;
        double best = double.PositiveInfinity;
        var progress = new Progress(context.Observer, "finals", 0, steps, Progress.Unreported);
        void Stepped() => progress.Report(++done, () => Invariant($"{finalists.Count} networks, best loss {best:F3}"));
        double LossAfter(MeasuredChoice finalist, long to, DataParallel parallel)
        {
            if (!trials.TryGetValue(finalist, out Trial? trial))
            {
                trial = TrialOf(context, scorer, finalist.Choice, parallel);
                trials.Add(finalist, trial);
            }

            trial.TrainTo(to, Stepped, parallel, context.CancellationToken);
            return scorer.Judge(trial.Network, parallel).Loss;
        }

        double TrainTo(MeasuredChoice finalist, long to)
        {
            double loss = SharedJob.Lead(
                scorer.Group,
                () =>
                    new SharedTrial(context)
                    {
                        Choice = finalist.Choice,
                        Steps = to,
                        IsFirst = trials.Count == 0,
                    },
                () => null,
                parallel => LossAfter(finalist, to, parallel)
            );
            best = Math.Min(best, loss);
            return -loss;
        }

        try
        {
            return SuccessiveHalving.Run(finalists, TrainTo, steps, context.CancellationToken);
        }
        finally
        {
            foreach (Trial trial in trials.Values)
            {
                trial.Network.Dispose();
                trial.Dispose();
            }
        }
    }
}
