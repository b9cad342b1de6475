using Proxyless.Reports;
using Xunit;

namespace Proxyless.Tests.Reports;

public sealed class FrontReportTests
{
    [Theory]
    [InlineData(0.75, 1)]
    [InlineData(null, 0)]
    public void The_accuracy_before_the_training_is_called_what_it_is_and_left_out_where_no_network_has_one(
        double? untrained,
        int columns
    )
    {
        string html = FrontReport.Html("limits", [new("3ms", "cpu", 3, 2.9, 1, untrained, 0.5)], "a < b", [], []);
        Assert.Equal(columns, html.Split("<th>a &lt; b</th>").Length - 1);
        Assert.Equal(columns, html.Split("<td>75.00 %</td>").Length - 1);
        Assert.Contains("<td>50.00 %</td></tr>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<td></td>", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(12.3, "12.3")]
    [InlineData(0.0715, "0.0715")]
    [InlineData(0.00004, "0.00004")]
    public void A_limit_has_the_digits_that_count(double limit, string shown)
    {
        FrontMark[] marks = [new(0.8 * limit, 0.7), new(limit, 0.75, "network")];
        var plot = new FrontPlotData
        {
            Target = "cpu",
            Scored = marks,
            Front = marks,
            Chosen = [marks[1]],
            LimitsMs = [limit],
        };
        string html = FrontReport.Html("limits", [new("a", "cpu", limit, limit, 1, null, 0.5)], "", [], [plot]);
        Assert.Contains($"<td>{shown} ms</td>", html, StringComparison.Ordinal);
        Assert.Contains($">limit {shown} ms</text>", html, StringComparison.Ordinal);
    }
}
