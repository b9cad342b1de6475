namespace Proxyless.Search;

/// <summary>
/// Finds the best of a few candidates with little training: all are trained a little and the better half continues,
/// until one remains (Jamieson and Talwalkar, AISTATS 2016, arXiv 1502.07943, algorithm 1). Every round has the same
/// share of the steps, so that each remaining candidate gets about twice as many as in the previous round.
/// </summary>
internal static class SuccessiveHalving
{
    /// <summary>Trains and compares the candidates.</summary>
    /// <typeparam name="T">The type of the candidates.</typeparam>
    /// <param name="candidates">One or more; of those with the same score the earlier one is better.</param>
    /// <param name="trainTo">
    /// Trains a candidate to a number of steps, counted from its beginning, and returns its score: higher is better,
    /// NaN for one that failed.
    /// </param>
    /// <param name="totalSteps">The most steps of all candidates together: at least <see cref="LeastSteps"/>.</param>
    /// <param name="cancellationToken">Stops before the next candidate.</param>
    /// <returns>
    /// All candidates, the best first: those that were trained longer, then those with the higher score.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// There are no candidates, or too few steps for one step of every candidate in every round.
    /// </exception>
    public static IReadOnlyList<HalvingResult<T>> Run<T>(
        IReadOnlyList<T> candidates,
        Func<T, long, double> trainTo,
        long totalSteps,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(candidates);
        ArgumentNullException.ThrowIfNull(trainTo);
        ArgumentOutOfRangeException.ThrowIfZero(candidates.Count, nameof(candidates));
        ArgumentOutOfRangeException.ThrowIfLessThan(totalSteps, LeastSteps(candidates.Count));
        HalvingResult<T>[] results = [.. candidates.Select(candidate => new HalvingResult<T>(candidate, 0, null))];
        int[] left = [.. Enumerable.Range(0, candidates.Count)];
        var worstFirst = new List<int>();
        long stepsLeft = totalSteps;
        long trainedTo = 0;
        for (int rounds = Rounds(candidates.Count); rounds > 0; rounds--)
        {
            // The remainder of the division is left for later rounds.
            long steps = stepsLeft / ((long)rounds * left.Length);
            stepsLeft -= steps * left.Length;
            trainedTo += steps;
            foreach (int index in left)
            {
                cancellationToken.ThrowIfCancellationRequested();
                double score = trainTo(candidates[index], trainedTo);
                results[index] = results[index] with { Steps = trainedTo, Score = score };
            }

            // NaN sorts below every number, and the sort is stable.
            int[] ranked = [.. left.OrderByDescending(index => results[index].Score)];
            int stay = (left.Length + 1) / 2;
            worstFirst.AddRange(ranked[stay..].Reverse());
            left = [.. ranked[..stay].Order()];
        }

        return [results[left[0]], .. worstFirst.AsEnumerable().Reverse().Select(index => results[index])];
    }

    /// <summary>Returns the fewest steps that a comparison of this many candidates takes.</summary>
    public static long LeastSteps(int candidates) => (long)Rounds(candidates) * candidates;

    /// <summary>ceil(log2 candidates): the number of times that the larger half is kept until one remains.</summary>
    private static int Rounds(int candidates)
    {
        int rounds = 0;
        for (int left = candidates; left > 1; left = (left + 1) / 2)
        {
            rounds++;
        }

        return rounds;
    }
}
