using System.Text;
using Proxyless.Files;
using Proxyless.Training;

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
        VerdictSection.Append(html, data);
        if (data.Answers is { } answers)
        {
            TrustSection.Append(html, answers);
        }

        ChoiceSection.Append(html, data);
        TimeSection.Append(html, data);
        AppendTraining(html, data);
        ProvenanceSection.Append(html, data.Provenance, data.Configuration);
        ReportPage.End(html);
        return html.ToString();
    }

    private static void AppendTraining(StringBuilder html, RunReportData data)
    {
        if (data.Training.Count == 0)
        {
            return;
        }

        PlotSeries Curve(string name, Func<TrainingCurvePoint, double?> value) =>
            new(name, [.. data.Training.Select(point => ((double)point.Epoch, value(point)))]);

        html.Line("<h2 id=\"training\">How was it trained?</h2>\n<div class=\"plots\">");
        html.Append(LinePlot.Svg("Loss", Curve("training", p => p.TrainLoss)));
        html.Append(LinePlot.Svg("Top-1, %", Curve("validation", p => 100 * p.ValidationTop1)));
        html.Append(LinePlot.Svg("Learning rate", Curve("rate", p => p.LearningRate)));
        html.Line("</div>");
    }
}
