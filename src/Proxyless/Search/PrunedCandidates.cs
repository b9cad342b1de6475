namespace Proxyless.Search;

/// <summary>
/// The candidates that a search has removed. Older versions logged a probability of 0 also where one was too small for
/// a double; such a candidate is still there.
/// </summary>
internal static class PrunedCandidates
{
    /// <summary>Returns whether candidate j of block i was removed, at [i][j].</summary>
    /// <param name="log">The epochs of the search.</param>
    public static bool[][] Of(IReadOnlyList<SearchEpoch> log)
    {
        ArgumentNullException.ThrowIfNull(log);
        HashSet<(int Block, int Candidate)> removed =
        [
            .. log.SelectMany(epoch => epoch.Pruned).Where(one => one is { Length: 2 }).Select(one => (one[0], one[1])),
        ];
        return
        [
            .. log[^1]
                .Probabilities.Select(
                    (block, i) => block.Select((p, j) => p == 0 && removed.Contains((i, j))).ToArray()
                ),
        ];
    }
}
