using Proxyless.Search;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>
/// The networks with the best scores, trained a little from the shared weights and halved repeatedly
/// (<see cref="SuccessiveHalving"/>): the score with shared weights differs somewhat from the accuracy after training.
/// </summary>
/// <param name="context">Images and options of training.</param>
/// <param name="scorer">Has the shared weights, and evaluates on the images that no weight learned from.</param>
/// <param name="searchRate">The peak learning rate of the search.</param>
internal sealed class FinalRound(RunContext context, PathScorer scorer, double searchRate)
{
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

    /// <summary>
    /// Adds the choice for a tighter limit, which estimates alone do not place: it takes the last place of several, or
    /// one that is free.
    /// </summary>
    /// <param name="finalists">The best by score first.</param>
    /// <param name="most">The most finalists.</param>
    /// <param name="tighter">That choice, within the limits of the finalists; null for none.</param>
    public static IReadOnlyList<MeasuredChoice> With(
        IReadOnlyList<MeasuredChoice> finalists,
        int most,
        MeasuredChoice? tighter
    )
    {
        ArgumentNullException.ThrowIfNull(finalists);
        if (tighter is null || finalists.Any(finalist => finalist.Choice.SequenceEqual(tighter.Choice)))
        {
            return finalists;
        }

        return finalists.Count < most ? [.. finalists, tighter]
            : most > 1 ? [.. finalists.SkipLast(1), tighter]
            : finalists;
    }

    /// <summary>Trains and halves the finalists.</summary>
    /// <param name="finalists">One or more, the best by score first.</param>
    /// <param name="steps">Training steps of all finalists together, <see cref="Enough"/> for them.</param>
    /// <returns>
    /// The finalists, the best first, with the negative of their last loss; those whose training diverged are left out,
    /// which may be all.
    /// </returns>
    public IReadOnlyList<HalvingResult<MeasuredChoice>> Rank(IReadOnlyList<MeasuredChoice> finalists, long steps)
    {
        RunContext shared = context with { Group = scorer.Group };
        using var trials = new FinalTrials(shared, scorer, searchRate);
        long done = 0;
        double best = double.PositiveInfinity;
        var progress = new Progress(context.Observer, "finals", 0, steps, Progress.Unreported);
        string Detail() => double.IsFinite(best) ? Invariant($", best loss {best:F3}") : "";
        void Stepped() => progress.Report(++done, () => Invariant($"{finalists.Count} networks{Detail()}"));
        double TrainTo(MeasuredChoice finalist, long to)
        {
            try
            {
                double loss = SharedJob.Lead(
                    shared,
                    () => new SharedTrial(finalist.Choice, to, searchRate, trials.AreNone),
                    parallel => trials.LossAfter(finalist.Choice, to, Stepped, parallel)
                );
                best = Math.Min(best, loss);
                return -loss;
            }
            catch (TrainingDivergedException exception)
            {
                // One of several: the others decide.
                context.Observer.Warning($"a network of the final round is left out: {exception.Message}");
                return double.NaN;
            }
        }

        return
        [
            .. SuccessiveHalving
                .Run(finalists, TrainTo, steps, context.CancellationToken)
                .Where(result => !double.IsNaN(result.Score ?? 0)),
        ];
    }
}
