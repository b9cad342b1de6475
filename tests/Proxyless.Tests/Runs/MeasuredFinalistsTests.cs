using Proxyless.Architectures;
using Proxyless.Runs;
using Proxyless.Search;
using Xunit;

namespace Proxyless.Tests.Runs;

public sealed class MeasuredFinalistsTests
{
    // Networks of one block with candidate j, of 0.1 (j + 1) ms by the table.
    private static readonly SpaceCost Cost = new(
        SpaceCost.LatencyQuantity,
        "ms",
        0,
        [
            [.. Enumerable.Range(1, 40).Select(j => 0.1 * j)],
        ]
    );

    private static readonly CostLimit Limit = new(Cost, 3);

    [Fact]
    public void The_first_within_the_limit_are_taken_and_those_over_it_are_told()
    {
        MeasuredFinalists finalists = Measured(choice => choice % 2 == 0 ? 1.02 : 0.98, 3, out List<int> timed);
        var over = new List<double>();

        // By the table 3, 2.9, 2.8 and so on; the odd ones are faster than their sums.
        IReadOnlyList<MeasuredChoice> found = finalists.Of(
            Ranked(29, 28, 27, 30, 31, 32),
            one => over.Add(one.MeasuredMs)
        );
        Assert.Equal([29, 28, 27], found.Select(one => one.Choice[0]));
        Assert.Empty(over);
        Assert.Equal([29, 28, 27], timed);
        Assert.Null(finalists.OtherLimit);
    }

    [Fact]
    public void Where_nearly_all_are_over_the_limit_that_of_the_table_is_lower()
    {
        MeasuredFinalists finalists = Measured(_ => 1.05, 2, out List<int> timed);
        int over = 0;
        IReadOnlyList<MeasuredChoice> found = finalists.Of(Ranked(28, 29, 27), _ => over++);
        Assert.Equal([27], found.Select(one => one.Choice[0]));
        Assert.Equal(2, over);
        Assert.Equal(3 / 1.05, finalists.OtherLimit!.Value, 1e-9);

        // Nothing is measured or told again.
        found = finalists.Of(Ranked(29, 27, 26), _ => over++);
        Assert.Equal([27, 26], found.Select(one => one.Choice[0]));
        Assert.Equal(2, over);
        Assert.Equal([28, 29, 27, 26], timed);
        Assert.Null(finalists.OtherLimit);
    }

    [Fact]
    public void Where_all_are_far_below_the_limit_that_of_the_table_is_higher()
    {
        MeasuredFinalists finalists = Measured(_ => 0.9, 2, out _);
        Assert.Equal(2, finalists.Of(Ranked(29, 28), _ => { }).Count);
        Assert.Equal(3 / 0.9, finalists.OtherLimit!.Value, 1e-9);

        // 3.3 ms by the table take 2.97 ms.
        IReadOnlyList<MeasuredChoice> found = finalists.Of(Ranked(32, 29), _ => { });
        Assert.Equal([32, 29], found.Select(one => one.Choice[0]));
        Assert.Null(finalists.OtherLimit);
    }

    [Fact]
    public void Those_that_are_measured_within_the_limit_are_found_again_behind_any_number_over_it()
    {
        MeasuredFinalists finalists = Measured(_ => 1.2, 2, out List<int> timed);
        Assert.Equal(2, finalists.Of(Ranked(20, 19), _ => { }).Count);
        int over = 0;
        IReadOnlyList<MeasuredChoice> found = finalists.Of(Ranked([.. Enumerable.Range(25, 15), 20, 19]), _ => over++);
        Assert.Equal([20, 19], found.Select(one => one.Choice[0]));
        Assert.Equal(12, over);
        Assert.Equal(14, timed.Count);
    }

    [Fact]
    public void A_table_that_is_not_measured_is_right()
    {
        var finalists = new MeasuredFinalists(
            Limit,
            4,
            Cost.Of,
            choice => new MeasuredChoice(choice, Cost.Of(choice), Cost.Of(choice), IsMeasured: false)
        );
        Assert.Single(finalists.Of(Ranked(31, 20), _ => { }));
        Assert.Null(finalists.OtherLimit);
    }

    private static MeasuredFinalists Measured(Func<int, double> ratio, int count, out List<int> timed)
    {
        List<int> order = timed = [];
        return new MeasuredFinalists(
            Limit,
            count,
            Cost.Of,
            choice =>
            {
                order.Add(choice[0]);
                return new MeasuredChoice(
                    choice,
                    Cost.Of(choice),
                    ratio(choice[0]) * Cost.Of(choice),
                    IsMeasured: true
                );
            }
        );
    }

    private static RankedNetwork[] Ranked(params int[] candidates) =>
        [.. candidates.Select((candidate, i) => new RankedNetwork([candidate], Score: -i, Estimate: -i))];
}
