namespace Proxyless.Reports;

/// <summary>
/// The style sheet of a report: neutral, follows the reader's light or dark theme, fetches nothing from elsewhere.
/// </summary>
internal static class ReportStyle
{
    public const string Css = """
        :root{color-scheme:light dark;--paper:#ffffff;--card:#f6f8fa;--ink:#1f2328;--soft:#59636e;--rule:#d1d9e0;--good:#1a7f37;--bad:#b35900;--s0:#2f6fbd;--s1:#c4622d;--s2:#2c8a57;--s3:#8250a8}
        @media (prefers-color-scheme:dark){:root{--paper:#0d1117;--card:#151b23;--ink:#e6edf3;--soft:#9198a1;--rule:#3d444d;--good:#57ab5a;--bad:#e0a04a;--s0:#78b0f5;--s1:#f0986a;--s2:#6bc46d;--s3:#c297eb}}
        *{box-sizing:border-box}
        body{margin:0 auto;max-width:1080px;padding:28px 20px 60px;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}
        h1{font-size:24px;margin:0 0 18px} h2{font-size:17px;margin:34px 0 10px}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(145px,1fr));gap:12px}
        .tile{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:12px 14px}
        .tile b{display:block;font-size:24px;font-variant-numeric:tabular-nums} .tile span{color:var(--soft);font-size:13px}
        .good b{color:var(--good)} .bad b{color:var(--bad)}
        .warning{border-left:4px solid var(--bad);background:var(--card);padding:8px 12px;margin:8px 0}
        .scroll{overflow-x:auto} .scroll svg{display:block}
        .plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(340px,1fr));gap:16px}
        .plot{width:100%;height:auto;font-size:11px} .plot text{fill:var(--soft)} .plot .title{fill:var(--ink);font-size:13px;font-weight:600}
        .grid{stroke:var(--rule);stroke-width:1} .curve{fill:none;stroke-width:2;stroke-linejoin:round} .limit{stroke:var(--soft);stroke-dasharray:5 4}
        .s0{stroke:var(--s0)} .s1{stroke:var(--s1)} .s2{stroke:var(--s2)} .s3{stroke:var(--s3)} .dot{fill:currentColor}
        .scored{fill:var(--soft);fill-opacity:.5} .best{fill:var(--s0)} .front{fill:none;stroke:var(--s0);stroke-width:1.5;stroke-linejoin:round} .chosen{fill:var(--s1)} .plot .name{fill:var(--ink);font-weight:600} .wide{max-width:720px}
        .frame{fill:none;stroke:var(--rule)} .heat-cell{fill:var(--s0)}
        table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums} th,td{padding:4px 10px;border-bottom:1px solid var(--rule);text-align:right;white-space:nowrap}
        th{color:var(--soft);font-weight:500} th:first-child,td:first-child,th.text,td.text{text-align:left} .gone{color:var(--soft)}
        dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 18px;margin:0} dt{color:var(--soft)} dd{margin:0;overflow-wrap:anywhere}
        """;
}
