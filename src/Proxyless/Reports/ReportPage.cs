using System.Globalization;
using System.Net;
using System.Text;

namespace Proxyless.Reports;

/// <summary>The common parts of report pages.</summary>
internal static class ReportPage
{
    /// <summary>Adds everything up to and including the heading.</summary>
    /// <param name="html">The page.</param>
    /// <param name="title">The heading.</param>
    public static void Begin(StringBuilder html, string title) =>
        html.Append(
            CultureInfo.InvariantCulture,
            $"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                + $"content=\"width=device-width\">\n<title>{Text(title)}</title>\n<style>\n{ReportStyle.Css}\n"
                + $"</style>\n</head>\n<body>\n<h1>{Text(title)}</h1>\n"
        );

    /// <summary>Adds the end of the page.</summary>
    /// <param name="html">The page.</param>
    public static void End(StringBuilder html) => html.Append("</body>\n</html>\n");

    /// <summary>Escapes a text for a page.</summary>
    public static string Text(string text) => WebUtility.HtmlEncode(text);

    /// <summary>Formats a share as percent.</summary>
    public static string Percent(double share) => Invariant($"{100 * share:0.00} %");

    /// <summary>Formats a time in milliseconds.</summary>
    public static string Milliseconds(double time) => Invariant($"{time:0.000} ms");
}
