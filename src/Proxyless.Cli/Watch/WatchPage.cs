using System.Text;
using Proxyless.Reports;
using static System.FormattableString;
using static System.Net.WebUtility;

namespace Proxyless.Cli.Watch;

/// <summary>The page of <c>watch</c>: the reports of runs side by side, loaded anew when they change.</summary>
internal static class WatchPage
{
    private static readonly string Script = """
        const source = new EventSource('events');
        source.onmessage = message => {
          JSON.parse(message.data).forEach((run, i) => {
            document.getElementById('state' + i).textContent = run.text;
            const frame = document.getElementById('run' + i);
            if (frame.dataset.version === run.version) { return; }
            frame.dataset.version = run.version;
            const place = frame.contentWindow.scrollY;
            frame.addEventListener('load', () => frame.contentWindow.scrollTo(0, place), { once: true });
            frame.contentWindow.location.reload();
          });
          document.getElementById('link').textContent = '';
        };
        source.onerror = () => {
          document.getElementById('link').textContent = 'No connection; what is shown is not up to date.';
        };
        """.ReplaceLineEndings("\n");

    private static readonly string Css = """
        :root{color-scheme:light dark;--paper:#fff;--ink:#1f2328;--soft:#59636e;--rule:#d1d9e0}
        @media (prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#e6edf3;--soft:#9198a1;--rule:#3d444d}}
        *{box-sizing:border-box} html,body{height:100%} body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.4 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}
        main{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(380px,100%),1fr));height:100%}
        section{display:flex;flex-direction:column;min-height:100vh;border-right:1px solid var(--rule)} header{padding:8px 14px;border-bottom:1px solid var(--rule)}
        h1,h2{font-size:15px;margin:0;overflow-wrap:anywhere} p{margin:2px 0 0;color:var(--soft);font-variant-numeric:tabular-nums;overflow-wrap:anywhere} #link:empty{display:none} #link{padding:6px 14px;margin:0}
        iframe{flex:1;width:100%;border:0}
        """.ReplaceLineEndings("\n");

    /// <summary>The policy of the page: frames and events of this server, this script, nothing else.</summary>
    public static string Policy { get; } =
        "default-src 'none'; style-src 'unsafe-inline'; connect-src 'self'; frame-src 'self'; base-uri 'none'; "
        + $"form-action 'none'; frame-ancestors 'none'; script-src {ReportScript.SourceOf(Script)}";

    /// <summary>Returns the page.</summary>
    /// <param name="runs">The names of the runs, and the versions of their reports before the page is sent.</param>
    public static string Html(IReadOnlyList<(string Name, long Version)> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        var html = new StringBuilder();
        html.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Append("<meta name=\"viewport\" content=\"width=device-width\">\n<title>Proxyless: ")
            .Append(HtmlEncode(string.Join(", ", runs.Select(run => run.Name))))
            .Append("</title>\n<style>\n")
            .Append(Css)
            .Append("\n</style>\n</head>\n<body>\n<main aria-label=\"Runs\">\n");
        for (int i = 0; i < runs.Count; i++)
        {
            string name = HtmlEncode(runs[i].Name);
            string heading = i == 0 ? "h1" : "h2";
            html.Append(
                Invariant($"<section aria-label=\"{name}\"><header><{heading}>{name}</{heading}>")
                    + Invariant($"<p id=\"state{i}\" role=\"status\"></p></header>")
                    + Invariant($"<iframe id=\"run{i}\" title=\"Report of {name}\" data-version=\"{runs[i].Version}\" ")
                    + Invariant($"src=\"runs/{i}\"></iframe></section>\n")
            );
        }

        html.Append("</main>\n<p id=\"link\" role=\"alert\"></p>\n<script>")
            .Append(Script)
            .Append("</script>\n</body>\n</html>\n");
        return html.ToString();
    }
}
