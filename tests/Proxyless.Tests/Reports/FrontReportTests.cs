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
}
