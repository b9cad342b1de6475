using Proxyless.Architectures;
using Proxyless.Runtime;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>
/// Chooses the network of a limit by scoring whole networks, not blocks: proposals of the architecture parameters, of
/// an additive predictor and of evolution are scored with the shared weights (<see cref="SurrogateSearch"/>); the best
/// few that are measured within the limit are trained a little and halved repeatedly (<see cref="FinalRound"/>;
/// docs/decisions/decision.md). Several limits are all scored first: the scores of each say something about the
/// networks of the others.
/// </summary>
internal sealed class DecisionStage
{
    // Measurements differ from the table by a few percent in both directions: about half of the best are within the
    // limit.
    private const int MostOver = 12;

    private readonly RunContext _context;
    private readonly SearchGoal _goal;
    private readonly PathScorer _scorer;
    private readonly ScoreLog _scores;
    private readonly MeasuredChoice _derived;
    private readonly SpaceCost _cost;
    private readonly SurrogateSearch _search;
    private readonly string _purpose;
    private int _made;

    /// <summary>Prepares the decision.</summary>
    /// <param name="context">The common context of all stages.</param>
    /// <param name="goal">Target, table and limits.</param>
    /// <param name="scorer">Scores with the weights of the search.</param>
    /// <param name="scores">The scores so far; new ones are added.</param>
    /// <param name="derived">The network of the architecture parameters alone, measured.</param>
    public DecisionStage(
        RunContext context,
        SearchGoal goal,
        PathScorer scorer,
        ScoreLog scores,
        MeasuredChoice derived
    )
    {
        _context = context;
        _goal = goal;
        _scorer = scorer;
        _scores = scores;
        _derived = derived;

        // The derived network has shown the table's error at this limit.
        double correction = derived.MeasuredMs / goal.Latency.Cost.Of(derived.Choice);
        _cost = goal.Table.WithCorrection(correction).ToSpaceCost(context.Space, context.Classes);
        _search = new SurrogateSearch(
            CandidateFeatures.Of(context.Space),
            scorer.Network.IsThere(),
            [new CostLimit(_cost, goal.LatencyMs), .. goal.Limits.Others]
        );
        _purpose = string.Join(
            ", ",
            [
                Invariant($"{goal.Target.Name} {goal.LatencyMs:R} ms"),
                .. goal.Limits.Others.Select(other => Invariant($"{other.Cost.Quantity} {other.Limit:R}")),
            ]
        );
    }

    // Each limit has its own draws, which stay the same whatever the other limits are.
    private int Seed =>
        unchecked(
            (int)
                SeedSequence.Mix(
                    _context.Options.Seed,
                    RandomUse.Proposals,
                    BitConverter.DoubleToInt64Bits(_goal.LatencyMs)
                )
        );

    /// <summary>Scores networks of the limit.</summary>
    /// <param name="planned">Number of networks in the run's plan for its first limit; null: the usual number.</param>
    public void Score(int? planned)
    {
        IReadOnlyList<SharedScore> known = _scores.KnownTo(_purpose);
        int evaluations = RunDefaults.Evaluations(_context.Options, planned, known.Count);
        var progress = new Progress(_context.Observer, "decide", 0, evaluations, Progress.Unreported);
        SharedScore? best = null;
        double ScoreOf(int[] choice)
        {
            SharedScore score = _scores.Of(choice, _purpose, _scorer.Required);
            best = best is null || score.Loss < best.Loss ? score : best;
            progress.Report(++_made, () => Invariant($"best top-1 {best.Top1:P1}"));
            return -score.Loss;
        }

        _search.Run(
            ScoreOf,
            evaluations,
            Seed,
            [_derived.Choice],
            [.. known.Select(Scored)],
            _context.CancellationToken
        );
    }

    /// <summary>Ranks the networks by all scores so far, and measures and trains the first ones.</summary>
    /// <param name="searchSteps">Weight steps of the search, which determine those of the final round.</param>
    public Decision Choose(long searchSteps)
    {
        IReadOnlyList<RankedNetwork> ranked = _search.Rank([.. _scores.Scores.Select(Scored)]);
        long steps = RunDefaults.FinalSteps(searchSteps);
        List<MeasuredChoice> finalists = FirstWithin(
            ranked,
            FinalRound.Enough(RunDefaults.Finalists(_context.Options), steps)
        );
        if (finalists.Count == 0)
        {
            _context.Observer.Warning(
                "none of the networks with the best scores is measured within the limit; the one of the "
                    + "architecture parameters is used"
            );
        }

        IReadOnlyList<HalvingResult<MeasuredChoice>> tried =
            finalists.Count < 2 ? [] : new FinalRound(_context, _scorer).Rank(finalists, steps);
        MeasuredChoice chosen = tried.Select(result => result.Candidate).Concat(finalists).FirstOrDefault(_derived);
        SharedScore? score = _scorer.Network.HasAll(chosen.Choice)
            ? _scores.Of(chosen.Choice, _purpose, _scorer.Required)
            : null;
        _context.Observer.Message(
            Invariant($"decided: {_made} networks scored, {finalists.Count} in the final round, ")
                + Invariant($"{chosen.MeasuredMs:F3} ms")
                + (
                    score is null
                        ? ""
                        : Invariant($", top-1 with shared weights {score.Top1:P1} (loss {score.Loss:F3})")
                )
        );
        return new Decision(chosen, score, tried);
    }

    private static ScoredNetwork Scored(SharedScore score) => new(score.Choice, -score.Loss);

    /// <summary>The best by estimate that are measured within the limit.</summary>
    private List<MeasuredChoice> FirstWithin(IReadOnlyList<RankedNetwork> ranked, int count)
    {
        var measuring = new MeasuredDerivation(_context.Space, _context.Classes, _goal.Target, _context.Observer);
        var within = new List<MeasuredChoice>();
        int over = 0;
        foreach (RankedNetwork candidate in ranked)
        {
            if (within.Count == count || over == MostOver)
            {
                break;
            }

            MeasuredChoice measured = candidate.Choice.SequenceEqual(_derived.Choice)
                ? _derived
                : measuring.Measure(
                    candidate.Choice,
                    _cost.Of(candidate.Choice),
                    _goal.Table,
                    _context.CancellationToken
                );
            if (measured.MeasuredMs <= _goal.Latency.LimitOfSums)
            {
                within.Add(measured);
                continue;
            }

            over++;
            _context.Observer.Message(
                Invariant($"decided: measured {measured.MeasuredMs:F3} ms, over the limit of {_goal.LatencyMs:F3} ms: ")
                    + "the next best is used"
            );
        }

        return within;
    }
}

/// <summary>A decision for a limit.</summary>
/// <param name="Chosen">The best network.</param>
/// <param name="Score">Its score; null if the search has pruned some of its weights.</param>
/// <param name="Tried">The networks of the final round, the best first; empty if there was none.</param>
internal sealed record Decision(
    MeasuredChoice Chosen,
    SharedScore? Score,
    IReadOnlyList<HalvingResult<MeasuredChoice>> Tried
);
