using System.Globalization;
using System.Net;
using System.Text;
using Proxyless.Reports;

namespace Proxyless.Comparisons;

/// <summary>
/// Accuracy against latency as an SVG file of its own: a mark a network, by its group's colour and, where there are
/// more groups than colours, shape, with a bar of one standard deviation over its trainings; the limit as a dashed
/// line. Light or dark as the reader's system is.
/// </summary>
internal static class ComparisonPlot
{
    private const double Width = 640;
    private const double Height = 400;
    private const double Left = 64;
    private const double Right = 16;
    private const double Top = 40;
    private const double Bottom = 44;
    private const double LegendRow = 18;
    private const double LimitText = 40;

    private const string Css = """
        :root{--ink:#1f2328;--soft:#59636e;--rule:#d1d9e0;--c0:#2f6fbd;--c1:#c4622d;--c2:#2c8a57;--c3:#8250a8;--c4:#b08800;--c5:#596069}
        @media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--rule:#3d444d;--c0:#78b0f5;--c1:#f0986a;--c2:#6bc46d;--c3:#c297eb;--c4:#e3c04f;--c5:#a5adb6}}
        text{font:12px system-ui,'DejaVu Sans',sans-serif;fill:var(--soft)} .title{font-size:14px;font-weight:600;fill:var(--ink)}
        .grid{stroke:var(--rule)} .limit{stroke:var(--soft);stroke-dasharray:5 4} .bar{stroke-width:1.5}
        """;

    private const int Colors = 6;

    /// <summary>Draws the networks of a comparison.</summary>
    public static string Svg(ComparisonResult result)
    {
        string[] groups = [.. result.Networks.Select(network => network.Group).Distinct()];
        double legend = LegendRow * groups.Length;
        Ticks times = Ticks.Cover(
            Math.Min(result.LatencyLimitMs, result.Networks.Min(network => network.LatencyMs)),
            Math.Max(result.LatencyLimitMs, result.Networks.Max(network => network.LatencyMs)),
            6
        );
        Ticks accuracies = Ticks.Cover(result.Networks.Min(Low), result.Networks.Max(High), 6);
        double X(double time) => Left + ((time - times.First) / (times.Last - times.First) * (Width - Left - Right));
        double Y(double accuracy) =>
            Top + ((accuracies.Last - accuracy) / (accuracies.Last - accuracies.First) * (Height - Top - Bottom));

        var svg = new StringBuilder();
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height + legend}\" role=\"img\" "
                + $"aria-label=\"Accuracy against latency\">\n<style>\n{Css}\n</style>\n"
        );
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text class=\"title\" x=\"{Left}\" y=\"20\">Top-1 on the test set (%) against latency (ms) on "
                + $"{WebUtility.HtmlEncode(result.Target)}</text>\n"
        );
        foreach (double value in accuracies.Values)
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<path class=\"grid\" d=\"M{Left} {Y(value):0.#}H{Width - Right}\"/><text x=\"{Left - 6}\" "
                    + $"y=\"{Y(value) + 4:0.#}\" text-anchor=\"end\">{accuracies.Text(value)}</text>\n"
            );
        }

        foreach (double value in times.Values)
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text x=\"{X(value):0.#}\" y=\"{Height - Bottom + 18}\" "
                    + $"text-anchor=\"middle\">{times.Text(value)}</text>\n"
            );
        }

        double limit = X(result.LatencyLimitMs);
        bool roomOnTheLeft = limit > Left + LimitText;
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<path class=\"limit\" d=\"M{limit:0.#} {Top}V{Height - Bottom}\"/><text "
                + $"x=\"{(roomOnTheLeft ? limit - 4 : limit + 4):0.#}\" y=\"{Top + 12}\" "
                + $"text-anchor=\"{(roomOnTheLeft ? "end" : "start")}\">limit</text>\n"
        );
        foreach (NetworkResult network in result.Networks)
        {
            int group = Array.IndexOf(groups, network.Group);
            double x = X(network.LatencyMs);
            if (network.Top1Deviation is not null)
            {
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"<path class=\"bar\" stroke=\"{ColorOf(group)}\" d=\"M{x:0.#} "
                        + $"{Y(Low(network)):0.#}V{Y(High(network)):0.#}\"/>"
                );
            }

            svg.Append(
                CultureInfo.InvariantCulture,
                $"<g fill-opacity=\"0.8\"><title>{WebUtility.HtmlEncode(network.Name)}: {100 * network.Top1:0.00} %, "
                    + $"{network.LatencyMs:0.000} ms</title>{Mark(group, x, Y(100 * network.Top1))}</g>\n"
            );
        }

        for (int i = 0; i < groups.Length; i++)
        {
            double y = Height - 4 + (LegendRow * i);
            svg.Append(
                CultureInfo.InvariantCulture,
                $"{Mark(i, Left + 6, y - 4)}<text x=\"{Left + 18}\" "
                    + $"y=\"{y}\">{WebUtility.HtmlEncode(groups[i])}</text>\n"
            );
        }

        svg.Append("</svg>\n");
        return svg.ToString();
    }

    private static double Low(NetworkResult network) => 100 * (network.Top1 - (network.Top1Deviation ?? 0));

    private static double High(NetworkResult network) => 100 * (network.Top1 + (network.Top1Deviation ?? 0));

    /// <summary>A circle; a square and a triangle for the groups that the colours begin anew with.</summary>
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

    private static string ColorOf(int group) => $"var(--c{group % Colors})";
}
