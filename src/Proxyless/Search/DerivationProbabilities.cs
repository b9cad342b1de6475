namespace Proxyless.Search;

/// <summary>
/// The probabilities that an architecture is derived from. A limit tighter than the search's may need candidates that
/// the search has pruned: they get the last probability they had at an epoch's end, but below the threshold that pruned
/// them. In logs of older versions a probability may be 0 because it was too small for a double.
/// </summary>
internal static class DerivationProbabilities
{
    /// <summary>Returns p_ij at [i][j], none of them 0.</summary>
    /// <param name="log">The epochs of the search.</param>
    /// <param name="pruneThreshold">The probability below which candidates were pruned.</param>
    /// <exception cref="InvalidInputException">
    /// The last epoch's line holds a value that is not a probability: the search has diverged.
    /// </exception>
    public static double[][] Of(IReadOnlyList<SearchEpoch> log, double pruneThreshold)
    {
        ArgumentNullException.ThrowIfNull(log);
        IReadOnlyList<double[]> last = log[^1].Probabilities;
        for (int i = 0; i < last.Count; i++)
        {
            int wrong = Array.FindIndex(last[i], p => !(p >= 0 && double.IsFinite(p)));
            if (wrong >= 0)
            {
                throw new InvalidInputException(
                    Invariant(
                        $"the search's log has a probability of {last[i][wrong]} for candidate {wrong} of block {i} "
                    )
                        + $"in epoch {log[^1].Epoch}: the search has diverged, or the log is damaged, and no "
                        + $"architecture "
                        + "can be derived from it; search again with RunOptions.Overwrite"
                );
            }
        }

        bool[][] isPruned = PrunedCandidates.Of(log);
        double LastOf(int i, int j) =>
            log.LastOrDefault(epoch => epoch.Probabilities[i][j] > 0)?.Probabilities[i][j] ?? pruneThreshold;
        return
        [
            .. last.Select(
                (block, i) =>
                    block
                        .Select((p, j) => isPruned[i][j] ? Math.Min(pruneThreshold, LastOf(i, j)) : p)
                        .Select(p => Math.Max(p, ArchitectureParameters.LeastWeight))
                        .ToArray()
            ),
        ];
    }
}
