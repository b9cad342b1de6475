using System.Globalization;
using System.Security;
using System.Text;
using Proxyless.Files;

namespace Proxyless.Architectures;

/// <summary>
/// An architecture as a figure like figure 4 of the ProxylessNAS paper: one box per block from left to right. Its
/// height is the kernel, its color the expansion, its width the output channels; bands behind the boxes show the
/// resolution, and a block that computes nothing is a dashed outline. The figure follows the reader's light or dark
/// theme, inline or as a separate image.
/// </summary>
public static class ArchitecturePicture
{
    private const double Left = 16;
    private const double Gap = 8;
    private const double Top = 70;
    private const double BoxesHeight = 150;
    private const double Axis = Top + (BoxesHeight / 2);
    private const double Bottom = Top + BoxesHeight;
    private const double Height = Bottom + 62;

    private static readonly string Style = """
        <style>
        .arch{--ink:#1f2328;--soft:#59636e;--band:#f3f5f8;--line:#8c959f;--fixed:#c9d1d9;--e1:#dbe4f0;--e3:#9ec5f4;--e6:#3f7fcb;--e6ink:#ffffff}
        @media (prefers-color-scheme:dark){.arch{--ink:#e6edf3;--soft:#9198a1;--band:#171d26;--line:#6e7681;--fixed:#3d444d;--e1:#2b3646;--e3:#2f5d94;--e6:#78b0f5;--e6ink:#0d1117}}
        .arch text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:var(--ink);font-size:11px}
        .arch .soft{fill:var(--soft)} .arch .name{font-size:15px;font-weight:600} .arch .band{fill:var(--band)}
        .arch .fixed{fill:var(--fixed)} .arch .e1{fill:var(--e1)} .arch .e3{fill:var(--e3)} .arch .e6{fill:var(--e6)} .arch .on-e6{fill:var(--e6ink)}
        .arch .ghost{fill:none;stroke:var(--line);stroke-dasharray:3 3} .arch .line{stroke:var(--line);stroke-width:1.5;fill:none}
        </style>
        """.ReplaceLineEndings("\n");

