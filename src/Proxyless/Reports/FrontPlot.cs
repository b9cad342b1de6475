using System.Globalization;
using System.Net;
using System.Text;

namespace Proxyless.Reports;

/// <summary>A network in a <see cref="FrontPlot"/>.</summary>
/// <param name="LatencyMs">Its latency by the table, in milliseconds.</param>
/// <param name="Top1">Its accuracy with the shared weights, 0..1.</param>
/// <param name="Name">The text beside it, or null.</param>
internal sealed record FrontMark(double LatencyMs, double Top1, string? Name = null);

/// <summary>The contents of a <see cref="FrontPlot"/>.</summary>
internal sealed record FrontPlotData
{
    /// <summary>The target of the latencies.</summary>
    public required string Target { get; init; }

    /// <summary>All networks that were scored.</summary>
    public required IReadOnlyList<FrontMark> Scored { get; init; }

    /// <summary>Those of them for which no other is both faster and more accurate, the fastest first.</summary>
    public required IReadOnlyList<FrontMark> Front { get; init; }

    /// <summary>Those of the scored networks that were trained a little before the choice.</summary>
    public IReadOnlyList<FrontMark> Tried { get; init; } = [];

    /// <summary>The networks that were chosen, by name.</summary>
    public required IReadOnlyList<FrontMark> Chosen { get; init; }

    /// <summary>The limits, in milliseconds.</summary>
    public required IReadOnlyList<double> LimitsMs { get; init; }
}

/// <summary>
/// The gain in accuracy per latency: accuracy with the shared weights against latency, the scored networks as dots, the
/// best of each latency as a stair, those of the final round as rings, the chosen ones with names, the limits as dashed
/// lines.
/// </summary>
internal static class FrontPlot
{
    /// <summary>What the marks are, for the text below the plot.</summary>
    public const string Legend =
        "A dot is a network that was scored with the shared weights of the search, the stair is the best one at each "
        + "latency, a ring was trained a little in the final round, and a name was chosen.";

    // Random networks among the scored ones may be far below the others and would press these together.
    private const double ShownShare = 0.95;
    private const double LimitsShown = 1.15;

    /// <summary>Returns a separate SVG file.</summary>
    public static string File(FrontPlotData data) => FigureFiles.File(Inline(data));

    /// <summary>Returns a part of a page that has <see cref="ReportStyle"/>.</summary>
    public static string Inline(FrontPlotData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        FrontMark[] all = [.. data.Scored, .. data.Chosen];
        if (all.Length == 0)
        {
            return "";
        }

        double[] accuracies = [.. all.Select(mark => 100 * mark.Top1).OrderDescending()];
        double lowest = Math.Min(
            accuracies[Math.Min((int)(ShownShare * accuracies.Length), accuracies.Length - 1)],
            data.Front.Concat(data.Chosen).Min(mark => 100 * mark.Top1)
        );
        // A limit far beyond the slowest network would press all of them together.
        double slowest = all.Max(mark => mark.LatencyMs);
        double[] limits = [.. data.LimitsMs.Where(limit => limit <= LimitsShown * slowest)];
        double[] latencies = [.. all.Select(mark => mark.LatencyMs), .. limits];
        var axes = new AccuracyAxes(
            Ticks.Cover(latencies.Min(), latencies.Max(), 6),
            Ticks.Cover(lowest, accuracies[0], 6)
        );
        var svg = new StringBuilder();
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<svg class=\"plot\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {AccuracyAxes.Width} "
                + $"{AccuracyAxes.Height}\" role=\"img\" aria-label=\"Accuracy against latency\">\n"
        );
        axes.Append(svg, $"Top-1 with shared weights (%) against latency (ms) on {Path.GetFileName(data.Target)}");
        foreach (double limit in limits)
        {
            axes.AppendNarrowLimit(svg, limit, $"limit {MillisecondText.Short(limit)} ms");
        }

        foreach (FrontMark mark in data.Scored.Where(mark => 100 * mark.Top1 >= lowest))
        {
            Circle(svg, axes, mark, "scored", 2.5);
        }

        Stair(svg, axes, data.Front);
        foreach (FrontMark mark in data.Front)
        {
            Circle(svg, axes, mark, "best", 3);
        }

        foreach (FrontMark mark in data.Tried.Where(mark => 100 * mark.Top1 >= lowest))
        {
            Circle(svg, axes, mark, "tried", 5);
        }

        foreach (FrontMark mark in data.Chosen.GroupBy(mark => (mark.LatencyMs, mark.Top1)).Select(Together))
        {
            Circle(svg, axes, mark, "chosen", 5.5);
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text class=\"name\" x=\"{axes.X(mark.LatencyMs) - 9:0.#}\" y=\"{axes.Y(100 * mark.Top1) - 7:0.#}\" "
                    + $"text-anchor=\"end\">{WebUtility.HtmlEncode(mark.Name)}</text>\n"
            );
        }

        svg.Append("</svg>\n");
        return svg.ToString();
    }

    /// <summary>Draws one mark for a network that was chosen for several limits.</summary>
    private static FrontMark Together(IEnumerable<FrontMark> same) =>
        same.First() with
        {
            Name = string.Join(", ", same.Select(mark => mark.Name)),
        };

    private static void Stair(StringBuilder svg, AccuracyAxes axes, IReadOnlyList<FrontMark> front)
    {
        if (front.Count < 2)
        {
            return;
        }

        svg.Append(
            CultureInfo.InvariantCulture,
            $"<path class=\"front\" d=\"M{axes.X(front[0].LatencyMs):0.#} {axes.Y(100 * front[0].Top1):0.#}"
        );
        foreach (FrontMark mark in front.Skip(1))
        {
            svg.Append(CultureInfo.InvariantCulture, $"H{axes.X(mark.LatencyMs):0.#}V{axes.Y(100 * mark.Top1):0.#}");
        }

        svg.Append("\"/>\n");
    }

    private static void Circle(StringBuilder svg, AccuracyAxes axes, FrontMark mark, string kind, double radius) =>
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<circle class=\"{kind}\" cx=\"{axes.X(mark.LatencyMs):0.#}\" cy=\"{axes.Y(100 * mark.Top1):0.#}\" "
                + $"r=\"{radius}\"><title>{WebUtility.HtmlEncode(mark.Name)}{(mark.Name is null ? "" : ": ")}"
                + $"{100 * mark.Top1:0.00} %, {MillisecondText.Of(mark.LatencyMs)} ms</title></circle>\n"
        );
}
