using System.Text;
using Proxyless.Files;
using static Proxyless.Reports.ReportPage;

namespace Proxyless.Reports;

/// <summary>
/// The confusions of a model, with the classes sorted by <see cref="ConfusionOrder"/>: a table with numbers for few
/// classes, a picture for many, and the most frequent confusions by name.
/// </summary>
internal static class ConfusionMatrix
{
    private const int MostInTable = 20;
    private const int MostWithNames = 250;
    private const int MostPairs = 12;
    private const int Levels = 5;
    private const double Cell = 9;
    private const double SmallCell = 3;
    private const double Letter = 5.4;
    private const int MostLetters = 20;

    /// <summary>Adds the matrix.</summary>
    /// <param name="html">The page.</param>
    /// <param name="classes">The names of the classes.</param>
    /// <param name="confusion">Number of images of class i that were classified as class j, at [i][j].</param>
    public static void Append(StringBuilder html, IReadOnlyList<string> classes, IReadOnlyList<int[]> confusion)
    {
        ArgumentNullException.ThrowIfNull(classes);
        ArgumentNullException.ThrowIfNull(confusion);
        int[] order = ConfusionOrder.Of(confusion);
        html.Line("<h3>Confusion matrix</h3>");
        html.Line("<p>A row for each class, a column for each answer; classes that are confused stand together.</p>");
        if (classes.Count <= MostInTable)
        {
            AppendTable(html, classes, confusion, order);
        }
        else
        {
            html.Line($"<div class=\"scroll matrix\" tabindex=\"0\">{Svg(classes, confusion, order)}</div>");
        }

        AppendPairs(html, classes, confusion);
    }

    /// <summary>Returns the matrix as a picture.</summary>
    /// <param name="classes">The names of the classes.</param>
    /// <param name="confusion">Number of images of class i that were classified as class j, at [i][j].</param>
    public static string Svg(IReadOnlyList<string> classes, IReadOnlyList<int[]> confusion)
    {
        ArgumentNullException.ThrowIfNull(classes);
        return Svg(classes, confusion, ConfusionOrder.Of(confusion));
    }

    private static void AppendTable(
        StringBuilder html,
        IReadOnlyList<string> classes,
        IReadOnlyList<int[]> confusion,
        int[] order
    )
    {
        html.BeginTable(
            "Confusion matrix: images of each class by the model's answer",
            [Column.OfText("class"), .. order.Select(answer => new Column(classes[answer]))]
        );
        foreach (int label in order)
        {
            double images = Math.Max(1, confusion[label].Sum());
            html.Append("<tr><th scope=\"row\" class=\"text\">").Append(Text(classes[label])).Append("</th>");
            foreach (int answer in order)
            {
                int count = confusion[label][answer];
                string kind = label == answer ? "right" : "wrong";
                html.Append(
                    count == 0
                        ? "<td class=\"none\">0</td>"
                        : Invariant($"<td class=\"{kind} p{Math.Ceiling(10 * count / images):0}\">{count:N0}</td>")
                );
            }

            html.Line("</tr>");
        }

        html.EndTable();
    }

    private static string Svg(IReadOnlyList<string> classes, IReadOnlyList<int[]> confusion, int[] order)
    {
        bool named = classes.Count <= MostWithNames;
        double cell = named ? Cell : SmallCell;
        double left = named ? Math.Ceiling(8 + (Letter * classes.Max(name => Short(name).Length))) : 0;
        double side = cell * classes.Count;

        // A path for each shade: a rectangle for each cell would be most of the page.
        var paths = new StringBuilder[2, Levels];
        for (int row = 0; row < order.Length; row++)
        {
            double images = Math.Max(1, confusion[order[row]].Sum());
            for (int column = 0; column < order.Length; column++)
            {
                int count = confusion[order[row]][order[column]];
                if (count > 0)
                {
                    // The root: a confusion of 4 % is to be seen.
                    int level = Math.Clamp((int)(Math.Sqrt(count / images) * Levels), 0, Levels - 1);
                    StringBuilder path = paths[row == column ? 0 : 1, level] ??= new StringBuilder();
                    path.Append(
                        Invariant($"M{left + (cell * column):0} {left + (cell * row):0}h{cell}v{cell}h-{cell}z")
                    );
                }
            }
        }

        var svg = new StringBuilder();
        svg.Line(
            Invariant($"<svg class=\"plot confusion\" viewBox=\"0 0 {left + side} {left + side}\" ")
                + Invariant($"style=\"width:{left + side}px\" role=\"img\" aria-label=\"Confusion matrix of ")
                + Invariant($"{classes.Count} classes; the most frequent confusions are in the table below\">")
        );
        svg.Line(Invariant($"<path class=\"grid\" fill=\"none\" d=\"M{left} {left}h{side}v{side}h-{side}z\"/>"));
        for (int kind = 0; kind < 2; kind++)
        {
            for (int level = 0; level < Levels; level++)
            {
                if (paths[kind, level] is { } path)
                {
                    svg.Line(
                        Invariant(
                            $"<path class=\"f{kind}\" fill-opacity=\"{(level + 1.0) / Levels:0.#}\" d=\"{path}\"/>"
                        )
                    );
                }
            }
        }

        for (int i = 0; named && i < order.Length; i++)
        {
            double middle = left + (cell * (i + 0.5)) + 3;
            string name = Text(Short(classes[order[i]]));
            svg.Line(
                Invariant($"<text class=\"tiny\" x=\"{left - 4}\" y=\"{middle}\" text-anchor=\"end\">{name}</text>")
                    + Invariant($"<text class=\"tiny\" transform=\"translate({middle} {left - 4}) rotate(-90)\">")
                    + $"{name}</text>"
            );
        }

        svg.Append("</svg>");
        return svg.ToString();
    }

    private static void AppendPairs(StringBuilder html, IReadOnlyList<string> classes, IReadOnlyList<int[]> confusion)
    {
        (int Label, int Answer, int Count)[] pairs =
        [
            .. confusion
                .SelectMany((row, label) => row.Select((count, answer) => (Label: label, Answer: answer, Count: count)))
                .Where(pair => pair.Label != pair.Answer && pair.Count > 0)
                .OrderByDescending(pair => pair.Count)
                .Take(MostPairs),
        ];
        if (pairs.Length == 0)
        {
            html.Line("<p>No image was classified wrongly.</p>");
            return;
        }

        html.Line("<h3>Most frequent confusions</h3>");
        html.BeginTable(
            "The most frequent confusions",
            Column.OfText("class"),
            Column.OfText("taken for"),
            "images",
            "of its images"
        );
        foreach ((int label, int answer, int count) in pairs)
        {
            int images = confusion[label].Sum();
            html.Line(
                $"<tr><th scope=\"row\" class=\"text\">{Text(classes[label])}</th>"
                    + $"<td class=\"text\">{Text(classes[answer])}</td>"
                    + Invariant($"<td>{count:N0}</td><td>{Percent(count / (double)images, images)}</td></tr>")
            );
        }

        html.EndTable();
    }

    private static string Short(string name) =>
        name.Length <= MostLetters ? name : TextBeginning.Of(name, MostLetters - 1) + "…";
}
