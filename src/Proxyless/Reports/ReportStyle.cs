namespace Proxyless.Reports;

/// <summary>
/// The style sheet of a report: neutral, follows the reader's light or dark theme, fetches nothing from elsewhere. Blue
/// and orange stay apart for all kinds of color vision.
/// </summary>
internal static class ReportStyle
{
    public static readonly string Css = """
        :root{color-scheme:light dark;--paper:#ffffff;--card:#f6f8fa;--ink:#1f2328;--soft:#59636e;--rule:#d1d9e0;--good:#1a7f37;--bad:#a04b00;--s0:#2f6fbd;--s1:#c4622d;--s2:#2c8a57;--s3:#8250a8;--s4:#b08800;--s5:#596069}
        @media (prefers-color-scheme:dark){:root{--paper:#0d1117;--card:#151b23;--ink:#e6edf3;--soft:#9198a1;--rule:#3d444d;--good:#57ab5a;--bad:#e0a04a;--s0:#78b0f5;--s1:#f0986a;--s2:#6bc46d;--s3:#c297eb;--s4:#e3c04f;--s5:#a5adb6}}
        *{box-sizing:border-box}
        body{margin:0 auto;max-width:1080px;padding:28px 20px 60px;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}
        h1{font-size:24px;margin:0 0 18px;overflow-wrap:anywhere} h2{font-size:19px;margin:42px 0 6px;padding-top:14px;border-top:1px solid var(--rule)} h3,h2.small{font-size:15px;margin:24px 0 6px} h2.small{border:0;padding:0} p{margin:6px 0;max-width:75ch}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(160px,1fr));gap:12px}
        .tile{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:12px 14px}
        .tile b{display:block;font-size:24px;font-variant-numeric:tabular-nums} .tile span{color:var(--soft);font-size:13px}
        .good b{color:var(--good)} .bad b{color:var(--bad)}
        .warning{border-left:4px solid var(--bad);background:var(--card);padding:8px 12px;margin:8px 0;max-width:none;overflow-wrap:anywhere} .status{border-left:4px solid var(--s0);background:var(--card);padding:8px 12px;margin:0 0 12px;max-width:none}
        .scroll{overflow-x:auto} .scroll svg{display:block} .matrix{max-height:85vh;overflow:auto}
        .plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(340px,100%),1fr));gap:16px;align-items:start}
        .plot{width:100%;height:auto;font-size:11px} .plot text{fill:var(--soft)} .plot .title{fill:var(--ink);font-size:13px;font-weight:600} .plot .small{font-size:9px} .plot .tiny{font-size:8px} .confusion{max-width:none}
        .heat{min-width:440px} .grid{stroke:var(--rule);stroke-width:1} .curve{fill:none;stroke-width:2;stroke-linejoin:round} .limit{stroke:var(--soft);stroke-dasharray:5 4}
        .s0{stroke:var(--s0)} .s1{stroke:var(--s1)} .s2{stroke:var(--s2)} .s3{stroke:var(--s3)} .dot.s0{fill:var(--s0)} .dot.s1{fill:var(--s1)} .dot.s2{fill:var(--s2)} .dot.s3{fill:var(--s3)} .dot.limit{fill:var(--soft)}
        .f0{fill:var(--s0)} .f1{fill:var(--s1)} .f2{fill:var(--s2)} .f3{fill:var(--s3)}
        .deviation{stroke-width:1.5} .scored{fill:var(--soft);fill-opacity:.5} .best{fill:var(--s0)} .front{fill:none;stroke:var(--s0);stroke-width:1.5;stroke-linejoin:round} .tried{fill:none;stroke:var(--s1);stroke-width:1.5} .chosen{fill:var(--s1)} .plot .name{fill:var(--ink);font-weight:600} .wide{max-width:720px}
        .frame{fill:none;stroke:var(--rule)} .picked{stroke:var(--s1);stroke-width:3} .heat-cell{fill:var(--s0)}
        table{border-collapse:collapse;font-variant-numeric:tabular-nums} caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)} th,td{padding:4px 10px;border-bottom:1px solid var(--rule);text-align:right;white-space:nowrap}
        th{color:var(--soft);font-weight:500} tbody th{color:var(--ink);font-weight:400} tbody th:first-child,thead th:first-child,th.text,td.text{text-align:left} .gone,.gone th,.none{color:var(--soft)}
        td.right{background:color-mix(in srgb,var(--s0) calc(var(--p)*45%),transparent)} td.wrong{background:color-mix(in srgb,var(--s1) calc(var(--p)*60%),transparent)}
        .p1{--p:.1} .p2{--p:.2} .p3{--p:.3} .p4{--p:.4} .p5{--p:.5} .p6{--p:.6} .p7{--p:.7} .p8{--p:.8} .p9{--p:.9} .p10{--p:1}
        .photos{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:12px;margin:10px 0} figure{margin:0;font-size:13px;line-height:1.35} figure img,.missing{display:block;width:96px;height:96px;border-radius:6px;margin-bottom:4px;image-rendering:pixelated} .missing{border:1px dashed var(--rule);color:var(--soft);padding:8px} .file{display:block;color:var(--soft);font-size:12px;overflow-wrap:anywhere}
        .control{display:flex;gap:12px;align-items:center;flex-wrap:wrap} .control[hidden]{display:none} .control label{display:flex;gap:8px;align-items:center} .control input{width:min(320px,50vw)} output{display:inline-block;min-width:3ch;font-variant-numeric:tabular-nums}
        dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 18px;margin:0} dt{color:var(--soft)} dd{margin:0;overflow-wrap:anywhere} .next{grid-template-columns:1fr} .next dt{margin-top:6px} code,pre{font:13px ui-monospace,'SF Mono',Consolas,'DejaVu Sans Mono',monospace;background:var(--card);color:var(--ink);border-radius:4px;padding:2px 5px;overflow-wrap:anywhere} pre{padding:10px;overflow-x:auto}
        summary{cursor:pointer;color:var(--soft);margin:8px 0}
        @media (max-width:520px){body{padding:18px 12px 40px} th,td{padding:4px 6px;font-size:13px} dl{grid-template-columns:1fr} dd{margin-bottom:6px}}
        @media print{body{max-width:none;padding:0} .control{display:none} .tile,figure,tr,svg{break-inside:avoid} .scroll,.matrix{overflow:visible;max-height:none}}
        """.ReplaceLineEndings("\n");
}
