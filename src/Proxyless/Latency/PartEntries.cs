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
                KeyOf(text)
                ?? throw new InvalidInputException(
                    $"{path}, line {key.Start.Line}: '{text}' is not a part known to this version; expected are Conv, "
                        + $"Conv_1, Logits and expanded_conv with their shapes"
                )
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
            entries[part] = new LatencyEntry(mean, spread);
        }

        return entries;
    }

    /// <summary>Our key of the part with the authors' key; null if it names no part.</summary>
    internal static string? KeyOf(string published)
    {
        if (Convolution().Match(published) is { Success: true } stem)
        {
            // Height and width come first there, channels come first here.
            int side = int.Parse(stem.Groups["side"].ValueSpan, CultureInfo.InvariantCulture);
            int stride = side / int.Parse(stem.Groups["out"].ValueSpan, CultureInfo.InvariantCulture);
            return $"stem {stem.Groups["channels"]}x{stem.Groups["side"]}x{stem.Groups["side"]} "
                + $"{stem.Groups["width"]} s{stride}";
        }

        if (LastConvolution().Match(published) is { Success: true } head)
        {
            return $"head {head.Groups["channels"]}x{head.Groups["side"]}x{head.Groups["side"]} {head.Groups["width"]}";
        }

        if (Logits().Match(published) is { Success: true } logits)
        {
            return $"classifier {logits.Groups["channels"]}x{logits.Groups["side"]}x{logits.Groups["side"]} "
                + $"{logits.Groups["classes"]}";
        }

        return ExpandedConvolution().Match(published) is { Success: true } block
            ? $"mb{block.Groups["kernel"]}e{block.Groups["expand"]} "
                + $"{block.Groups["channels"]}x{block.Groups["side"]}x{block.Groups["side"]} {block.Groups["width"]} "
                + $"s{block.Groups["stride"]}"
            : null;
    }

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

    [GeneratedRegex(
        "^Conv-input:(?<side>[1-9][0-9]{0,8})x[1-9][0-9]{0,8}x(?<channels>[1-9][0-9]{0,8})"
            + "-output:(?<out>[1-9][0-9]{0,8})x[1-9][0-9]{0,8}x(?<width>[1-9][0-9]{0,8})$",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant
    )]
    private static partial Regex Convolution();

    [GeneratedRegex(
        "^Conv_1-input:(?<side>[1-9][0-9]{0,8})x[1-9][0-9]{0,8}x(?<channels>[1-9][0-9]{0,8})"
            + "-output:[1-9][0-9]{0,8}x[1-9][0-9]{0,8}x(?<width>[1-9][0-9]{0,8})$",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant
    )]
    private static partial Regex LastConvolution();

    [GeneratedRegex(
        "^Logits-input:(?<side>[1-9][0-9]{0,8})x[1-9][0-9]{0,8}x(?<channels>[1-9][0-9]{0,8})"
            + "-output:(?<classes>[1-9][0-9]{0,8})$",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant
    )]
    private static partial Regex Logits();

    [GeneratedRegex(
        "^expanded_conv-input:(?<side>[1-9][0-9]{0,8})x[1-9][0-9]{0,8}x(?<channels>[1-9][0-9]{0,8})"
            + "-output:[1-9][0-9]{0,8}x[1-9][0-9]{0,8}x(?<width>[1-9][0-9]{0,8})"
            + "-expand:(?<expand>[1-9][0-9]{0,8})-kernel:(?<kernel>[1-9][0-9]{0,8})-stride:(?<stride>[1-9][0-9]{0,8})-idskip:[01]$",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant
    )]
    private static partial Regex ExpandedConvolution();
}
