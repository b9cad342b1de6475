using CsCheck;
using Proxyless.Latency;
using Xunit;

namespace Proxyless.Tests.Latency;

public sealed class RankCorrelationTests
{
    [Fact]
    public void The_interval_holds_the_correlation_and_does_not_reach_the_other_end()
    {
        double[] up = [.. Enumerable.Range(0, 12).Select(i => (double)i)];
        double[] down = [.. up.Select(value => -value)];
        (double low, double high) = RankCorrelation.KendallInterval(up, down, seed: 1);
        Assert.Equal(-1, low);
        Assert.Equal(-1, high);

        double[] shaken = [.. up.Select((value, i) => value + (3 * Math.Sin(i * 2.1)))];
        (low, high) = RankCorrelation.KendallInterval(up, shaken, seed: 1);
        Assert.InRange(RankCorrelation.KendallTau(up, shaken), low, high);
        Assert.InRange(high - low, 0.05, 1);
    }

    [Fact]
    public void Kendall_tau_of_a_permutation_counts_the_swaps_that_sort_it()
    {
        Gen.Int[2, 12]
            .SelectMany(n => Gen.Shuffle(Enumerable.Range(0, n).ToArray()))
            .Sample(permutation =>
            {
                int n = permutation.Length;
                double pairs = n * (n - 1) / 2.0;
                double tau = RankCorrelation.KendallTau([.. Enumerable.Range(0, n)], [.. permutation]);
                Assert.Equal(1 - (2 * SwapsOfBubbleSort(permutation) / pairs), tau, 1e-12);
            });
    }

    [Fact]
    public void Ties_count_as_in_tau_b() =>
        // Five concordant pairs, none discordant, one tie in the first.
        Assert.Equal(5 / Math.Sqrt(5 * 6), RankCorrelation.KendallTau([1, 2, 2, 3], [1, 2, 3, 4]), 1e-12);

    [Fact]
    public void Means_of_the_same_numbers_in_another_order_are_tied()
    {
        double up = (0.7 + 0.8 + 0.9) / 3;
        double down = (0.9 + 0.8 + 0.7) / 3;
        Assert.True(up < down);
        Assert.Equal([up, 0.7, up, 0.8001], RankCorrelation.WithTies([down, 0.7, up, 0.8001]));
        Assert.Empty(RankCorrelation.WithTies([]));
    }

    [Fact]
    public void Where_nothing_can_be_ranked_nothing_is_out_of_order() =>
        Assert.Equal(1, RankCorrelation.KendallTau([1, 1], [1, 2]));

    [Fact]
    public void Lengths_that_differ_are_refused() =>
        Assert.Throws<ArgumentException>(() => RankCorrelation.KendallTau([1], [1, 2]));

    private static int SwapsOfBubbleSort(int[] values)
    {
        int[] rest = [.. values];
        int swaps = 0;
        for (int end = rest.Length - 1; end > 0; end--)
        {
            for (int i = 0; i < end; i++)
            {
                if (rest[i] > rest[i + 1])
                {
                    (rest[i], rest[i + 1]) = (rest[i + 1], rest[i]);
                    swaps++;
                }
            }
        }

        return swaps;
    }
}
