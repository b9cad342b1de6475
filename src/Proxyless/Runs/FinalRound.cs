using Proxyless.Runtime;
using Proxyless.Search;

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
        double TrainTo(MeasuredChoice finalist, long to)
        {
            if (!trials.TryGetValue(finalist, out Trial? trial))
            {
                trial = new Trial(
                    context,
                    scorer.Network.Extract(finalist.Choice),
                    context.Images.Weights,
                    context.Loaders.Training(context.Images.Weights, RandomUse.WeightImages),
                    RateShare * context.LearningRate
                );
                trials.Add(finalist, trial);
            }

            trial.TrainTo(to, Stepped, context.CancellationToken);
            double loss = scorer.Judge(trial.Network).Loss;
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
