using System.Text;
using Proxyless.Architectures;
using Proxyless.Training;
using static Proxyless.Reports.ReportPage;

namespace Proxyless.Reports;

/// <summary>The verdict: how accurate, how fast, how large, and what to do next.</summary>
internal static class VerdictSection
{
    // With five classes or fewer, every answer is among the five most probable.
    private const int MostClassesWithoutTop5 = 5;

    /// <summary>Adds the section.</summary>
    public static void Append(StringBuilder html, RunReportData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data.Status is { } status)
        {
            html.Status(status);
        }

        html.Line("<div class=\"tiles\">");
        foreach (AccuracyFigure accuracy in data.Accuracies)
        {
            var interval = AccuracyInterval.Wilson(accuracy.Top1, accuracy.Images);
            html.Tile(
                Percent(accuracy.Top1, accuracy.Images),
                $"top-1 on {accuracy.What}; {Between(interval, accuracy.Images)} at 95 % confidence"
            );
            if (accuracy.Top5 is { } top5 && data.Architecture.Classes > MostClassesWithoutTop5)
            {
                html.Tile(Percent(top5, accuracy.Images), $"top-5 on {accuracy.What}");
            }
        }

        AppendLatency(html, data);
        ArchitectureCost cost = ArchitectureCost.Of(data.Architecture);
        if (data.ModelBytes is { } bytes)
        {
            html.Tile(Bytes(bytes), "size of the model");
        }

        html.Tile(Invariant($"{cost.Parameters / 1e6:0.00} M"), "parameters");
        html.Tile(Invariant($"{cost.MultiplyAdds / 1e6:0.0} M"), "multiply-adds for an image");
        html.Line("</div>");
        AppendPrecisions(html, data.Precisions);
        AppendNext(html, data.Next);
        foreach (string warning in data.Warnings)
        {
            html.Warning(warning);
        }
    }

    private static void AppendLatency(StringBuilder html, RunReportData data)
    {
        if (data.LatencyMs is { } latency)
        {
            string verdict = data.LatencyLimitMs switch
            {
                { } limit when SumLimit.Allows(limit, latency) => "good",
                { } => "bad",
                null => "",
            };
            string source = data.LatencyIsMeasured ? "measured" : "by the target's table";
            html.Tile(
                Milliseconds(latency),
                data.LatencyLimitMs is { } asked
                    ? Invariant(
                        $"{source}, of {Milliseconds(asked)} allowed ({MillisecondText.ShareOf(latency, asked)})"
                    )
                    : source,
                verdict
            );
        }

        if (data is { MedianLatencyMs: { } median, LatencyP90Ms: { } slow })
        {
            html.Tile(
                Milliseconds(median),
                $"median beside other work on the machine; 90 % of the runs are within {Milliseconds(slow)}"
            );
        }

        if (data.PredictedLatencyMs is { } predicted)
        {
            html.Tile(Milliseconds(predicted), "predicted by the latency table");
        }
    }

    private static void AppendPrecisions(StringBuilder html, IReadOnlyList<PrecisionFigure> precisions)
    {
        if (precisions.Count == 0)
        {
            return;
        }

        html.Line("<h2 class=\"small\">Floats and integers</h2>");
        html.BeginTable("The model of floats and that of integers", Column.OfText("model"), "top-1", "latency", "size");
        foreach (PrecisionFigure precision in precisions)
        {
            html.Line(
                $"<tr><th scope=\"row\" class=\"text\">{Text(precision.Name)}</th>"
                    + $"<td>{(precision.Top1 is { } top1 ? Percent(top1, precision.Images) : "")}</td>"
                    + $"<td>{(precision.LatencyMs is { } latency ? Milliseconds(latency) : "")}</td>"
                    + $"<td>{Bytes(precision.Bytes)}</td></tr>"
            );
        }

        html.EndTable();
        html.Line(Invariant($"<p>Top-1 on {precisions[0].Images:N0} images that no weight was trained on.</p>"));
    }

    private static void AppendNext(StringBuilder html, IReadOnlyList<NextStep> steps)
    {
        if (steps.Count == 0)
        {
            return;
        }

        html.Line("<h2 class=\"small\">What to do next</h2>\n<dl class=\"next\">");
        foreach ((string command, string purpose) in steps)
        {
            html.Line($"<dt><code>{Text(command)}</code></dt><dd>{Text(purpose)}</dd>");
        }

        html.Line("</dl>");
    }
}
