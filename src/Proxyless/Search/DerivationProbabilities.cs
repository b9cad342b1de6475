namespace Proxyless.Search;

/// <summary>
/// The probabilities that an architecture is derived from. A limit tighter than the search's may need candidates that the
/// search has pruned: they stand at the last probability they had at an epoch's end, but under that which pruned them.
/// </summary>
public static class DerivationProbabilities
{
    /// <summary>p_ij at [i][j], none of them 0.</summary>
    /// <param name="log">The epochs of the search.</param>
    /// <param name="pruneThreshold">The probability under which candidates were pruned.</param>
    public static double[][] Of(IReadOnlyList<SearchEpoch> log, double pruneThreshold)
    {
        ArgumentNullException.ThrowIfNull(log);
        IReadOnlyList<double[]> last = log[^1].Probabilities;
        return [.. last.Select((block, i) => block
            .Select((p, j) => p > 0 ? p : Math.Min(pruneThreshold, log.LastOrDefault(epoch => epoch.Probabilities[i][j] > 0)?.Probabilities[i][j] ?? pruneThreshold))
            .ToArray())];
    }
}
