using System.Text;
using Proxyless.Architectures;
using static Proxyless.Reports.ReportPage;

namespace Proxyless.Reports;

/// <summary>The network, and where its time goes.</summary>
internal static class TimeSection
{
    /// <summary>Adds the section.</summary>
    public static void Append(StringBuilder html, RunReportData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        html.Line("<h2 id=\"network\">The network, and where its time goes</h2>");
        html.Line($"<div class=\"scroll\" tabindex=\"0\">{ArchitecturePicture.Svg(data.Architecture)}</div>");
        if (data.Parts.Count > 0)
        {
            bool isMeasured = data.Parts.Any(part => part.MeasuredMs is not null);
            html.Line("<div class=\"wide\">");
            html.Append(
                BarChart.Svg(
                    "Latency of each part, ms",
                    isMeasured ? ["predicted by the table", "measured within the network"] : ["predicted by the table"],
                    [
                        .. data.Parts.Select(part => new BarRow(
                            part.Name,
                            isMeasured ? [part.PredictedMs, part.MeasuredMs] : [part.PredictedMs]
                        )),
                    ],
                    "0.000"
                )
            );
            html.Line("</div>");
            if (isMeasured)
            {
                html.Line(
                    "<p>Measured by ONNX Runtime's profiler, which slows each part down a little: compare the parts "
                        + "with each other.</p>"
                );
            }
        }

        AppendBlocks(html, data.Architecture);
        if (data.Table is { } table)
        {
            double most = table.Milliseconds.SelectMany(block => block).DefaultIfEmpty(0).Max();
            string map = HeatMap.Svg(
                "Latency of each candidate by block",
                data.Candidates,
                data.FirstSearchedBlock,
                [
                    .. table.Milliseconds.Select(block =>
                        block.Select(ms => new HeatCell(most > 0 ? ms / most : 0, Milliseconds(ms))).ToArray()
                    ),
                ],
                table.Chosen
            );
            html.Line("<h3>What each block could cost instead</h3>");
            html.Line(
                $"<p>By the latency table; the darkest takes {Milliseconds(most)}, the framed ones are chosen.</p>"
            );
            html.Line($"<div class=\"scroll\" tabindex=\"0\">{map}</div>");
        }
    }

    private static void AppendBlocks(StringBuilder html, Architecture architecture)
    {
        html.Line("<details><summary>All blocks in numbers</summary>");
        html.BeginTable(
            "The blocks of the network",
            "block",
            Column.OfText("operation"),
            "in",
            "out",
            "stride",
            "parameters",
            "multiply-adds"
        );
        for (int i = 0; i < architecture.Blocks.Count; i++)
        {
            Block block = architecture.Blocks[i];
            ArchitectureCost cost = ArchitectureCost.Of(block);
            html.Line(
                Invariant($"<tr{(block.IsPassThrough ? " class=\"gone\"" : "")}><th scope=\"row\">{i + 1}</th>")
                    + $"<td class=\"text\">{block.Operation}</td>"
                    + Invariant($"<td>{block.InputWidth}x{block.InputResolution}x{block.InputResolution}</td>")
                    + Invariant($"<td>{block.OutputWidth}x{block.OutputResolution}x{block.OutputResolution}</td>")
                    + Invariant(
                        $"<td>{block.Stride}</td><td>{cost.Parameters:N0}</td><td>{cost.MultiplyAdds:N0}</td></tr>"
                    )
            );
        }

        html.EndTable();
        html.Line("</details>");
    }
}
