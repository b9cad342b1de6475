using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Proxyless.Files;

namespace Proxyless.Architectures;

/// <summary>
/// An architecture as JSON. A block is one line of text, <c>mb5e3 s2 16x112x112 -> 32x56x56</c>: operation, stride,
/// shape in, shape out. The shapes follow from the widths and are there for the reader; they are checked on reading.
/// <see cref="Read"/> also takes the <c>net.config</c> of the ProxylessNAS authors
/// (<see cref="ArchitectureFileOfAuthors"/>), <see cref="WriteNetConfig"/> writes it.
/// </summary>
public static partial class ArchitectureFile
{
    private const string Format = "proxyless-architecture/1";
    private const string PaddingKey = "padding";
    private const string SamePadding = "same";
    private const string WithoutShortcut = " without shortcut";
    private static readonly string[] Keys =
    [
        "format",
        "name",
        "resolution",
        "channels",
        "classes",
        "activation",
        PaddingKey,
        "stem",
        "blocks",
        "head",
        "metadata",
    ];

    /// <summary>
    /// The metadata key of a search's score: top-1 of the network with the super-network's weights, on held-out images,
    /// before its training.
    /// </summary>
    public const string SupernetTop1Key = "supernet_top1";

    // The old name of that key, which is also the key of a trained network's own accuracy.
    private const string FormerSupernetTop1Key = "validation_top1";

    private static readonly JsonDocumentOptions Lenient = new()
    {
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
        CommentHandling = JsonCommentHandling.Skip,
    };

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Reads the architecture that a published name or a file stands for.</summary>
    /// <param name="nameOrFile">
    /// One of <see cref="PublishedArchitectures.Names"/>, a JSON file, or a folder that holds <c>architecture.json</c>.
    /// </param>
    /// <exception cref="InvalidInputException">It is not one of these, or the file cannot be used.</exception>
    public static Architecture Open(string nameOrFile)
    {
        ArgumentNullException.ThrowIfNull(nameOrFile);
        if (PublishedArchitectures.Names.Contains(nameOrFile))
        {
            return PublishedArchitectures.ByName(nameOrFile);
        }

        const string FileName = "architecture.json";
        string path = Directory.Exists(nameOrFile) ? Path.Combine(nameOrFile, FileName) : nameOrFile;
        if (path != nameOrFile && !File.Exists(path))
        {
            // A run for several limits has a folder for each.
            string[] within =
            [
                .. Directory
                    .EnumerateDirectories(nameOrFile)
                    .Where(folder => File.Exists(Path.Combine(folder, FileName)))
                    .Order(StringComparer.Ordinal),
            ];
            if (within.Length > 0)
            {
                throw new InvalidInputException(
                    $"'{nameOrFile}' has no {FileName} of its own, but folders in it have; name one of them: "
                        + string.Join(", ", within)
                );
            }

            if (File.Exists(Path.Combine(nameOrFile, WrittenFiles.RunConfig)))
            {
                throw new InvalidInputException(
                    $"'{nameOrFile}' has no {FileName}: its search is not finished, or the file was removed; continue "
                        + $"with RunOptions.Resume and RunOptions.Out = '{nameOrFile}', or restore the file"
                );
            }
        }

        return File.Exists(path)
            ? Read(path)
            : throw new InvalidInputException(
                $"architecture '{nameOrFile}': no such file and no such "
                    + $"name{NearestName.Suggestion(nameOrFile, PublishedArchitectures.Names)}; "
                    + $"give a JSON file, a run's folder or one of {string.Join(", ", PublishedArchitectures.Names)}"
            );
    }

