using System.Globalization;
using System.Net;
using System.Text;

namespace Proxyless.Reports;

/// <summary>
/// The probabilities of a search as a heat map: one row per candidate, one column per block; darker is more probable.
/// </summary>
internal static class ProbabilityMap
{
    private const double Cell = 26;
    private const double Left = 74;
    private const double Top = 40;

    /// <summary>Draws p_ij of one epoch.</summary>
    /// <param name="title">What is shown.</param>
    /// <param name="candidates">The names of the candidates of each block.</param>
    /// <param name="probabilities">p_ij at [i][j].</param>
    public static string Svg(
        string title,
        IReadOnlyList<IReadOnlyList<string>> candidates,
        IReadOnlyList<IReadOnlyList<double>> probabilities
    )
    {
        string[] rows = [.. candidates.SelectMany(names => names).Distinct()];
        double width = Math.Max(Left + (Cell * candidates.Count) + 8, 470);
        double height = Top + (Cell * rows.Length) + 8;
        var svg = new StringBuilder();
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<svg class=\"plot heat\" viewBox=\"0 0 {width} {height}\" style=\"max-width:{width}px\" role=\"img\" "
                + $"aria-label=\"{WebUtility.HtmlEncode(title)}\">\n"
        );
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text class=\"title\" x=\"{Left}\" y=\"14\">{WebUtility.HtmlEncode(title)}</text>\n"
        );
        for (int row = 0; row < rows.Length; row++)
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text x=\"{Left - 8}\" y=\"{Top + (Cell * (row + 0.5)) + 4}\" "
                    + $"text-anchor=\"end\">{WebUtility.HtmlEncode(rows[row])}</text>\n"
            );
        }

        for (int block = 0; block < candidates.Count; block++)
        {
            double x = Left + (Cell * block);
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text x=\"{x + (Cell / 2)}\" y=\"{Top - 6}\" text-anchor=\"middle\">{block + 1}</text>"
            );
            for (int candidate = 0; candidate < candidates[block].Count; candidate++)
            {
                double p = probabilities[block][candidate];
                double y = Top + (Cell * Array.IndexOf(rows, candidates[block][candidate]));
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"<rect class=\"frame\" x=\"{x + 1}\" y=\"{y + 1}\" width=\"{Cell - 2}\" height=\"{Cell - 2}\" "
                        + $"rx=\"3\"/>"
                );
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"<rect class=\"heat-cell\" x=\"{x + 1}\" y=\"{y + 1}\" width=\"{Cell - 2}\" "
                        + $"height=\"{Cell - 2}\" rx=\"3\" fill-opacity=\"{p:0.###}\">"
                );
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"<title>block {block + 1}, {WebUtility.HtmlEncode(candidates[block][candidate])}: "
                        + $"{p:0.000}</title></rect>\n"
                );
            }
        }

        svg.Append("</svg>\n");
        return svg.ToString();
    }
}
