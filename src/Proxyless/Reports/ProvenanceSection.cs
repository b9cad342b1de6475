using System.Text;
using static Proxyless.Reports.ReportPage;

namespace Proxyless.Reports;

/// <summary>Whether a result can be made again: data, machine, versions, and all options.</summary>
internal static class ProvenanceSection
{
    /// <summary>Adds the section.</summary>
    /// <param name="html">The page.</param>
    /// <param name="provenance">Where the result comes from, by name; with nothing, there is no section.</param>
    /// <param name="configuration">All options as in <c>config.yaml</c>; null to leave them out.</param>
    public static void Append(
        StringBuilder html,
        IReadOnlyList<KeyValuePair<string, string>> provenance,
        string? configuration
    )
    {
        ArgumentNullException.ThrowIfNull(html);
        ArgumentNullException.ThrowIfNull(provenance);
        if (provenance.Count == 0)
        {
            return;
        }

        html.Line("<h2 id=\"provenance\">Can it be done again?</h2>\n<dl>");
        foreach ((string name, string value) in provenance)
        {
            html.Line($"<dt>{Text(name)}</dt><dd>{Text(value)}</dd>");
        }

        html.Line("</dl>");
        if (configuration is not null)
        {
            html.Line(
                $"<details><summary>All options</summary><pre tabindex=\"0\">{Text(configuration)}</pre></details>"
            );
        }
    }
}
