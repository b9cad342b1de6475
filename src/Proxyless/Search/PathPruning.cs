namespace Proxyless.Search;

/// <summary>
/// Path-level pruning: a candidate whose probability falls below a threshold is removed permanently. Never the most
/// probable one of its block, and never one that the limits need: an architecture within all of them must remain, and
/// if a limit is to be used up (<see cref="LimitProjection"/>), also one above it, as long as there is one.
/// </summary>
/// <param name="threshold">A candidate stays while its probability is at least this share.</param>
/// <param name="limits">The limits of the network.</param>
/// <param name="projection">Uses a limit up; null for none.</param>
internal sealed class PathPruning(double threshold, IReadOnlyList<CostLimit> limits, LimitProjection? projection = null)
{
    /// <summary>Prunes improbable candidates.</summary>
    /// <param name="parameters">Loses the candidates.</param>
    /// <returns>The removed candidates, in order of block and candidate.</returns>
    public IReadOnlyList<(int Block, int Candidate)> Prune(ArchitectureParameters parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var pruned = new List<(int, int)>();
        double[][] probabilities = parameters.Probabilities();
        bool usesUp = projection?.IsWithinReach(parameters) == true;
        for (int i = 0; i < probabilities.Length; i++)
        {
            int best = Array.IndexOf(probabilities[i], probabilities[i].Max());
            for (int j = 0; j < probabilities[i].Length; j++)
            {
                double p = probabilities[i][j];
                if (p <= 0 || p >= threshold || j == best)
                {
                    continue;
                }

                // Removed for the check, restored if the limits need it.
                probabilities[i][j] = 0;
                if (
                    LimitFeasibility.Find(probabilities, limits, out _) is null
                    || (usesUp && !projection!.IsWithinReach(parameters, without: (i, j)))
                )
                {
                    probabilities[i][j] = p;
                    continue;
                }

                parameters.Prune(i, j);
                pruned.Add((i, j));
            }
        }

        return pruned;
    }
}
