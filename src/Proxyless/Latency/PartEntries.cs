using System.Globalization;
using System.Text.RegularExpressions;
using Proxyless.Files;
using YamlDotNet.RepresentationModel;

namespace Proxyless.Latency;

/// <summary>
/// Reads measurements by others: latencies of parts of networks by their keys (<see cref="Architectures.Block.Key"/>
/// and the like), from a CSV file or from the YAML that the ProxylessNAS authors published for a Google Pixel 1.
/// </summary>
internal static partial class PartEntries
{
    private const string Header = "part,milliseconds";
    private const string NotSquare = "is not square, as all images are here";

    private const string Number = "[1-9][0-9]{0,8}";
    private const string Input = $"-input:(?<rows>{Number})x(?<columns>{Number})x(?<channels>{Number})";
    private const string Output = $"-output:(?<outRows>{Number})x(?<outColumns>{Number})x(?<width>{Number})";

    /// <summary>
    /// Reads a CSV file: <c>part,milliseconds</c> in its first line, then one part per line, such as <c>mb3e6 24x56x56
    /// 40 s2,1.25</c>. Keys hold no commas and nothing is quoted.
    /// </summary>
    /// <exception cref="InvalidInputException">
    /// The file cannot be read; the message says which line and what is expected.
    /// </exception>
    public static IReadOnlyDictionary<string, LatencyEntry> ReadCsv(string path)
    {
        string[] lines = Read(path).Split('\n');
        if (lines[0].Trim() != Header)
        {
            throw new InvalidInputException(
                $"{path}, line 1: is '{lines[0].Trim()}'; a table of parts begins with '{Header}'"
            )
            {
                File = path,
            };
        }

        var entries = new Dictionary<string, LatencyEntry>();
        for (int i = 1; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
            if (line.Length == 0)
            {
                continue;
            }

            string[] cells = line.Split(',');
            if (cells.Length != 2 || !IsTime(cells[1], out double milliseconds))
            {
                throw new InvalidInputException(
                    $"{path}, line {i + 1}: is '{line}'; expected a part and its milliseconds, such as 'mb3e6 "
                        + $"24x56x56 40 s2,1.25'"
                )
                {
                    File = path,
                };
            }

            if (!entries.TryAdd(cells[0].Trim(), new LatencyEntry(milliseconds, 0)))
            {
                throw new InvalidInputException($"{path}, line {i + 1}: '{cells[0].Trim()}' stands there twice")
                {
                    File = path,
                };
            }
        }

        return entries;
    }

    /// <summary>
    /// Reads the authors' YAML: for each part a key such as
    /// <c>expanded_conv-input:56x56x24-output:28x28x40-expand:6-kernel:3-stride:2-idskip:0</c> and under it <c>mean</c>
    /// in milliseconds; <c>var</c>, the variance, if present, gives the spread.
    /// </summary>
    /// <exception cref="InvalidInputException">
    /// The file cannot be read; the message says which line and what is expected.
    /// </exception>
    public static IReadOnlyDictionary<string, LatencyEntry> ReadPublished(string path)
    {
        YamlStream stream = YamlText.Load(Read(path), path);
        if (stream.Documents is not [{ RootNode: YamlMappingNode root }])
        {
            throw new InvalidInputException(
                $"{path}: is not a published latency table: expected are parts, each with 'mean'"
            )
            {
                File = path,
            };
        }

        var entries = new Dictionary<string, LatencyEntry>();
        foreach ((YamlNode key, YamlNode value) in root.Children)
        {
            string text = (key as YamlScalarNode)?.Value ?? "";
            string part =
                KeyOf(text, out string complaint)
                ?? throw new InvalidInputException($"{path}, line {key.Start.Line}: '{text}' {complaint}")
                {
                    File = path,
                };
            if (value is not YamlMappingNode fields || !IsTime(Field(fields, "mean"), out double mean))
            {
                throw new InvalidInputException(
                    $"{path}, line {value.Start.Line}: '{text}' needs 'mean', its milliseconds"
                )
                {
                    File = path,
                };
            }

            double spread =
                IsTime(Field(fields, "var"), out double variance) && mean > 0 ? Math.Sqrt(variance) / mean : 0;
            if (!entries.TryAdd(part, new LatencyEntry(mean, spread)))
            {
                throw new InvalidInputException($"{path}, line {key.Start.Line}: '{text}' stands there twice")
                {
                    File = path,
                };
            }
        }

        return entries;
    }

