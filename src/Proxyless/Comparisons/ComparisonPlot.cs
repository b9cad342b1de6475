using System.Globalization;
using System.Net;
using System.Text;
using Proxyless.Latency;
using Proxyless.Reports;

namespace Proxyless.Comparisons;

/// <summary>
/// Accuracy against latency: one mark per network, with the color of its group and, where there are more groups than
/// colors, a shape, and a bar of one standard deviation over its trainings; the limit is a dashed line.
/// </summary>
internal static class ComparisonPlot
{
    private const int Colors = 6;

    /// <summary>Returns a separate SVG file, which follows the reader's light or dark theme.</summary>
    public static string File(ComparisonResult result) => FigureFiles.File(Inline(result));

    /// <summary>Returns a part of a page that has the style sheet of reports.</summary>
    public static string Inline(ComparisonResult result)
    {
        string[] groups = [.. result.Networks.Select(network => network.Group).Distinct()];
        double legend = AccuracyAxes.LegendRow * groups.Length;
        var axes = new AccuracyAxes(
            Ticks.Cover(
                Math.Min(result.LatencyLimitMs, result.Networks.Min(network => network.LatencyMs)),
                Math.Max(result.LatencyLimitMs, result.Networks.Max(network => network.LatencyMs)),
                6
            ),
            Ticks.Cover(result.Networks.Min(Low), result.Networks.Max(High), 6)
        );
        var svg = new StringBuilder();
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<svg class=\"plot\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {AccuracyAxes.Width} "
                + $"{AccuracyAxes.Height + legend}\" role=\"img\" aria-label=\"Accuracy against latency\">\n"
        );
        bool hasIntegers = result.Networks.Any(network => network.IsInteger);
        string target = Path.GetFileName(result.Target);
        string machine = hasIntegers ? IntegerModels.Without(target) : target;
        axes.Append(svg, $"Top-1 on the test set (%) against latency (ms) on {machine}");
        axes.AppendLimit(svg, result.LatencyLimitMs, hasIntegers ? $"limit on {target}" : "limit");
        foreach (NetworkResult network in result.Networks)
        {
            int group = Array.IndexOf(groups, network.Group);
            double x = axes.X(network.LatencyMs);
            if (network.Top1Deviation is not null)
            {
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"<path class=\"deviation\" stroke=\"{ColorOf(group)}\" d=\"M{x:0.#} "
                        + $"{axes.Y(Low(network)):0.#}V{axes.Y(High(network)):0.#}\"/>"
                );
            }

            svg.Append(
                CultureInfo.InvariantCulture,
                $"<g fill-opacity=\"0.8\"><title>{WebUtility.HtmlEncode(network.Name)}: {100 * network.Top1:0.00} %, "
                    + $"{MillisecondText.Of(network.LatencyMs)} ms</title>"
                    + $"{Mark(group, x, axes.Y(100 * network.Top1))}</g>\n"
            );
        }

        for (int i = 0; i < groups.Length; i++)
        {
            double y = AccuracyAxes.Height - 4 + (AccuracyAxes.LegendRow * i);
            svg.Append(
                CultureInfo.InvariantCulture,
                $"{Mark(i, AccuracyAxes.Left + 6, y - 4)}<text x=\"{AccuracyAxes.Left + 18}\" "
                    + $"y=\"{y}\">{WebUtility.HtmlEncode(groups[i])}</text>\n"
            );
        }

        svg.Append("</svg>\n");
        return svg.ToString();
    }

    private static double Low(NetworkResult network) => 100 * (network.Top1 - (network.Top1Deviation ?? 0));

    private static double High(NetworkResult network) => 100 * (network.Top1 + (network.Top1Deviation ?? 0));

    /// <summary>A circle; a square or a triangle for the groups that reuse a color.</summary>
    private static string Mark(int group, double x, double y) =>
        (group / Colors % 3) switch
        {
            0 => string.Create(
                CultureInfo.InvariantCulture,
                $"<circle cx=\"{x:0.#}\" cy=\"{y:0.#}\" r=\"4.5\" fill=\"{ColorOf(group)}\"/>"
            ),
            1 => string.Create(
                CultureInfo.InvariantCulture,
                $"<path d=\"M{x - 4.5:0.#} {y - 4.5:0.#}h9v9h-9z\" fill=\"{ColorOf(group)}\"/>"
            ),
            _ => string.Create(
                CultureInfo.InvariantCulture,
                $"<path d=\"M{x - 5:0.#} {y + 4.5:0.#}h10l-5 -9.5z\" fill=\"{ColorOf(group)}\"/>"
            ),
        };

    private static string ColorOf(int group) => $"var(--s{group % Colors})";
}
