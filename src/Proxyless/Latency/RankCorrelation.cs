namespace Proxyless.Latency;

/// <summary>How far two quantities agree in their order.</summary>
internal static class RankCorrelation
{
    // Far below the difference of two shares, and far above that of two sums.
    private const double Rounding = 1e-12;

    /// <summary>
    /// Computes Kendall's tau-b: concordant minus discordant pairs over the geometric mean of the pairs untied in each
    /// quantity. 1 for the same order, -1 for the reverse; 1 if nothing can be ranked, since then no pair is out of
    /// order.
    /// </summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double KendallTau(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        RequirePairs(first, second);
        long agreement = 0,
            untiedFirst = 0,
            untiedSecond = 0;
        for (int i = 0; i < first.Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                int a = first[i].CompareTo(first[j]);
                int b = second[i].CompareTo(second[j]);
                agreement += Math.Sign(a) * Math.Sign(b);
                untiedFirst += Math.Abs(Math.Sign(a));
                untiedSecond += Math.Abs(Math.Sign(b));
            }
        }

        return untiedFirst == 0 || untiedSecond == 0 ? 1 : agreement / Math.Sqrt((double)untiedFirst * untiedSecond);
    }

    /// <summary>
    /// Computes the 95 % interval of <see cref="KendallTau"/> by percentile bootstrap (Efron, Annals of Statistics 7,
    /// 1979).
    /// </summary>
    /// <param name="first">One quantity.</param>
    /// <param name="second">The other quantity, pair by pair.</param>
    /// <param name="seed">Seed of the resampling.</param>
    /// <exception cref="ArgumentException">The lengths differ, or one of the quantities is constant.</exception>
    public static (double Low, double High) KendallInterval(
        IReadOnlyList<double> first,
        IReadOnlyList<double> second,
        int seed
    )
    {
        const int Resamples = 2000;
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        RequirePairs(first, second);
        int[] all = [.. Enumerable.Range(0, first.Count)];
        if (!Varies(all, first) || !Varies(all, second))
        {
            throw new ArgumentException("an interval needs quantities that vary", nameof(first));
        }

        var random = new Random(seed);
        var taus = new double[Resamples];
        for (int i = 0; i < Resamples; i++)
        {
            int[] drawn;
            do
            {
                drawn = [.. Enumerable.Range(0, first.Count).Select(_ => random.Next(first.Count))];
            } while (!Varies(drawn, first) || !Varies(drawn, second));
            taus[i] = KendallTau([.. drawn.Select(j => first[j])], [.. drawn.Select(j => second[j])]);
        }

        Array.Sort(taus);
        return (taus[(int)(0.025 * Resamples)], taus[(int)(0.975 * Resamples) - 1]);
    }

    /// <summary>
    /// Shares with one value, the lowest, for those that differ by rounding alone: a mean depends on the order of its
    /// numbers, and a tie is no order.
    /// </summary>
    public static double[] WithTies(IReadOnlyList<double> shares)
    {
        double[] ascending = [.. shares.Order()];
        return [.. shares.Select(share => ascending.First(lower => share - lower <= Rounding))];
    }

    private static void RequirePairs(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        if (first.Count != second.Count)
        {
            throw new ArgumentException($"{first.Count} values cannot be paired with {second.Count}", nameof(second));
        }
    }

    // If nothing varies, nothing can be ranked.
    private static bool Varies(int[] drawn, IReadOnlyList<double> values) =>
        Array.Exists(drawn, i => values[i] != values[drawn[0]]);
}
