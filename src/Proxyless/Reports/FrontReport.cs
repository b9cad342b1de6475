using System.Globalization;
using System.Text;
using static Proxyless.Reports.ReportPage;

namespace Proxyless.Reports;

/// <summary>The row of a limit in a <see cref="FrontReport"/>.</summary>
/// <param name="Folder">The folder of its network, as the page names and links it.</param>
/// <param name="Target">The target's name.</param>
/// <param name="LimitMs">The limit, in milliseconds.</param>
/// <param name="LatencyMs">The latency of its network, in milliseconds.</param>
/// <param name="Parameters">Number of parameters.</param>
/// <param name="UntrainedTop1">Accuracy before its training, 0..1; null if it is not known.</param>
/// <param name="Top1">Accuracy on the test set, 0..1; null if it is not trained.</param>
internal sealed record FrontRow(
    string Folder,
    string Target,
    double LimitMs,
    double LatencyMs,
    long Parameters,
    double? UntrainedTop1,
    double? Top1
);

/// <summary>The page of a run for several limits: the results of each, and links to their own pages.</summary>
internal static class FrontReport
{
    /// <summary>Returns the page.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="rows">A row for each limit that has a network.</param>
    /// <param name="untrained">What <see cref="FrontRow.UntrainedTop1"/> is.</param>
    /// <param name="failures">Why other limits have none.</param>
    /// <param name="fronts">A plot for each target whose networks were scored.</param>
    public static string Html(
        string title,
        IReadOnlyList<FrontRow> rows,
        string untrained,
        IReadOnlyList<string> failures,
        IReadOnlyList<FrontPlotData> fronts
    )
    {
        var html = new StringBuilder();
        ReportPage.Begin(html, title);
        foreach (string failure in failures)
        {
            html.Warning(failure);
        }

        bool areJudged = rows.Any(row => row.UntrainedTop1 is not null);
        bool areTrained = rows.Any(row => row.Top1 is not null);
        html.Append(
            "<div class=\"scroll\"><table>\n<tr><th>network</th><th class=\"text\">target</th><th>limit</th>"
                + "<th>latency</th><th>parameters</th>"
                + $"{(areJudged ? $"<th>{Text(untrained)}</th>" : "")}"
                + $"{(areTrained ? "<th>top-1, test set</th>" : "")}</tr>\n"
        );
        foreach (FrontRow row in rows)
        {
            html.Append(
                CultureInfo.InvariantCulture,
                $"<tr><td><a href=\"{Uri.EscapeDataString(row.Folder)}/report.html\">{Text(row.Folder)}</a></td>"
                    + $"<td class=\"text\">{Text(row.Target)}</td><td>{MillisecondText.Short(row.LimitMs)} ms</td>"
                    + $"<td>{Milliseconds(row.LatencyMs)}</td><td>{row.Parameters / 1e6:0.00} M</td>"
                    + $"{(areJudged ? $"<td>{Share(row.UntrainedTop1)}</td>" : "")}"
                    + $"{(areTrained ? $"<td>{Share(row.Top1)}</td>" : "")}</tr>\n"
            );
        }

        html.Append("</table></div>\n");
        foreach (FrontPlotData front in fronts)
        {
            html.Append(
                CultureInfo.InvariantCulture,
                $"<h2>What another millisecond buys on {Text(Path.GetFileName(front.Target))}</h2>\n"
                    + $"<div class=\"wide\">{FrontPlot.Inline(front)}</div>\n<p>{FrontPlot.Legend}</p>\n"
            );
        }

        ReportPage.End(html);
        return html.ToString();
    }

    private static string Share(double? share) => share is { } some ? Percent(some) : "";
}
