using Proxyless.Search;
using Xunit;

namespace Proxyless.Tests.Search;

public sealed class SuccessiveHalvingTests
{
    // Three rounds of 400 steps: 8 to 50, 4 to 50 + 100, 2 to 150 + 200.
    [Fact]
    public void Eight_candidates_take_three_rounds_of_the_same_cost()
    {
        var calls = new List<(char, long)>();
        IReadOnlyList<HalvingResult<char>> results = Run("abcdefgh", 1200, calls, (name, _) => name);
        Assert.Equal(
            [
                .. "abcdefgh".Select(name => (name, 50L)),
                .. "efgh".Select(name => (name, 150L)),
                .. "gh".Select(name => (name, 350L)),
            ],
            calls
        );
        Assert.Equal("hgfedcba", Names(results));
        Assert.Equal([350, 350, 150, 150, 50, 50, 50, 50], results.Select(result => result.Steps));
    }

    // ceil: 5, 3, 2. 100 / (3 * 5) = 6 steps each, 30 in all; 70 / (2 * 3) = 11, 33; 37 / 2 = 18, 36; 1 is left over.
    [Fact]
    public void The_larger_half_of_an_odd_number_goes_on_and_rounding_leaves_less_than_a_step_each()
    {
        var calls = new List<(char, long)>();
        Run("abcde", 100, calls, (name, _) => name);
        Assert.Equal(
            [
                .. "abcde".Select(name => (name, 6L)),
                .. "cde".Select(name => (name, 17L)),
                .. "de".Select(name => (name, 35L)),
            ],
            calls
        );
    }

    [Fact]
    public void Who_came_further_is_better_whatever_an_earlier_score_was()
    {
        // c leads after the first round and loses in the second, where a falls behind d.
        Dictionary<(char, long), double> scores = new()
        {
            [('a', 10)] = 0.5,
            [('b', 10)] = 0.3,
            [('c', 10)] = 0.6,
            [('d', 10)] = 0.2,
            [('a', 30)] = 0.55,
            [('c', 30)] = 0.4,
        };
        IReadOnlyList<HalvingResult<char>> results = Run("abcd", 80, [], (name, steps) => scores[(name, steps)]);
        Assert.Equal(
            [
                new HalvingResult<char>('a', 30, 0.55),
                new HalvingResult<char>('c', 30, 0.4),
                new HalvingResult<char>('b', 10, 0.3),
                new HalvingResult<char>('d', 10, 0.2),
            ],
            results
        );
    }

    [Fact]
    public void Of_equal_candidates_the_earlier_one_is_better() =>
        Assert.Equal("abcdef", Names(Run("abcdef", 60, [], (_, _) => 1)));

    [Fact]
    public void A_candidate_whose_score_is_no_number_loses() =>
        Assert.Equal("bca", Names(Run("abc", 60, [], (name, _) => name == 'a' ? double.NaN : -name)));

    [Fact]
    public void One_candidate_needs_no_training()
    {
        var calls = new List<(char, long)>();
        Assert.Equal([new HalvingResult<char>('a', 0, null)], Run("a", 60, calls, (_, _) => 1));
        Assert.Empty(calls);
    }

    [Fact]
    public void No_more_steps_are_trained_than_allowed_and_nearly_all_of_them()
    {
        for (int candidates = 2; candidates <= 17; candidates++)
        {
            foreach (long extra in (long[])[0, 1, 13, 1000])
            {
                long total = SuccessiveHalving.LeastSteps(candidates) + extra;
                IReadOnlyList<HalvingResult<int>> results = SuccessiveHalving.Run(
                    [.. Enumerable.Range(0, candidates)],
                    (index, steps) => (index * 7) % 5,
                    total,
                    CancellationToken.None
                );
                Assert.InRange(results.Sum(result => result.Steps), total - 1, total);
                Assert.All(results, result => Assert.True(result.Steps > 0));
            }
        }
    }

    [Fact]
    public void Too_few_steps_are_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Run("abcd", 7, [], (_, _) => 1));

    [Fact]
    public void Cancellation_stops_before_the_next_candidate()
    {
        using var source = new CancellationTokenSource();
        int calls = 0;
        Assert.Throws<OperationCanceledException>(() =>
            SuccessiveHalving.Run(
                "abcd".ToArray(),
                (_, _) =>
                {
                    calls++;
                    source.Cancel();
                    return 1;
                },
                80,
                source.Token
            )
        );
        Assert.Equal(1, calls);
    }

    private static string Names(IReadOnlyList<HalvingResult<char>> results) =>
        string.Concat(results.Select(result => result.Candidate));

    private static IReadOnlyList<HalvingResult<char>> Run(
        string candidates,
        long totalSteps,
        List<(char Candidate, long Steps)> calls,
        Func<char, long, double> score
    ) =>
        SuccessiveHalving.Run(
            candidates.ToArray(),
            (candidate, steps) =>
            {
                calls.Add((candidate, steps));
                return score(candidate, steps);
            },
            totalSteps,
            CancellationToken.None
        );
}
