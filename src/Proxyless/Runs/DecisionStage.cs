using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Training;

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
    // If the table turns out to be off at the limit, a part of the evaluations is made once more where it is right.
    private const int EvaluationsOverFurther = 4;

    /// <summary>Ends the purpose of scores that are made where the table turned out to be off.</summary>
    public const string Further = ", further";

    private readonly RunContext _context;
    private readonly SearchGoal _goal;
    private readonly PathScorer _scorer;
    private readonly ScoreLog _scores;
    private readonly MeasuredChoice _derived;
    private readonly SpaceCost _cost;
    private readonly SurrogateSearch _search;
    private readonly string _purpose;
    private readonly HashSet<int[]> _withoutScore = new(ChoiceComparer.Instance);
    private TrainingDivergedException? _divergence;
    private int _evaluations;
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
        _derived = derived with { Choice = scorer.Network.WithoutCopies(derived.Choice) };

        // The derived network has shown the table's error at this limit.
        double correction = LatencyTable.CorrectionOf(derived.MeasuredMs, goal.Latency.Cost.Of(derived.Choice));
        _cost = goal.Table.WithCorrection(correction).ToSpaceCost(context.Space, context.Classes);
        _search = SearchWithin(goal.LatencyMs);
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
    /// <exception cref="TrainingDivergedException">No network has a score, nor had one before.</exception>
    public void Score(int? planned)
    {
        ScoredNetwork[] known = Known(_purpose);

        // By the table alone: a resumed run measures its error anew, and must not make another number of scores.
        int near = SearchWithin(_goal.Limits.All).CountNear(known);
        _evaluations = RunDefaults.Evaluations(_context.Options, planned, near);
        Score(_search, _purpose, _evaluations, Seed, [_derived.Choice], known);
    }

    /// <summary>Ranks the networks by all scores so far, and measures and trains the first ones.</summary>
    /// <param name="searchSteps">Weight steps of the search, which determine those of the final round.</param>
    /// <param name="tighter">The network that was chosen for a tighter limit of the target; null for none.</param>
    public Decision Choose(long searchSteps, MeasuredChoice? tighter)
    {
        long steps = RunDefaults.FinalSteps(searchSteps);
        int most = FinalRound.Enough(RunDefaults.Finalists(_context.Options), steps);
        IReadOnlyList<MeasuredChoice> finalists = FinalRound.With(Finalists(most), most, Fitting(tighter));
        if (finalists.Count == 0)
        {
            _context.Observer.Warning(
                "none of the networks with the best scores is measured within the limit; the one of the "
                    + "architecture parameters is used"
            );
        }

        IReadOnlyList<HalvingResult<MeasuredChoice>> tried =
            finalists.Count < 2
                ? []
                : new FinalRound(_context, _scorer, _context.SearchLearningRate(searchSteps)).Rank(finalists, steps);
        if (finalists.Count > 1 && tried.Count == 0)
        {
            _context.Observer.Warning(
                "the training of every network of the final round diverged; the one with the best score is used"
            );
        }

        MeasuredChoice chosen = tried.Select(result => result.Candidate).Concat(finalists).FirstOrDefault(_derived);
        SharedScore? score = _scorer.Network.HasAll(chosen.Choice) ? TryScore(chosen.Choice, _purpose) : null;
        _context.Observer.Message(
            Invariant($"decided: {_made} networks scored, {finalists.Count} in the final round, ")
                + $"{MillisecondText.Of(chosen.MeasuredMs)} ms"
                + (
                    score is null
                        ? ""
                        : Invariant($", top-1 with shared weights {score.Top1:P1} (loss {score.Loss:F3})")
                )
        );
        return new Decision(chosen, score, tried);
    }

    /// <summary>A search for networks whose latency by the table is within a limit.</summary>
    private SurrogateSearch SearchWithin(double latencyMs) =>
        SearchWithin([new CostLimit(_cost, latencyMs), .. _goal.Limits.Others]);

    private SurrogateSearch SearchWithin(IReadOnlyList<CostLimit> limits) =>
        new(CandidateFeatures.Of(_context.Space), _scorer.Network.IsDifferent(), limits);

    private void Score(
        SurrogateSearch search,
        string purpose,
        int evaluations,
        int seed,
        IReadOnlyList<int[]> first,
        ScoredNetwork[] known
    )
    {
        int done = 0;
        var progress = new Progress(_context.Observer, "decide", 0, evaluations, Progress.Unreported);
        SharedScore? best = null;
        double? ScoreOf(int[] choice)
        {
            SharedScore? score = TryScore(choice, purpose);
            if (score is not null)
            {
                _made++;
                best = best is null || score.Loss < best.Loss ? score : best;
            }

            progress.Report(++done, () => best is null ? "no score yet" : Invariant($"best top-1 {best.Top1:P1}"));
            return -score?.Loss;
        }

        search.Run(ScoreOf, evaluations, seed, first, known, _context.CancellationToken);
        if (best is null && known.Length == 0 && _divergence is { } divergence)
        {
            throw new TrainingDivergedException(divergence.Message, divergence);
        }
    }

    /// <summary>Returns the score of a network; null, with a warning, if its loss is infinite or NaN.</summary>
    private SharedScore? TryScore(int[] choice, string purpose)
    {
        if (_withoutScore.Contains(choice))
        {
            return null;
        }

        try
        {
            return _scores.Of(choice, purpose, _scorer.Required);
        }
        catch (TrainingDivergedException exception)
        {
            // One of many, in all processes that share it: the others decide.
            _divergence = exception;
            _withoutScore.Add(choice);
            _context.Observer.Warning($"a network is left out of the decision: {exception.Message}");
            return null;
        }
    }

    private ScoredNetwork[] Known(string purpose) => ToScored(_scores.KnownTo(purpose));

    /// <summary>The best by estimate that are measured within the limit.</summary>
    private IReadOnlyList<MeasuredChoice> Finalists(int count)
    {
        // How many must be measured for that is not known.
        var progress = new Progress(_context.Observer, "measure", 0, null, Progress.Unreported);
        int networks = 0;
        MeasuredChoice Next(int[] choice)
        {
            MeasuredChoice next = Measure(choice);
            progress.Report(++networks, "networks for the final round");
            return next;
        }

        var measured = new MeasuredFinalists(_goal.Latency, count, _cost.Of, Next);
        IReadOnlyList<MeasuredChoice> finalists = measured.Of(Ranked(_search, _purpose), TellOver);
        if (measured.OtherLimit is not { } other)
        {
            return finalists;
        }

        _context.Observer.Message(
            Invariant($"decided: what is measured is {_goal.LatencyMs / other:F3} times the table's sum: ")
                + $"networks with a sum of {MillisecondText.Of(other)} ms are scored, too"
        );
        SurrogateSearch further = SearchWithin(other);
        string purpose = _purpose + Further;
        int evaluations = Math.Max(1, _evaluations / EvaluationsOverFurther);
        Score(further, purpose, evaluations, unchecked(Seed + 1), [], Known(purpose));
        var within = finalists.Select(finalist => finalist.Choice).ToHashSet(ChoiceComparer.Instance);
        return measured.Of(
            [
                .. Ranked(_search, purpose)
                    .Where(network => within.Contains(network.Choice))
                    .Concat(Ranked(further, purpose))
                    .DistinctBy(network => network.Choice, ChoiceComparer.Instance)
                    .OrderByDescending(network => network.Estimate),
            ],
            TellOver
        );
    }

    /// <summary>The network of a tighter limit; null if it is not within all of these, or has lost weights.</summary>
    private MeasuredChoice? Fitting(MeasuredChoice? tighter)
    {
        if (tighter is null)
        {
            return null;
        }

        int[] choice = _scorer.Network.WithoutCopies(tighter.Choice);
        bool fits =
            _goal.Latency.Allows(tighter.MeasuredMs)
            && _goal.Limits.Others.All(limit => limit.Allows(choice))
            && _scorer.Network.HasAll(choice);
        return fits ? tighter with { Choice = choice, PredictedMs = _cost.Of(choice) } : null;
    }

    private IReadOnlyList<RankedNetwork> Ranked(SurrogateSearch search, string purpose) =>
        search.Rank(ToScored(_scores.DecidedBy(purpose)));

    private ScoredNetwork[] ToScored(IEnumerable<SharedScore> scores) =>
        [.. scores.Select(score => score.ToScored(_scorer.Network))];

    private MeasuredChoice Measure(int[] choice) =>
        choice.SequenceEqual(_derived.Choice)
            ? _derived
            : new MeasuredDerivation(_context.Space, _context.Classes, _goal, _context.Observer).Measure(
                choice,
                _cost.Of(choice),
                _context.CancellationToken
            );

    private void TellOver(MeasuredChoice measured) =>
        _context.Observer.Message(
            $"decided: measured {MillisecondText.Of(measured.MeasuredMs)} ms, over the limit of "
                + $"{MillisecondText.Of(_goal.LatencyMs)} ms: the next best is used"
        );
}

/// <summary>A decision for a limit.</summary>
/// <param name="Chosen">The best network.</param>
/// <param name="Score">
/// Its score; null if the search has pruned some of its weights, or its loss with them is infinite or NaN.
/// </param>
/// <param name="Tried">The networks of the final round, the best first; empty if there was none.</param>
internal sealed record Decision(
    MeasuredChoice Chosen,
    SharedScore? Score,
    IReadOnlyList<HalvingResult<MeasuredChoice>> Tried
);
