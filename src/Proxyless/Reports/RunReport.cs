using System.Globalization;
using System.Text;
using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Training;
using static Proxyless.Reports.ReportPage;

namespace Proxyless.Reports;

/// <summary>
/// Writes <c>report.html</c>: one self-contained file, to be opened, mailed or kept beside the model.
/// </summary>
internal static class RunReport
{
    /// <summary>Writes the page.</summary>
    /// <param name="path">The file to write or replace.</param>
    /// <param name="data">What to show.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void WriteHtml(string path, RunReportData data) => AtomicFile.WriteAllText(path, Html(data));

    /// <summary>Returns the page.</summary>
    public static string Html(RunReportData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var html = new StringBuilder();
        ReportPage.Begin(html, data.Title);
        AppendTiles(html, data);
        foreach (string warning in data.Warnings)
        {
            html.Append(CultureInfo.InvariantCulture, $"<p class=\"warning\">{Text(warning)}</p>\n");
        }

        html.Append(
            CultureInfo.InvariantCulture,
            $"<h2>Architecture</h2>\n<div class=\"scroll\">{ArchitecturePicture.Svg(data.Architecture)}</div>\n"
        );
        AppendBlocks(html, data);
        if (data.Front is { } front)
        {
            html.Append(
                CultureInfo.InvariantCulture,
                $"<h2>What another millisecond buys</h2>\n<div class=\"wide\">{FrontPlot.Inline(front)}</div>\n"
            );
        }

        AppendSearch(html, data);
        AppendTraining(html, data);
        AppendProvenance(html, data);
        ReportPage.End(html);
        return html.ToString();
    }

    private static void AppendTiles(StringBuilder html, RunReportData data)
    {
        ArchitectureCost cost = ArchitectureCost.Of(data.Architecture);
        html.Append("<div class=\"tiles\">\n");
        if (data.Top1 is { } top1)
        {
            Tile(
                html,
                Percent(top1),
                data.TestImages is { } images ? Invariant($"top-1 on {images:N0} test images") : "top-1 on the test set"
            );
        }

        // With five classes or fewer every answer is among the five most probable.
        if (data.Top5 is { } top5 && data.Architecture.Classes > 5)
        {
            Tile(html, Percent(top5), "top-5");
        }

        if (data.LatencyMs is { } latency)
        {
            string verdict = data.LatencyLimitMs is { } limit
                ? latency <= limit
                    ? "good"
                    : "bad"
                : "";
            string source = data.LatencyIsMeasured ? "measured" : "by the target's table";
            string caption = data.LatencyLimitMs is { } asked
                ? Invariant($"{source}, of {Milliseconds(asked)} allowed ({latency / asked:P0})")
                : source;
            Tile(html, Milliseconds(latency), caption, verdict);
        }

        if (data.PredictedLatencyMs is { } predicted)
        {
            Tile(html, Milliseconds(predicted), "predicted by the latency table");
        }

        Tile(html, Invariant($"{cost.Parameters / 1e6:0.00} M"), "parameters");
        Tile(html, Invariant($"{cost.MultiplyAdds / 1e6:0.0} M"), "multiply-adds per image");
        html.Append("</div>\n");
    }

    private static void Tile(StringBuilder html, string figure, string caption, string verdict = "") =>
        html.Append(
            CultureInfo.InvariantCulture,
            $"<div class=\"tile {verdict}\"><b>{Text(figure)}</b><span>{Text(caption)}</span></div>\n"
        );

    private static void AppendBlocks(StringBuilder html, RunReportData data)
    {
        bool timed = data.BlockLatenciesMs.Count == data.Architecture.Blocks.Count;
        html.Append(
            "<div class=\"scroll\"><table>\n<tr><th>block</th><th "
                + "class=\"text\">operation</th><th>in</th><th>out</th><th>stride</th>"
                + "<th>parameters</th><th>multiply-adds</th>"
        );
        html.Append(timed ? "<th>latency</th></tr>\n" : "</tr>\n");
        for (int i = 0; i < data.Architecture.Blocks.Count; i++)
        {
            Block block = data.Architecture.Blocks[i];
            ArchitectureCost cost = ArchitectureCost.Of(block);
            html.Append(
                CultureInfo.InvariantCulture,
                $"<tr{(block.IsPassThrough ? " class=\"gone\"" : "")}><td>{i + 1}</td><td "
                    + $"class=\"text\">{block.Operation}</td>"
            );
            html.Append(
                CultureInfo.InvariantCulture,
                $"<td>{block.InputWidth}x{block.InputResolution}x{block.InputResolution}</td>"
                    + $"<td>{block.OutputWidth}x{block.OutputResolution}x{block.OutputResolution}</td>"
            );
            html.Append(
                CultureInfo.InvariantCulture,
                $"<td>{block.Stride}</td><td>{cost.Parameters:N0}</td><td>{cost.MultiplyAdds:N0}</td>"
            );
            html.Append(timed ? $"<td>{Milliseconds(data.BlockLatenciesMs[i])}</td></tr>\n" : "</tr>\n");
        }

        html.Append("</table></div>\n");
    }

    private static void AppendSearch(StringBuilder html, RunReportData data)
    {
        if (data.Search.Count == 0)
        {
            return;
        }

        PlotSeries Curve(string name, Func<SearchCurvePoint, double?> value) =>
            new(name, [.. data.Search.Select(point => ((double)point.Epoch, value(point)))]);

        html.Append("<h2>Search</h2>\n<div class=\"plots\">\n");
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
        html.Append("</div>\n");
        if (data.Candidates.Count > 0)
        {
            SearchCurvePoint last = data.Search[^1];
            string title = Invariant($"Probability of each candidate by block, after epoch {last.Epoch}");
            string map = ProbabilityMap.Svg(title, data.Candidates, last.Probabilities);
            html.Append(CultureInfo.InvariantCulture, $"<div class=\"scroll\">{map}</div>\n");
        }
    }

    private static void AppendTraining(StringBuilder html, RunReportData data)
    {
        if (data.Training.Count == 0)
        {
            return;
        }

        PlotSeries Curve(string name, Func<TrainingCurvePoint, double?> value) =>
            new(name, [.. data.Training.Select(point => ((double)point.Epoch, value(point)))]);

        html.Append("<h2>Training</h2>\n<div class=\"plots\">\n");
        html.Append(LinePlot.Svg("Loss", Curve("training", p => p.TrainLoss)));
        html.Append(LinePlot.Svg("Top-1", Curve("validation", p => p.ValidationTop1)));
        html.Append(LinePlot.Svg("Learning rate", Curve("rate", p => p.LearningRate)));
        html.Append("</div>\n");
    }

    private static void AppendProvenance(StringBuilder html, RunReportData data)
    {
        if (data.Provenance.Count == 0)
        {
            return;
        }

        html.Append("<h2>Provenance</h2>\n<dl>\n");
        foreach ((string name, string value) in data.Provenance)
        {
            html.Append(CultureInfo.InvariantCulture, $"<dt>{Text(name)}</dt><dd>{Text(value)}</dd>\n");
        }

        html.Append("</dl>\n");
    }
}
