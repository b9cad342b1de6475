using Proxyless.Files;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>
/// The networks that were scored with the shared weights of a search (<c>scores.jsonl</c>): a network scored for one
/// limit is not scored again for another, and a job that was stopped continues where it stopped.
/// </summary>
internal sealed class ScoreLog
{
    private readonly string? _file;
    private readonly List<SharedScore> _scores;
    private readonly Dictionary<int[], SharedScore> _byChoice = new(ChoiceComparer.Instance);

    /// <summary>Begins with the existing scores.</summary>
    /// <param name="file">The file that new scores are written to, all of them each time; null: none.</param>
    /// <param name="before">The existing scores, those of the file among them, with the same weights.</param>
    public ScoreLog(string? file, IEnumerable<SharedScore> before)
    {
        ArgumentNullException.ThrowIfNull(before);
        _file = file;
        _scores = [];
        foreach (SharedScore score in before)
        {
            Remember(score);
        }
    }

    /// <summary>All scores, in the order in which they were made.</summary>
    public IReadOnlyList<SharedScore> Scores => _scores;

    /// <summary>
    /// The scores that were known before a limit was first decided: a job that was stopped while it decided, or decides
    /// again, repeats the same steps.
    /// </summary>
    /// <param name="purpose">The target and limit.</param>
    public IReadOnlyList<SharedScore> KnownTo(string purpose) => [.. _scores.TakeWhile(score => score.For != purpose)];

    /// <summary>
    /// The scores by which a limit is decided, once its own are made: all, those of the front too, but for those that
    /// were made afterwards while limits were decided, so that a job that decides again decides the same.
    /// </summary>
    /// <param name="purpose">The target and limit.</param>
    public IReadOnlyList<SharedScore> DecidedBy(string purpose)
    {
        int last = _scores.FindLastIndex(score => score.For == purpose);
        int after = last < 0 ? -1 : _scores.FindIndex(last + 1, IsFurther);
        return after < 0 ? _scores : _scores[..after];
    }

    private static bool IsFurther(SharedScore score) =>
        score.For.EndsWith(DecisionStage.Further, StringComparison.Ordinal);

    /// <summary>Returns the score of a network; computes and writes it if it is missing.</summary>
    /// <param name="choice">A candidate for each block.</param>
    /// <param name="purpose">The target and limit of the score.</param>
    /// <param name="make">Computes the score.</param>
    public SharedScore Of(int[] choice, string purpose, Func<int[], SharedScore> make)
    {
        if (_byChoice.TryGetValue(choice, out SharedScore? before))
        {
            return before;
        }

        SharedScore score = make(choice) with { For = purpose };
        Remember(score);
        if (_file is not null)
        {
            JsonLines.Write(_file, _scores);
        }

        return score;
    }

    private void Remember(SharedScore score)
    {
        if (_byChoice.TryAdd(score.Choice, score))
        {
            _scores.Add(score);
        }
    }
}
