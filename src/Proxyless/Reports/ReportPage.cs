using System.Globalization;
using System.Net;
using System.Text;
using Proxyless.Training;

namespace Proxyless.Reports;

/// <summary>A column of a table.</summary>
/// <param name="Name">Its heading.</param>
/// <param name="IsText">Whether it holds text; otherwise numbers, which are aligned at the right.</param>
internal readonly record struct Column(string Name, bool IsText = false)
{
    /// <summary>A column of numbers.</summary>
    public static implicit operator Column(string name) => new(name);

    /// <summary>A column of text.</summary>
    public static Column OfText(string name) => new(name, IsText: true);
}

/// <summary>The common parts of report pages.</summary>
internal static class ReportPage
{
    private const int FewestForDecimals = 1000;

    /// <summary>Adds everything up to and including the heading.</summary>
    /// <param name="html">The page.</param>
    /// <param name="title">The heading.</param>
    public static void Begin(StringBuilder html, string title) =>
        html.Append(
            CultureInfo.InvariantCulture,
            $"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                + $"content=\"width=device-width\">\n<meta http-equiv=\"Content-Security-Policy\" "
                + $"content=\"{ReportScript.Policy}\">\n<title>{Text(title)}</title>\n<style>\n{ReportStyle.Css}\n"
                + $"</style>\n</head>\n<body>\n<main aria-label=\"{Text(title)}\">\n<h1>{Text(title)}</h1>\n"
        );

    /// <summary>Adds the end of the page.</summary>
    /// <param name="html">The page.</param>
    public static void End(StringBuilder html) =>
        html.Append(CultureInfo.InvariantCulture, $"</main>\n<script>{ReportScript.Text}</script>\n</body>\n</html>\n");

    /// <summary>Adds a line.</summary>
    /// <param name="html">The page.</param>
    /// <param name="line">HTML.</param>
    public static void Line(this StringBuilder html, string line) => html.Append(line).Append('\n');

    /// <summary>Adds what a job is doing, or why there is nothing to show.</summary>
    /// <param name="html">The page.</param>
    /// <param name="status">The text.</param>
    public static void Status(this StringBuilder html, string status) =>
        html.Line($"<p class=\"status\">{Text(status)}</p>");

    /// <summary>Adds a warning.</summary>
    /// <param name="html">The page.</param>
    /// <param name="warning">The text.</param>
    public static void Warning(this StringBuilder html, string warning) =>
        html.Line($"<p class=\"warning\">{Text(warning)}</p>");

    /// <summary>Adds a figure that stands out, with its caption.</summary>
    /// <param name="html">The page.</param>
    /// <param name="figure">The figure, with its unit.</param>
    /// <param name="caption">What it is.</param>
    /// <param name="verdict"><c>good</c>, <c>bad</c>, or empty.</param>
    public static void Tile(this StringBuilder html, string figure, string caption, string verdict = "") =>
        html.Line($"<div class=\"tile {verdict}\"><b>{Text(figure)}</b><span>{Text(caption)}</span></div>");

    /// <summary>
    /// Begins a table in a box of its own, which scrolls where the page is narrower; end it with
    /// <see cref="EndTable"/>.
    /// </summary>
    /// <param name="html">The page.</param>
    /// <param name="caption">What it holds, for readers who do not see the heading above it.</param>
    /// <param name="columns">The columns.</param>
    public static void BeginTable(this StringBuilder html, string caption, params ReadOnlySpan<Column> columns)
    {
        html.Append("<div class=\"scroll\" tabindex=\"0\"><table><caption>").Append(Text(caption)).Append("</caption>");
        html.Append("<thead><tr>");
        foreach (Column column in columns)
        {
            html.Append(column.IsText ? "<th scope=\"col\" class=\"text\">" : "<th scope=\"col\">")
                .Append(Text(column.Name))
                .Append("</th>");
        }

        html.Line("</tr></thead><tbody>");
    }

    /// <summary>Ends a table.</summary>
    public static void EndTable(this StringBuilder html) => html.Line("</tbody></table></div>");

    /// <summary>Escapes a text for a page.</summary>
    public static string Text(string text) => WebUtility.HtmlEncode(text);

    /// <summary>Formats a share as percent.</summary>
    public static string Percent(double share) => Invariant($"{100 * share:0.00} %");

    /// <summary>
    /// Formats a share of a number of images: with a decimal where there are enough images for one, and where it would
    /// be rounded to none or to all.
    /// </summary>
    /// <param name="share">The share, 0..1.</param>
    /// <param name="images">Number of images behind it.</param>
    public static string Percent(double share, long images) =>
        images >= FewestForDecimals || (share is > 0 and < 0.005 or >= 0.995 and < 1)
            ? Invariant($"{100 * share:0.0} %")
            : Invariant($"{100 * share:0} %");

    /// <summary>Formats an interval of a share of a number of images.</summary>
    /// <param name="interval">The interval.</param>
    /// <param name="images">Number of images behind it.</param>
    public static string Between(AccuracyInterval interval, long images)
    {
        ArgumentNullException.ThrowIfNull(interval);
        return images >= FewestForDecimals
            ? Invariant($"{100 * interval.Low:0.0} to {100 * interval.High:0.0} %")
            : Invariant($"{100 * interval.Low:0} to {100 * interval.High:0} %");
    }

    /// <summary>Formats a time in milliseconds.</summary>
    public static string Milliseconds(double time) => $"{MillisecondText.Of(time)} ms";

    /// <summary>Formats a number of bytes.</summary>
    public static string Bytes(long bytes) =>
        bytes >= 10_000_000 ? Invariant($"{bytes / 1e6:0} MB")
        : bytes >= 100_000 ? Invariant($"{bytes / 1e6:0.0} MB")
        : Invariant($"{bytes / 1e3:0} kB");
}
