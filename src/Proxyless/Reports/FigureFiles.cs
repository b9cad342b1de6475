using System.Text.RegularExpressions;
using Proxyless.Files;

namespace Proxyless.Reports;

/// <summary>
/// The figures of a page as separate SVG files, which follow the reader's light or dark theme as the page does.
/// </summary>
internal static partial class FigureFiles
{
    private const string Namespace = "xmlns=\"http://www.w3.org/2000/svg\"";

    // In a page they stand on its paper and have its font.
    private const string Alone = "svg{background:var(--paper);font-family:system-ui,'DejaVu Sans',sans-serif}";

    /// <summary>Returns the figures of a page, each with the name of its file.</summary>
    /// <param name="page">The page.</param>
    public static IReadOnlyList<(string Name, string Svg)> Of(string page)
    {
        ArgumentNullException.ThrowIfNull(page);
        var files = new List<(string Name, string Svg)>();
        var counts = new Dictionary<string, int>();
        foreach (Match figure in FigurePattern().Matches(page))
        {
            string name = NameOf(figure.Value);
            int count = counts[name] = counts.GetValueOrDefault(name) + 1;
            files.Add(($"{name}{(count == 1 ? "" : Invariant($"-{count}"))}.svg", File(figure.Value)));
        }

        return files;
    }

    /// <summary>Makes a figure of a page a separate file.</summary>
    /// <param name="svg">The figure.</param>
    public static string File(string svg)
    {
        ArgumentNullException.ThrowIfNull(svg);

        // HTML takes the control characters of a name, XML does not.
        svg = ControlCharacters.VisibleLines(svg);
        int end = svg.IndexOf('>', StringComparison.Ordinal);
        string opening = svg[..end];
        return (opening.Contains(Namespace, StringComparison.Ordinal) ? opening : $"{opening} {Namespace}")
            + $">\n<style>\n{ReportStyle.Css}\n{Alone}\n</style>"
            + svg[(end + 1)..];
    }

    private static string NameOf(string svg)
    {
        string label = LabelPattern().Match(svg).Groups[1].Value.Split(';')[0];
        string name = OtherPattern().Replace(label.ToLowerInvariant(), "-").Trim('-');
        return name.Length > 0 ? name
            : svg.Contains("class=\"arch\"", StringComparison.Ordinal) ? "network"
            : "figure";
    }

    [GeneratedRegex("<svg .*?</svg>", RegexOptions.Singleline)]
    private static partial Regex FigurePattern();

    [GeneratedRegex("aria-label=\"([^\"]*)\"")]
    private static partial Regex LabelPattern();

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex OtherPattern();
}