    /// <summary>
    /// Reads an architecture in the product's own format or as the authors' <c>net.config</c>; the content decides
    /// which.
    /// </summary>
    /// <exception cref="InvalidInputException">
    /// The file is missing or wrong; the message says which entry and what is expected.
    /// </exception>
    public static Architecture Read(string path)
    {
        try
        {
            return Parse(TextFile.Read(path), path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            string reason = exception is FileNotFoundException ? "there is no such file" : exception.Message;
            throw new InvalidInputException($"{path} cannot be read: {reason}; restore it, or give another", exception)
            {
                File = path,
            };
        }
    }

    /// <summary>What batch norm adds to the variance, if a file states it, as the authors' files do.</summary>
    internal static double? EpsilonOf(string path)
    {
        using JsonDocument document = JsonDocument.Parse(TextFile.Read(path), Lenient);
        return
            document.RootElement.TryGetProperty("bn", out JsonElement norm)
            && norm is { ValueKind: JsonValueKind.Object }
            && norm.TryGetProperty("eps", out JsonElement epsilon)
            && epsilon is { ValueKind: JsonValueKind.Number }
            && epsilon.GetDouble() is var number and > 0 and < 1
            ? number
            : null;
    }

    /// <summary>Reads an architecture from JSON.</summary>
    /// <param name="json">The text, in either format.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <exception cref="InvalidInputException">
    /// The text is wrong; the message says which entry and what is expected.
    /// </exception>
    public static Architecture Parse(string json, string source)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, Lenient);
            var root = new JsonEntry(document.RootElement, source, "");
            return root.Has("first_conv") ? ArchitectureFileOfAuthors.FromJson(root) : FromJson(root);
        }
        catch (JsonException exception)
        {
            // What stands there twice has no line.
            string line = exception.LineNumber is { } number ? Invariant($", line {number + 1}") : "";
            throw new InvalidInputException($"{source}{line}: no valid JSON: {exception.Message}", exception)
            {
                File = source,
            };
        }
        catch (InvalidOperationException exception)
            when (exception.Source?.StartsWith("System.Text.Json", StringComparison.Ordinal) == true)
        {
            // A text is decoded only when it is requested.
            throw new InvalidInputException($"{source}: no valid JSON: {exception.Message}", exception)
            {
                File = source,
            };
        }
    }

    /// <summary>Writes an architecture in the format of <see cref="Read"/>.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, Architecture architecture) =>
        AtomicFile.WriteAllText(path, ToJson(architecture));

    /// <summary>Returns the JSON that <see cref="Parse"/> reads back as the same architecture.</summary>
    public static string ToJson(Architecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        using var stream = new MemoryStream();
        var entries = new Dictionary<string, object>
        {
            ["format"] = Format,
            ["name"] = architecture.Name,
            ["resolution"] = architecture.Resolution,
            ["channels"] = architecture.InputChannels,
            ["classes"] = architecture.Classes,
            ["activation"] = ActivationName.Of(architecture.Activation),
        };
        if (architecture.Padding == ConvolutionPadding.Same)
        {
            entries[PaddingKey] = SamePadding;
        }

        entries["stem"] = new Dictionary<string, int>
        {
            ["width"] = architecture.Stem.Width,
            ["stride"] = architecture.Stem.Stride,
        };
        entries["blocks"] = architecture.Blocks.Select(BlockText);
        entries["head"] = new Dictionary<string, int> { ["width"] = architecture.Head.Width };
        entries["metadata"] = architecture.Metadata;
        JsonSerializer.Serialize(stream, entries, Indented);
        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    /// <summary>
    /// Writes an architecture as the <c>net.config</c> of the ProxylessNAS authors, for training with their code;
    /// <see cref="Read"/> reads it back, with the file's name and without metadata.
    /// </summary>
    /// <exception cref="InvalidInputException">A block has no counterpart in that format.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void WriteNetConfig(string path, Architecture architecture) =>
        AtomicFile.WriteAllText(path, ToNetConfig(architecture));

    /// <summary>Returns the text of the authors' <c>net.config</c> for an architecture.</summary>
    /// <exception cref="InvalidInputException">A block has no counterpart in that format.</exception>
    public static string ToNetConfig(Architecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return ArchitectureFileOfAuthors.ToJson(architecture);
    }

    /// <summary>A block in one line: <c>mb5e3 s2 16x112x112 -> 32x56x56</c>.</summary>
    public static string BlockText(Block block)
    {
        ArgumentNullException.ThrowIfNull(block);
        int from = block.InputResolution;
        int to = block.OutputResolution;
        return $"{block.Operation} s{block.Stride} {block.InputWidth}x{from}x{from} -> {block.OutputWidth}x{to}x{to}"
            + (block.LacksShortcut ? WithoutShortcut : "");
    }

    private static Architecture FromJson(JsonEntry root)
    {
        root.AllowOnly(Keys);
        if (root["format"].Text() is not Format)
        {
            throw root["format"]
                .Error(
                    $"is '{root["format"].Text()}'; this version reads '{Format}' and the net.config of the "
                        + $"ProxylessNAS authors"
                );
        }

        JsonEntry stemEntry = root["stem"];
        stemEntry.AllowOnly("width", "stride");
        JsonEntry headEntry = root["head"];
        headEntry.AllowOnly("width");
        var stem = new Stem(
            root["channels"].Integer(1, 3),
            stemEntry["width"].Integer(1, 1 << 16),
            stemEntry["stride"].Integer(1, 2),
            root["resolution"].Integer(1, 1 << 14)
        );
        var blocks = new List<Block>();
        int width = stem.Width;
        int side = stem.OutputResolution;
        foreach (JsonEntry entry in root["blocks"].Items())
        {
            Block block = ReadBlock(entry, width, side);
            blocks.Add(block);
            (width, side) = (block.OutputWidth, block.OutputResolution);
        }

        return new Architecture(
            root["name"].Text(),
            stem,
            blocks,
            new Head(width, headEntry["width"].Integer(1, 1 << 16), root["classes"].Integer(1, 1 << 20), side),
            ActivationName.Read(root["activation"]),
            root.Has("metadata") ? ReadMetadata(root["metadata"]) : new Dictionary<string, string>()
        )
        {
            Padding = root.Has(PaddingKey) ? ReadPadding(root[PaddingKey]) : ConvolutionPadding.Centered,
        };
    }

    private static ConvolutionPadding ReadPadding(JsonEntry entry) =>
        entry.Text() is SamePadding
            ? ConvolutionPadding.Same
            : throw entry.Error($"is '{entry.Text()}'; allowed is '{SamePadding}', and without it zeros are centered");

    private static Dictionary<string, string> ReadMetadata(JsonEntry entry)
    {
        Dictionary<string, string> metadata = entry.Texts();
        if (metadata.Remove(FormerSupernetTop1Key, out string? score))
        {
            metadata.TryAdd(SupernetTop1Key, score);
        }

        return metadata;
    }

    /// <summary>Reads one line and checks its shapes against the input.</summary>
    private static Block ReadBlock(JsonEntry entry, int width, int side)
    {
        string text = entry.Text();
        Match match = BlockPattern().Match(text);
        if (!match.Success)
        {
            throw entry.Error(
                $"is '{text}'; expected operation, stride and shapes, such as 'mb5e3 s2 16x112x112 -> 32x56x56'"
            );
        }

        Block block;
        try
        {
            int stride = int.Parse(match.Groups["stride"].ValueSpan, CultureInfo.InvariantCulture);
            int output = int.Parse(match.Groups["output"].ValueSpan, CultureInfo.InvariantCulture);
            block = new Block(CandidateOperation.Parse(match.Groups["operation"].Value), width, output, stride, side)
            {
                LacksShortcut = match.Groups["alone"].Success,
            };
        }
        catch (FormatException exception)
        {
            throw entry.Error($"is '{text}': {exception.Message}");
        }

        if (BlockText(block) != text)
        {
            throw entry.Error($"is '{text}', but the input makes it '{BlockText(block)}'");
        }

        if (
            block
            is { LacksShortcut: true }
                and not { KeepsShape: true, Operation.Kind: OperationKind.InvertedResidual }
        )
        {
            throw entry.Error($"is '{text}', but only an inverted residual that keeps its shape can lack a shortcut");
        }

        return block is { KeepsShape: false, Operation.Kind: OperationKind.Zero }
            ? throw entry.Error($"is '{text}', but zero is allowed only where a block keeps its shape")
            : block;
    }

    [GeneratedRegex(
        "^(?<operation>[a-z0-9]+) s(?<stride>[12]) [0-9]+x[0-9]+x[0-9]+ -> (?<output>[1-9][0-9]{0,4})x[0-9]+x[0-9]+"
            + "(?<alone> without shortcut)?$",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex BlockPattern();
}
