using System.Text;
using static Proxyless.Reports.ReportPage;

namespace Proxyless.Reports;

/// <summary>How the network was chosen: the front, the search over its epochs, and the reason of each block.</summary>
internal static class ChoiceSection
{
    /// <summary>Adds the section.</summary>
    public static void Append(StringBuilder html, RunReportData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data.Front is null && data.Search.Count == 0)
        {
            return;
        }

        html.Line("<h2 id=\"choice\">How was it chosen?</h2>");
        if (data.Front is { } front)
        {
            html.Line($"<h3>What another millisecond buys</h3>\n<div class=\"wide\">{FrontPlot.Inline(front)}</div>");
            html.Line($"<p>{FrontPlot.Legend}</p>");
        }

        AppendReasons(html, data);
        AppendSearch(html, data);
    }

    private static void AppendReasons(StringBuilder html, RunReportData data)
    {
        if (data.Reasons is not { } reasons)
        {
            return;
        }

        html.Line("<h3>Why each block is what it is</h3>");
        html.Line(
            "<p>The best other candidate of each block, and what it would change. The change in accuracy is estimated "
                + Invariant($"from the {reasons.Networks:N0} networks that were scored with shared weights; ")
                + Invariant($"a single block is uncertain by about {100 * reasons.Deviation:0.0} points.</p>")
        );
        html.BeginTable(
            "The best other candidate of each block",
            "block",
            Column.OfText("chosen"),
            Column.OfText("next best"),
            "top-1, points",
            "latency, ms"
        );
        foreach (BlockReason block in reasons.Blocks)
        {
            html.Line(
                Invariant($"<tr><th scope=\"row\">{block.Block}</th><td class=\"text\">{Text(block.Chosen)}</td>")
                    + $"<td class=\"text\">{Text(block.Next)}</td>"
                    + Invariant($"<td>{100 * block.Top1Change:+0.0;-0.0;0.0}</td>")
                    + $"<td>{MillisecondText.Change(block.LatencyChangeMs)}</td></tr>"
            );
        }

        html.EndTable();
    }

    private static void AppendSearch(StringBuilder html, RunReportData data)
    {
        if (data.Search.Count == 0)
        {
            return;
        }

        PlotSeries Curve(string name, Func<SearchCurvePoint, double?> value) =>
            new(name, [.. data.Search.Select(point => ((double)point.Epoch, value(point)))]);

        html.Line("<h3>The search, epoch by epoch</h3>");
        if (data.Candidates.Count > 0)
        {
            html.Append(
                HeatMap.OfSearch(
                    "Probability of each candidate by block",
                    data.Candidates,
                    data.FirstSearchedBlock,
                    [.. data.Search.Select(point => (point.Epoch, point.Probabilities))]
                )
            );
        }

        html.Line("<div class=\"plots\">");
        html.Append(
            LinePlot.Svg(
                "Cross entropy",
                Curve("weights", p => p.TrainLoss),
                Curve("architecture", p => p.ValidationLoss)
            )
        );
        if (data.Search.Any(point => point.ExpectedLatencyMs is not null))
        {
            html.Append(
                LinePlot.Svg(
                    "Latency, ms",
                    Curve("expected", p => p.ExpectedLatencyMs),
                    new PlotSeries(
                        "limit",
                        [.. data.Search.Select(point => ((double)point.Epoch, data.LatencyLimitMs))],
                        IsLimit: true
                    )
                )
            );
        }

        html.Append(LinePlot.Svg("Entropy per block, nats", Curve("mean", p => p.Entropy)));
        html.Line("</div>");
    }
}
