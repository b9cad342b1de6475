using System.Globalization;
using CsCheck;
using Proxyless.Architectures;
using Proxyless.Search;
using Xunit;

namespace Proxyless.Tests.Search;

/// <summary>Latencies that are told are latencies that can be given as limits.</summary>
public sealed class PrintedLimitTests
{
    [Theory]
    [InlineData(12.3, "12.300", "12.3", "12.3")]
    [InlineData(5, "5.000", "5", "5")]
    [InlineData(1.2341, "1.234", "1.234", "1.235")]
    [InlineData(0.1, "0.100", "0.1", "0.1")]
    [InlineData(0.02204, "0.0220", "0.022", "0.0221")]
    [InlineData(0.000005, "0.00000500", "0.000005", "0.000005")]
    [InlineData(0.00000512345, "0.00000512", "0.00000512", "0.00000513")]
    [InlineData(0, "0.000", "0", "0")]
    [InlineData(-20, "-20.000", "-20", "-20")]
    [InlineData(-0.0204, "-0.020", "-0.02", "-0.02")]
    public void Short_latencies_have_as_many_digits_as_tell_them_apart(
        double milliseconds,
        string of,
        string brief,
        string atLeast
    ) =>
        Assert.Equal(
            (of, brief, atLeast),
            (
                MillisecondText.Of(milliseconds),
                MillisecondText.Short(milliseconds),
                MillisecondText.AtLeast(milliseconds)
            )
        );

    [Theory]
    [InlineData(12.3, "+12.300")]
    [InlineData(-0.022, "-0.0220")]
    [InlineData(0.0004, "+0.000400")]
    [InlineData(0, "0.000")]
    public void A_difference_has_a_sign_and_enough_digits(double milliseconds, string text) =>
        Assert.Equal(text, MillisecondText.Change(milliseconds));

    [Fact]
    public void The_smallest_latency_as_it_is_told_is_a_limit_that_can_be_met() =>
        Gen.Double[-6, 4]
            .Sample(power =>
            {
                double smallest = Math.Pow(10, power);
                double told = double.Parse(MillisecondText.AtLeast(smallest), CultureInfo.InvariantCulture);
                new CostLimit(Cost(smallest), told).RequirePossible();
                Assert.InRange(told, smallest * (1 - 1e-12), (smallest * 1.011) + 1e-15);
            });

    [Fact]
    public void A_limit_that_is_refused_is_told_as_it_was_given_and_what_is_told_beside_it_is_accepted()
    {
        SpaceCost cost = Cost(0.02204);
        var refused = Assert.Throws<LimitNotMetException>(() => new CostLimit(cost, 0.022).RequirePossible());
        Assert.Contains("limit 0.022 ms is impossible", refused.Message, StringComparison.Ordinal);
        Assert.Contains("has 0.0221 ms;", refused.Message, StringComparison.Ordinal);
        new CostLimit(cost, 0.0221).RequirePossible();
    }

    private static SpaceCost Cost(double smallest) => new(SpaceCost.LatencyQuantity, "ms", smallest, []);
}
