using System.Security.Cryptography;
using System.Text;

namespace Proxyless.Reports;

/// <summary>The script of a report: it shows the frames of films. A page without it lacks nothing but these.</summary>
internal static class ReportScript
{
    /// <summary>The text of the script, as it stands in a page.</summary>
    public static string Text { get; } =
        """
            for (const film of document.querySelectorAll('.film')) {
              const frames = film.dataset.frames.split(';').map(frame => frame.split(' ').map(Number));
              const numbers = film.dataset.numbers.split(' ');
              const cells = film.querySelectorAll('.heat-cell');
              const range = film.querySelector('input');
              const output = film.querySelector('output');
              const button = film.querySelector('button');
              let timer = 0;
              const show = () => {
                const frame = frames[range.value];
                output.textContent = numbers[range.value];
                cells.forEach((cell, i) => {
                  cell.setAttribute('fill-opacity', frame[i] / 1000);
                  const title = cell.firstElementChild;
                  title.textContent = title.textContent.replace(/[^ ]*$/, (frame[i] / 1000).toFixed(3));
                });
              };
              const stop = () => { clearInterval(timer); timer = 0; button.textContent = 'Play'; };
              range.addEventListener('input', () => { stop(); show(); });
              button.addEventListener('click', () => {
                if (timer) { stop(); return; }
                if (range.value === range.max) { range.value = 0; }
                button.textContent = 'Stop';
                show();
                timer = setInterval(() => {
                  if (range.value === range.max) { stop(); return; }
                  range.value = +range.value + 1;
                  show();
                }, 120);
              });
              film.querySelector('.control').hidden = false;
            }
            """.ReplaceLineEndings("\n");

    /// <summary>
    /// The policy of a page: its own style sheet, pictures within it, this script, and nothing from anywhere.
    /// </summary>
    public static string Policy { get; } =
        $"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {SourceOf(Text)}";

    /// <summary>The source of a script within a page, for a content security policy.</summary>
    /// <param name="script">The script, as it stands in the page.</param>
    public static string SourceOf(string script) =>
        $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)))}'";
}
