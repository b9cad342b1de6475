namespace Proxyless.Search;

/// <summary>
/// Finds the best networks within limits with a given number of scores, each of which is noisy and costs much more than
/// a proposal: an additive predictor fitted on the scores so far (<see cref="AdditivePredictor"/>) proposes what to
/// score next, and estimates in the end what each score is worth.
/// </summary>
/// <param name="features">The common features of candidates.</param>
/// <param name="isThere">Whether candidate j of block i exists, at [i][j]; each block has one.</param>
/// <param name="limits">The limits of the networks.</param>
internal sealed class SurrogateSearch(
    CandidateFeatures features,
    IReadOnlyList<bool[]> isThere,
    IReadOnlyList<CostLimit> limits
)
{
    /// <summary>
    /// The interactions' share of the residuals' variance. Chosen on planted spaces where, among networks near one
    /// limit, the sum of effects explains seven eighths of the variance of the true values and the score has a
    /// Kendall's tau of 0.65, which makes it 0.26: 0 to 0.3 find equally good networks, larger values find worse ones.
    /// </summary>
    internal const double InteractionShare = 0.25;

    // Chosen on planted spaces of 8 blocks of 3, 12 of 10 and 21 of 7 candidates, with 90 evaluations: 10 to 20 draws
    // do equally well, 30 worse. Known scores near the limit replace them, except for a few. With 12 or 17 evaluations,
    // 8 draws do better than 5 and than 16 (docs/results/choices.md).
    private const int FirstDraws = 16;
    private const int FirstDrawsBesideKnown = 4;
    private const int FewDraws = 8;

    // Networks that use less of a limit have few of the candidates that it allows.
    private const double Near = 0.8;

    // One proposal in four is a child. On those spaces it neither helps nor harms compared with the predictor's own
    // proposals (one in three is worse); it is for spaces that are less additive.
    private const int Parents = 10;
    private const int Children = 20;

    /// <summary>Scores networks.</summary>
    /// <param name="score">
    /// Returns the score of a choice, higher is better; null: it has none and is left out. Called once for each
    /// network, one after another.
    /// </param>
    /// <param name="evaluations">The most calls, those without a score among them.</param>
    /// <param name="seed">Seed of all draws.</param>
    /// <param name="first">
    /// Networks to score first, if they are within the limits; the search continues from them.
    /// </param>
    /// <param name="known">
    /// Existing scores, of this space and by the same score, at any limit: these networks are not scored again.
    /// </param>
    /// <param name="cancellationToken">Stops before the next score, or while it is decided what to score.</param>
    /// <returns>
    /// All networks within the limits that are scored or were known, the best by <see cref="RankedNetwork.Estimate"/>
    /// first; none if no network is within the limits. Fewer than <paramref name="evaluations"/> are scored if no more
    /// are found.
    /// </returns>
    /// <exception cref="NotFiniteNumberException">A score is infinite or NaN.</exception>
    public IReadOnlyList<RankedNetwork> Run(
        Func<int[], double?> score,
        int evaluations,
        int seed,
        IReadOnlyList<int[]> first,
        IReadOnlyList<ScoredNetwork> known,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(score);
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(known);
        List<ScoredNetwork> scored = Different(known);
        int near = CountNear(scored);
        var choices = new HashSet<int[]>(scored.Select(network => network.Choice), ChoiceComparer.Instance);
        var random = new Random(seed);
        var proposals = new NetworkProposals(isThere, limits, choices, random, cancellationToken);
        int left = evaluations;
        bool Score(int[]? choice)
        {
            if (choice is null || left == 0)
            {
                return false;
            }

            cancellationToken.ThrowIfCancellationRequested();
            left--;
            choices.Add(choice);
            if (score(choice) is { } value)
            {
                scored.Add(Finite(new ScoredNetwork(choice, value)));
            }

            return true;
        }

        foreach (int[] choice in first)
        {
            if (proposals.IsNew(choice))
            {
                Score(choice);
            }
        }

        int draws = Math.Min(Math.Max(FirstDraws - near, FirstDrawsBesideKnown), Math.Max(FewDraws, evaluations / 4));
        for (int i = 0; i < draws && Score(proposals.Draw()); i++) { }

        for (int turn = 0; left > 0 && scored.Count > 0; turn++)
        {
            AdditivePredictor predictor = AdditivePredictor.Fit(features, scored);
            int[]? proposal = (turn % 4) switch
            {
                1 => proposals.Best(predictor.Draw(random)),
                3 => BestChild(predictor, scored, proposals, random),
                _ => proposals.Best(predictor.Effects),
            };
            if (!Score(proposal ?? proposals.Best(predictor.Draw(random)) ?? proposals.Draw()))
            {
                break;
            }
        }

        return RankAll(scored);
    }

    /// <summary>
    /// Ranks the networks within the limits by all scores, of which those at other limits say something too.
    /// </summary>
    /// <param name="known">Existing scores, of this space and by the same score, at any limit.</param>
    /// <returns>As of <see cref="Run"/>.</returns>
    /// <exception cref="NotFiniteNumberException">A score is infinite or NaN.</exception>
    public IReadOnlyList<RankedNetwork> Rank(IReadOnlyList<ScoredNetwork> known)
    {
        ArgumentNullException.ThrowIfNull(known);
        return RankAll(Different(known));
    }

    /// <summary>
    /// Counts the networks that teach as much of the limits as those that are scored for them: they are within the
    /// limits, and use most of one.
    /// </summary>
    /// <param name="known">Networks of this space, each once.</param>
    public int CountNear(IEnumerable<ScoredNetwork> known) =>
        known.Count(network =>
            NetworkProposals.IsWithin(network.Choice, isThere, limits)
            && (limits.Count == 0 || limits.Any(limit => limit.Cost.Of(network.Choice) >= Near * limit.Limit))
        );

    private static List<ScoredNetwork> Different(IReadOnlyList<ScoredNetwork> known) =>
        [.. known.DistinctBy(network => network.Choice, ChoiceComparer.Instance).Select(Finite)];

    private static ScoredNetwork Finite(ScoredNetwork network)
    {
        FiniteNumber.Require(network.Score, () => $"the score of {string.Join(' ', network.Choice)}");
        return network;
    }

    private IReadOnlyList<RankedNetwork> RankAll(List<ScoredNetwork> scored) =>
        scored.Count > 0 ? Rank(AdditivePredictor.Fit(features, scored), scored) : [];

    /// <summary>Returns the child of the best networks that is predicted to be the best of a few.</summary>
    private int[]? BestChild(
        AdditivePredictor predictor,
        List<ScoredNetwork> scored,
        NetworkProposals proposals,
        Random random
    )
    {
        int[][] parents = [.. Rank(predictor, scored).Take(Parents).Select(network => network.Choice)];
        int[] Parent() => parents[random.Next(parents.Length)];
        return parents.Length == 0
            ? null
            : Enumerable
                .Range(0, Children)
                .Select(_ => random.Next(2) == 0 ? proposals.Mutate(Parent()) : proposals.Cross(Parent(), Parent()))
                .OfType<int[]>()
                .MaxBy(child => predictor.Of(child));
    }

    private IReadOnlyList<RankedNetwork> Rank(AdditivePredictor predictor, List<ScoredNetwork> scored) =>
        [
            .. scored
                .Where(network => NetworkProposals.IsWithin(network.Choice, isThere, limits))
                .Select(network => new RankedNetwork(
                    network.Choice,
                    network.Score,
                    predictor.EstimateOf(network, InteractionShare)
                ))
                .OrderByDescending(network => network.Estimate),
        ];
}
