using Proxyless.Files;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>
/// The networks that were scored with the shared weights of a search (<c>scores.jsonl</c>): what one limit has scored
/// another does not score again, and a job that was stopped goes on where it was.
/// </summary>
internal sealed class ScoreLog
{
    private readonly string? _file;
    private readonly List<SharedScore> _scores;
    private readonly Dictionary<int[], SharedScore> _byChoice = new(ChoiceComparer.Instance);

    /// <summary>Reads the scores that are there.</summary>
    /// <param name="file">Where they are kept; null: nowhere.</param>
    /// <param name="before">Further ones, of the same weights.</param>
    /// <exception cref="InvalidInputException">A line is damaged.</exception>
    public ScoreLog(string? file, IEnumerable<SharedScore>? before = null)
    {
        _file = file;
        _scores = [];
        foreach (SharedScore score in (before ?? []).Concat(file is null ? [] : JsonLines.Read<SharedScore>(file)))
        {
            Remember(score);
        }
    }

    /// <summary>All of them, in the order in which they were made.</summary>
    public IReadOnlyList<SharedScore> Scores => _scores;

    /// <summary>
    /// What was known before a limit was first decided: a job that was stopped while it decided, or decides it once
    /// more, goes the same way again.
    /// </summary>
    /// <param name="purpose">The target and limit.</param>
    public IReadOnlyList<SharedScore> KnownTo(string purpose) => [.. _scores.TakeWhile(score => score.For != purpose)];

    /// <summary>The score of a network, which is made and written where it is not there yet.</summary>
    /// <param name="choice">A candidate for each block.</param>
    /// <param name="purpose">The target and limit that it is scored for.</param>
    /// <param name="make">Makes it.</param>
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
