using System.Globalization;
using System.Net;
using System.Text;

namespace Proxyless.Reports;

/// <summary>A curve of a <see cref="LinePlot"/>; points without a value are left out.</summary>
/// <param name="Name">Its name in the legend.</param>
/// <param name="Points">Pairs of x and y.</param>
/// <param name="IsLimit">Whether it is a limit, drawn dashed.</param>
internal sealed record PlotSeries(string Name, IReadOnlyList<(double X, double? Y)> Points, bool IsLimit = false)
{
    /// <summary>Whether each point has a dot; a point alone always has one.</summary>
    public bool HasDots { get; init; }
}

/// <summary>
/// A small line plot as inline SVG. Text stays text and colors come from the page's style sheet, so a plot follows the
/// light or dark theme and needs no fonts on the machine that writes it (docs/decisions/cli.md).
/// </summary>
internal static class LinePlot
{
    private const double Width = 420;
    private const double Height = 230;
    private const double Left = 52;
    private const double Right = 12;
    private const double Top = 44;
    private const double Bottom = 34;

    /// <summary>Draws curves over epochs, or nothing if there is no value to draw.</summary>
    /// <param name="title">What is plotted, with its unit.</param>
    /// <param name="series">The curves; the style sheet colors the first four.</param>
    public static string Svg(string title, params IReadOnlyList<PlotSeries> series) => Over("epoch", title, series);

    /// <summary>Draws curves over something else, in whole numbers.</summary>
    /// <param name="axis">The name of the horizontal axis, with its unit.</param>
    /// <param name="title">What is plotted, with its unit.</param>
    /// <param name="series">The curves; the style sheet colors the first four.</param>
    public static string Over(string axis, string title, params IReadOnlyList<PlotSeries> series)
    {
        List<(PlotSeries Series, int Index, List<(double X, double Y)> Points)> curves =
        [
            .. series.Select((curve, index) => (curve, index, Finite(curve))).Where(curve => curve.Item3.Count > 0),
        ];
        if (curves.Count == 0)
        {
            return "";
        }

        double firstX = curves.Min(curve => curve.Points[0].X);
        double lastX = Math.Max(curves.Max(curve => curve.Points[^1].X), firstX + 1);
        Ticks ticks = Ticks.Cover(
            curves.Min(curve => curve.Points.Min(p => p.Y)),
            curves.Max(curve => curve.Points.Max(p => p.Y)),
            5
        );
        double X(double x) => Left + ((x - firstX) / (lastX - firstX) * (Width - Left - Right));
        double Y(double y) => Top + ((ticks.Last - y) / (ticks.Last - ticks.First) * (Height - Top - Bottom));

        var svg = new StringBuilder();
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<svg class=\"plot\" viewBox=\"0 0 {Width} {Height}\" role=\"img\" "
                + $"aria-label=\"{WebUtility.HtmlEncode(title)}\">\n"
        );
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text class=\"title\" x=\"{Left}\" y=\"16\">{WebUtility.HtmlEncode(title)}</text>\n"
        );
        foreach (double value in ticks.Values)
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<path class=\"grid\" d=\"M{Left} {Y(value):0.#}H{Width - Right}\"/>"
            );
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text x=\"{Left - 6}\" y=\"{Y(value) + 4:0.#}\" text-anchor=\"end\">{ticks.Text(value)}</text>\n"
            );
        }

        Ticks along = Ticks.Cover(firstX, lastX, 6);
        along = along with { Step = Math.Max(along.Step, 1) };
        foreach (double value in along.Values.Where(value => value >= firstX && value <= lastX))
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text x=\"{X(value):0.#}\" y=\"{Height - Bottom + 16}\" "
                    + $"text-anchor=\"middle\">{along.Text(value)}</text>"
            );
        }

        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text x=\"{Width - Right}\" y=\"{Height - 4}\" text-anchor=\"end\">{WebUtility.HtmlEncode(axis)}</text>\n"
        );
        double legend = Left;
        foreach ((PlotSeries curve, int index, List<(double X, double Y)> points) in curves)
        {
            string style = curve.IsLimit ? "limit" : $"s{index}";
            string path = string.Join(
                'L',
                points.Select(p => string.Create(CultureInfo.InvariantCulture, $"{X(p.X):0.#} {Y(p.Y):0.#}"))
            );
            svg.Append(CultureInfo.InvariantCulture, $"<path class=\"curve {style}\" d=\"M{path}\"/>");
            foreach ((double x, double y) in points.Where(_ => curve.HasDots || points.Count == 1))
            {
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"<circle class=\"dot {style}\" cx=\"{X(x):0.#}\" cy=\"{Y(y):0.#}\" r=\"3\"/>"
                );
            }

            svg.Append(
                CultureInfo.InvariantCulture,
                $"<path class=\"curve {style}\" d=\"M{legend:0.#} 29h14\"/><text x=\"{legend + 18:0.#}\" "
                    + $"y=\"33\">{WebUtility.HtmlEncode(curve.Name)}</text>\n"
            );
            legend += 34 + (6.2 * curve.Name.Length);
        }

        svg.Append("</svg>\n");
        return svg.ToString();
    }

    private static List<(double X, double Y)> Finite(PlotSeries series) =>
        [
            .. series
                .Points.Where(point => point.Y is { } y && double.IsFinite(y))
                .Select(point => (point.X, point.Y!.Value)),
        ];
}
