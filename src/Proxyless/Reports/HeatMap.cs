using System.Globalization;
using System.Net;
using System.Text;

namespace Proxyless.Reports;

/// <summary>A figure of a <see cref="HeatMap"/>.</summary>
/// <param name="Shade">How dark its cell is, 0..1.</param>
/// <param name="Text">The figure, with its unit.</param>
internal readonly record struct HeatCell(double Shade, string Text);

/// <summary>
/// Figures of the candidates of all blocks as a heat map: one row per candidate, one column per block; darker is more.
/// Of a search, the map is a film with a frame for each epoch, which the script of <see cref="ReportScript"/> shows;
/// without the script, the last frame is visible.
/// </summary>
internal static class HeatMap
{
    private const double Cell = 26;
    private const double Left = 74;
    private const double Top = 40;
    private const int MostFrames = 120;

    /// <summary>Draws p_ij of the epochs of a search.</summary>
    /// <param name="title">What is shown.</param>
    /// <param name="candidates">The names of the candidates of each block.</param>
    /// <param name="first">The number of the first block.</param>
    /// <param name="epochs">The number of each epoch, and p_ij at [i][j] at its end; one or more.</param>
    public static string OfSearch(
        string title,
        IReadOnlyList<IReadOnlyList<string>> candidates,
        int first,
        IReadOnlyList<(int Epoch, IReadOnlyList<IReadOnlyList<double>> Probabilities)> epochs
    )
    {
        ArgumentNullException.ThrowIfNull(epochs);
        string map = Svg(
            title,
            candidates,
            first,
            [
                .. epochs[^1]
                    .Probabilities.Select(block =>
                        block.Select(p => new HeatCell(p, Invariant($"{p:0.000}"))).ToArray()
                    ),
            ],
            null
        );
        if (epochs.Count == 1)
        {
            return $"<div class=\"scroll\" tabindex=\"0\">{map}</div>\n";
        }

        int frames = Math.Min(epochs.Count, MostFrames);
        int[] shown = [.. Enumerable.Range(0, frames).Select(i => i * (epochs.Count - 1) / (frames - 1))];
        string values = string.Join(
            ';',
            shown.Select(i =>
                string.Join(
                    ' ',
                    epochs[i].Probabilities.SelectMany(block => block).Select(p => (int)Math.Round(1000 * p))
                )
            )
        );
        string numbers = string.Join(' ', shown.Select(i => epochs[i].Epoch));
        return $"""
            <div class="film" data-frames="{values}" data-numbers="{numbers}">
            <p class="control" hidden><label>Epoch <output>{epochs[^1].Epoch}</output>
            <input type="range" min="0" max="{frames - 1}" value="{frames
                - 1}"></label> <button type="button">Play</button></p>
            <div class="scroll" tabindex="0">{map}</div>
            </div>

            """.ReplaceLineEndings(
            "\n"
        );
    }

    /// <summary>Draws one map.</summary>
    /// <param name="title">What is shown.</param>
    /// <param name="candidates">The names of the candidates of each block.</param>
    /// <param name="first">The number of the first block.</param>
    /// <param name="cells">The figure of each candidate.</param>
    /// <param name="chosen">
    /// The candidate of each block whose cell has a frame, -1 for none; null for none at all.
    /// </param>
    public static string Svg(
        string title,
        IReadOnlyList<IReadOnlyList<string>> candidates,
        int first,
        IReadOnlyList<IReadOnlyList<HeatCell>> cells,
        IReadOnlyList<int>? chosen
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
                $"<text x=\"{x + (Cell / 2)}\" y=\"{Top - 6}\" text-anchor=\"middle\">{first + block}</text>"
            );
            for (int candidate = 0; candidate < candidates[block].Count; candidate++)
            {
                string name = candidates[block][candidate];
                HeatCell cell = cells[block][candidate];
                double y = Top + (Cell * Array.IndexOf(rows, name));
                string place = Invariant(
                    $"x=\"{x + 1}\" y=\"{y + 1}\" width=\"{Cell - 2}\" height=\"{Cell - 2}\" rx=\"3\""
                );
                string frame = chosen?[block] == candidate ? "frame picked" : "frame";
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"<rect class=\"{frame}\" {place}/><rect class=\"heat-cell\" {place} "
                        + $"fill-opacity=\"{cell.Shade:0.###}\"><title>block {first + block}, "
                        + $"{WebUtility.HtmlEncode(name)}: {WebUtility.HtmlEncode(cell.Text)}</title></rect>\n"
                );
            }
        }

        svg.Append("</svg>\n");
        return svg.ToString();
    }
}