    /// <summary>Returns the figure as one SVG element, for a file of its own or for use within a page.</summary>
    public static string Svg(Architecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        List<Box> boxes = Boxes(architecture);
        double width = Math.Max(boxes.Sum(box => box.Width + Gap) - Gap + (2 * Left), 560);
        ArchitectureCost cost = ArchitectureCost.Of(architecture);
        string caption =
            Invariant($"{cost.Parameters / 1e6:0.00} M parameters, {cost.MultiplyAdds / 1e6:0.#} M multiply-adds, ")
            + $"{architecture.Resolution}x{architecture.Resolution} input, {architecture.Classes} classes";

        // XML has no control characters, and other programs write the files of networks too.
        string name = SecurityElement.Escape(ControlCharacters.Visible(architecture.Name));
        var svg = new StringBuilder();
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"arch\" viewBox=\"0 0 {width:0.#} {Height:0.#}\" "
        );
        svg.Append(CultureInfo.InvariantCulture, $"width=\"{width:0.#}\" height=\"{Height:0.#}\" role=\"img\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<title>{name}: {caption}</title>\n{Style}\n");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"name\" x=\"{Left}\" y=\"22\">{name}</text>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"soft\" x=\"{Left}\" y=\"39\">{caption}</text>\n");
        DrawBands(svg, boxes);
        DrawBoxes(svg, boxes);
        DrawLegend(svg, architecture);
        svg.Append("</svg>\n");
        return svg.ToString();
    }

    private static List<Box> Boxes(Architecture architecture)
    {
        Stem stem = architecture.Stem;
        Head head = architecture.Head;
        return
        [
            new("stem 3x3", "fixed", KernelHeight(3), stem.Width, stem.OutputResolution),
            .. architecture.Blocks.Select(OfBlock),
            new("head 1x1", "fixed", KernelHeight(1), head.Width, head.InputResolution),
            new("pool, linear", "fixed", KernelHeight(3), head.Classes, 1),
        ];
    }

    private static Box OfBlock(Block block) =>
        block.Operation switch
        {
            _ when block.IsPassThrough => new(
                block.Operation.ToString(),
                "ghost",
                KernelHeight(3),
                block.OutputWidth,
                block.OutputResolution
            ),
            { Kind: OperationKind.InvertedResidual, Kernel: var kernel, Expansion: var expansion } => new(
                $"MB{expansion} {kernel}x{kernel}",
                expansion switch
                {
                    1 => "e1",
                    <= 4 => "e3",
                    _ => "e6",
                },
                KernelHeight(kernel),
                block.OutputWidth,
                block.OutputResolution
            ),
            _ => new("1x1", "e1", KernelHeight(1), block.OutputWidth, block.OutputResolution),
        };

    /// <summary>Draws a band with its label for each run of boxes of one resolution.</summary>
    private static void DrawBands(StringBuilder svg, List<Box> boxes)
    {
        double x = Left;
        for (int first = 0; first < boxes.Count; )
        {
            int side = boxes[first].Resolution;
            double width = 0;
            for (; first < boxes.Count && boxes[first].Resolution == side; first++)
            {
                width += boxes[first].Width + Gap;
            }

            // A narrow band has no room for both sides.
            string label = width > 60 ? $"{side}x{side}" : $"{side}";
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<rect class=\"band\" x=\"{x - (Gap / 2) + 1:0.#}\" y=\"{Top - 20}\" width=\"{width - 2:0.#}\" "
                    + $"height=\"{BoxesHeight + 40}\" rx=\"6\"/>"
            );
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text class=\"soft\" text-anchor=\"middle\" x=\"{x + ((width - Gap) / 2):0.#}\" "
                    + $"y=\"{Top - 6}\">{label}</text>\n"
            );
            x += width;
        }
    }

    private static void DrawBoxes(StringBuilder svg, List<Box> boxes)
    {
        double end = Left + boxes.Sum(box => box.Width + Gap) - Gap;
        svg.Append(CultureInfo.InvariantCulture, $"<path class=\"line\" d=\"M{Left} {Axis}H{end:0.#}\"/>\n");
        double x = Left;
        foreach (Box box in boxes)
        {
            double middle = x + (box.Width / 2);
            string ink = box.Style switch
            {
                "e6" => "on-e6",
                "ghost" => "soft",
                _ => "",
            };
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<rect class=\"{box.Style}\" x=\"{x:0.#}\" y=\"{Axis - (box.Height / 2):0.#}\" "
                    + $"width=\"{box.Width:0.#}\" height=\"{box.Height:0.#}\" rx=\"4\"/>"
            );
            if (box.Style != "ghost")
            {
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"<text class=\"{ink}\" text-anchor=\"middle\" transform=\"translate({middle + 4:0.#} {Axis}) "
                        + $"rotate(-90)\">{box.Label}</text>"
                );
            }

            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text class=\"soft\" text-anchor=\"middle\" x=\"{middle:0.#}\" "
                    + $"y=\"{Bottom + 13}\">{box.Channels}</text>\n"
            );
            x += box.Width + Gap;
        }
    }

    private static void DrawLegend(StringBuilder svg, Architecture architecture)
    {
        double y = Bottom + 46;
        double x = Left;
        foreach (
            int expansion in architecture
                .Blocks.Where(block => !block.IsPassThrough)
                .Select(block => block.Operation.Expansion)
                .Distinct()
                .Order()
        )
        {
            if (expansion > 0)
            {
                string style = expansion switch
                {
                    1 => "e1",
                    <= 4 => "e3",
                    _ => "e6",
                };
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"<rect class=\"{style}\" x=\"{x}\" y=\"{y - 10}\" width=\"12\" height=\"12\" rx=\"2\"/>"
                );
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"<text class=\"soft\" x=\"{x + 17}\" y=\"{y}\">expansion {expansion}</text>"
                );
                x += 95;
            }
        }

        if (architecture.Blocks.Any(block => block.IsPassThrough))
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<rect class=\"ghost\" x=\"{x}\" y=\"{y - 10}\" width=\"12\" height=\"12\" rx=\"2\"/>"
            );
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"soft\" x=\"{x + 17}\" y=\"{y}\">vanished</text>");
            x += 78;
        }

        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text class=\"soft\" x=\"{x}\" y=\"{y}\">height: kernel; below: channels</text>\n"
        );
    }

    private static double KernelHeight(int kernel) => 54 + (13 * Math.Min(kernel, 7));

    /// <summary>One rectangle of the figure.</summary>
    /// <param name="Label">What the block computes.</param>
    /// <param name="Style">Its class in the style sheet.</param>
    /// <param name="Height">In pixels.</param>
    /// <param name="Channels">Output channels.</param>
    /// <param name="Resolution">Side of the output in pixels.</param>
    private sealed record Box(string Label, string Style, double Height, int Channels, int Resolution)
    {
        /// <summary>Grows with the square root of the channels, so that 16 and 1280 both fit a figure.</summary>
        public double Width => 22 + (0.45 * Math.Sqrt(Math.Min(Channels, 2048)));
    }
}