    /// <summary>Our key of the part with the authors' key; null if it is none of ours.</summary>
    /// <param name="published">The authors' key.</param>
    /// <param name="complaint">Why it is none, behind the key; empty if it is one.</param>
    internal static string? KeyOf(string published, out string complaint)
    {
        complaint = "";
        if (Convolution().Match(published) is { Success: true } stem)
        {
            int side = NumberOf(stem, "rows");
            int outSide = NumberOf(stem, "outRows");
            int stride = (side + outSide - 1) / outSide;
            complaint = ComplaintOf(stem, stride);
            return complaint.Length > 0
                ? null
                : $"stem {stem.Groups["channels"]}x{side}x{side} {stem.Groups["width"]} s{stride}";
        }

        if (LastConvolution().Match(published) is { Success: true } head)
        {
            complaint = ComplaintOf(head, stride: 1);
            return complaint.Length > 0 ? null : $"head {ShapeOf(head)} {head.Groups["width"]}";
        }

        if (Logits().Match(published) is { Success: true } logits)
        {
            complaint = logits.Groups["rows"].Value == logits.Groups["columns"].Value ? "" : NotSquare;
            return complaint.Length > 0 ? null : $"classifier {ShapeOf(logits)} {logits.Groups["classes"]}";
        }

        if (ExpandedConvolution().Match(published) is { Success: true } block)
        {
            int stride = NumberOf(block, "stride");
            bool keepsShape = stride == 1 && block.Groups["channels"].Value == block.Groups["width"].Value;
            bool hasShortcut = block.Groups["idskip"].Value == "1";
            complaint =
                ComplaintOf(block, stride) is { Length: > 0 } wrong ? wrong
                : hasShortcut && !keepsShape ? "adds its input to an output of another shape (idskip:1)"
                : "";

            // What is added to the output takes time: a block that goes without is another part.
            return complaint.Length > 0
                ? null
                : $"mb{block.Groups["kernel"]}e{block.Groups["expand"]} {ShapeOf(block)} {block.Groups["width"]} "
                    + $"s{stride}{(keepsShape && !hasShortcut ? " alone" : "")}";
        }

        complaint =
            "is not a part known to this version; expected are Conv, Conv_1, Logits and expanded_conv with their "
            + "shapes";
        return null;
    }

    /// <summary>Why a convolution's shapes are none of ours; empty if they are.</summary>
    private static string ComplaintOf(Match convolution, int stride)
    {
        int side = NumberOf(convolution, "rows");
        int outSide = NumberOf(convolution, "outRows");
        return side != NumberOf(convolution, "columns") || outSide != NumberOf(convolution, "outColumns") ? NotSquare
            : stride is not (1 or 2) ? Invariant($"makes {outSide} rows of {side}; a stride is 1 or 2")
            : outSide != (side + stride - 1) / stride
                ? Invariant($"makes {outSide} rows of {side}, which a stride of {stride} does not")
            : "";
    }

    /// <summary>The input's shape: height and width come first there, channels come first here.</summary>
    private static string ShapeOf(Match part) =>
        $"{part.Groups["channels"]}x{part.Groups["rows"]}x{part.Groups["columns"]}";

    private static int NumberOf(Match part, string group) =>
        int.Parse(part.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    private static string Read(string path)
    {
        try
        {
            return TextFile.Read(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path}: cannot be read ({exception.Message})", exception) { File = path };
        }
    }

    private static string Field(YamlMappingNode fields, string name) =>
        fields.Children.TryGetValue(name, out YamlNode? value) && value is YamlScalarNode { Value: { } text }
            ? text
            : "";

    private static bool IsTime(string text, out double milliseconds) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out milliseconds)
        && double.IsFinite(milliseconds)
        && milliseconds >= 0;

    [GeneratedRegex($"^Conv{Input}{Output}$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Convolution();

    [GeneratedRegex($"^Conv_1{Input}{Output}$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex LastConvolution();

    [GeneratedRegex(
        $"^Logits{Input}-output:(?<classes>{Number})$",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant
    )]
    private static partial Regex Logits();

    [GeneratedRegex(
        $"^expanded_conv{Input}{Output}-expand:(?<expand>{Number})-kernel:(?<kernel>{Number})"
            + $"-stride:(?<stride>{Number})-idskip:(?<idskip>[01])$",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant
    )]
    private static partial Regex ExpandedConvolution();
}
