using System.Globalization;
using System.Net;
using System.Text;

namespace Proxyless.Reports;

/// <summary>A row of a <see cref="BarChart"/>.</summary>
/// <param name="Name">The name of the row.</param>
/// <param name="Values">A value for each kind of bar; null where there is none.</param>
internal sealed record BarRow(string Name, IReadOnlyList<double?> Values);

/// <summary>Horizontal bars, a row below another, with their values behind them.</summary>
internal static class BarChart
{
    private const double Width = 640;
    private const double Left = 150;
    private const double Right = 70;
    private const double Top = 44;
    private const double Bar = 9;
    private const double Gap = 7;

    /// <summary>Draws the chart.</summary>
    /// <param name="title">What is shown, with its unit.</param>
    /// <param name="kinds">The kinds of bars, for the legend; the style sheet colors the first four.</param>
    /// <param name="rows">The rows, the first one at the top.</param>
    /// <param name="format">The format of the values.</param>
    public static string Svg(string title, IReadOnlyList<string> kinds, IReadOnlyList<BarRow> rows, string format)
    {
        ArgumentNullException.ThrowIfNull(kinds);
        ArgumentNullException.ThrowIfNull(rows);
        double most = rows.SelectMany(row => row.Values).Max() ?? 0;
        double scale = most > 0 ? (Width - Left - Right) / most : 0;
        double rowHeight = (Bar * kinds.Count) + Gap;
        double height = Top + (rowHeight * rows.Count);
        var svg = new StringBuilder();
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<svg class=\"plot\" viewBox=\"0 0 {Width} {height}\" role=\"img\" "
                + $"aria-label=\"{WebUtility.HtmlEncode(title)}\">\n"
                + $"<text class=\"title\" x=\"0\" y=\"14\">{WebUtility.HtmlEncode(title)}</text>\n"
        );
        double legend = 0;
        for (int kind = 0; kind < kinds.Count; kind++)
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<rect class=\"bar f{kind}\" x=\"{legend:0.#}\" y=\"24\" width=\"12\" height=\"{Bar}\" rx=\"2\"/>"
                    + $"<text x=\"{legend + 17:0.#}\" y=\"33\">{WebUtility.HtmlEncode(kinds[kind])}</text>\n"
            );
            legend += 36 + (6.2 * kinds[kind].Length);
        }

        for (int i = 0; i < rows.Count; i++)
        {
            double top = Top + (rowHeight * i);
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text x=\"{Left - 8}\" y=\"{top + (Bar * kinds.Count / 2) + 4:0.#}\" text-anchor=\"end\">"
                    + $"{WebUtility.HtmlEncode(rows[i].Name)}</text>"
            );
            for (int kind = 0; kind < kinds.Count; kind++)
            {
                if (rows[i].Values[kind] is not { } value)
                {
                    continue;
                }

                double y = top + (Bar * kind);
                string text = value.ToString(format, CultureInfo.InvariantCulture);
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"<rect class=\"bar f{kind}\" x=\"{Left}\" y=\"{y + 0.5:0.#}\" "
                        + $"width=\"{Math.Max(0, value * scale):0.#}\" height=\"{Bar - 1}\" rx=\"2\"/>"
                        + $"<text class=\"small\" x=\"{Left + Math.Max(0, value * scale) + 5:0.#}\" y=\"{y + 8:0.#}\">"
                        + $"{text}</text>\n"
                );
            }
        }

        svg.Append("</svg>\n");
        return svg.ToString();
    }
}
