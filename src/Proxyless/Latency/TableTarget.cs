using System.Globalization;
using System.Security.Cryptography;
using Proxyless.Architectures;

namespace Proxyless.Latency;

/// <summary>
/// A machine that is not available, known by a file of latencies: our own <c>latency.json</c>, a CSV, or the YAML that
/// the ProxylessNAS authors published (<see cref="PartEntries"/>). Latencies of networks are sums, never measured.
/// </summary>
internal sealed class TableTarget : ITarget
{
    private static readonly LatencyReference NoReference = new([], 0);

    private readonly string _file;
    private readonly LatencyTable _content;

    /// <summary>Reads the table.</summary>
    /// <param name="name">The text that names the target, as <see cref="TargetFile.Open"/> takes it.</param>
    /// <param name="file">A file that ends in <c>.json</c>, <c>.csv</c>, <c>.yaml</c> or <c>.yml</c>.</param>
    /// <param name="batch">Images per measured run.</param>
    /// <exception cref="InvalidInputException">The file is missing, of another kind or wrong.</exception>
    public TableTarget(string name, string file, int batch)
    {
        ArgumentNullException.ThrowIfNull(file);
        Name = name;
        Batch = batch;
        _file = file;
        _content = Read(file);
        string content = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)))[..12];
        Id = $"table {Path.GetFileName(file)} ({content}), batch {batch}";
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public string Id { get; }

    /// <inheritdoc/>
    public int Batch { get; }

    /// <summary>The table's file.</summary>
    public string Source => _file;

    /// <summary>The parts that the table knows.</summary>
    public IReadOnlyCollection<string> Parts => [.. _content.Entries.Keys];

    /// <summary>Returns the table of a space: the entries of its parts.</summary>
    /// <param name="space">The space, at the resolution of its use.</param>
    /// <param name="classes">Number of outputs of the classifier.</param>
    /// <param name="observer">Is told what is scaled from another number of classes, and what is not counted.</param>
    /// <exception cref="InvalidInputException">The table lacks a part of the space, which is named.</exception>
    public LatencyTable TableOf(SearchSpace space, int classes, IRunObserver observer)
    {
        ArgumentNullException.ThrowIfNull(space);
        ArgumentNullException.ThrowIfNull(observer);
        TellOfVanished(space.Blocks().SelectMany(block => block.Candidates), observer);
        return TableOf(space.Name, SpaceParts.Keys(space, classes), observer);
    }

    /// <summary>Returns the latency of a network: the sum of the table's entries.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="observer">Is told what is scaled from another number of classes, and what is not counted.</param>
    /// <exception cref="InvalidInputException">The table lacks a part of the network, which is named.</exception>
    public double Predict(Architecture architecture, IRunObserver observer)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        ArgumentNullException.ThrowIfNull(observer);
        TellOfVanished(architecture.Blocks, observer);
        string[] keys =
        [
            architecture.Stem.Key,
            .. architecture.Blocks.Where(block => !block.IsPassThrough).Select(block => block.Key),
            architecture.Head.ConvolutionKey,
            architecture.Head.ClassifierKey,
        ];
        return TableOf(architecture.Name, keys.Distinct(), observer).Predict(architecture);
    }

    /// <summary>Does nothing: no resources are held.</summary>
    public void Dispose() { }

    /// <inheritdoc cref="Dispose"/>
    public ValueTask DisposeAsync() => default;

    private LatencyTable TableOf(string space, IEnumerable<string> keys, IRunObserver observer) =>
        _content with
        {
            Space = space,
            Target = Name,
            TargetId = Id,
            Entries = keys.ToDictionary(
                key => key,
                key => _content.Entries.GetValueOrDefault(key) ?? Scaled(key, observer)
            ),

            // It was measured on another machine.
            Reference = NoReference,
        };

    /// <summary>Tells of times for blocks that compute nothing: they are not counted.</summary>
    private void TellOfVanished(IEnumerable<Block> blocks, IRunObserver observer)
    {
        int vanished = blocks
            .Where(block => block.IsPassThrough)
            .Select(block => block.Key)
            .Distinct()
            .Count(key => _content.Entries.GetValueOrDefault(key) is { Milliseconds: > 0 });
        if (vanished > 0)
        {
            observer.Message(
                $"latency table {_file}: parts of it that are blocks that vanish: {vanished}; they count 0"
            );
        }
    }

    /// <summary>
    /// The time of a classifier with another number of classes, the nearest in proportion; its multiply-adds are
    /// proportional to them.
    /// </summary>
    private LatencyEntry Scaled(string key, IRunObserver observer)
    {
        (string shape, int classes) = Split(key);
        string? nearest = key.StartsWith("classifier ", StringComparison.Ordinal)
            ? _content
                .Entries.Keys.Where(other => Split(other) is (var otherShape, > 0) && otherShape == shape)
                .MinBy(other => Math.Abs(Math.Log((double)classes / Split(other).Number)))
            : null;
        if (nearest is not null)
        {
            int known = Split(nearest).Number;
            observer.Message(
                $"latency table {_file}: '{key}' is not in it; its time is that of '{nearest}', scaled from {known} "
                    + $"classes to {classes}"
            );
            LatencyEntry entry = _content.Entries[nearest];
            return entry with { Milliseconds = entry.Milliseconds * classes / known };
        }

        throw new InvalidInputException(
            $"latency table {_file} has no '{key}', nor anything it could be scaled from; use a space and a "
                + $"resolution that the table was made for (it has {_content.Entries.Count} parts, "
                + $"'{_content.Entries.Keys.First()}' among them)"
        );
    }

    private static (string Shape, int Number) Split(string key)
    {
        int space = key.LastIndexOf(' ');
        return int.TryParse(key.AsSpan(space + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? (key[..Math.Max(space, 0)], number)
            : (key, 1);
    }

    /// <summary>The file as a table; one of our own keeps its date, its mode and its calibration.</summary>
    private static LatencyTable Read(string file)
    {
        if (!File.Exists(file))
        {
            throw new InvalidInputException($"latency table '{file}' does not exist") { File = file };
        }

        LatencyTable table = Path.GetExtension(file).ToLowerInvariant() switch
        {
            ".json" => LatencyTableFile.Read(file),
            ".csv" => OfOthers(file, PartEntries.ReadCsv(file)),
            ".yaml" or ".yml" => OfOthers(file, PartEntries.ReadPublished(file)),
            string other => throw new InvalidInputException(
                $"latency table '{file}' ends in '{other}'; known are .json (LatencyTableFile.Write), .csv "
                    + $"('part,milliseconds') and .yaml (the ProxylessNAS authors')"
            ),
        };
        return table.Entries.Count > 0
            ? table
            : throw new InvalidInputException($"latency table '{file}' has no parts") { File = file };
    }

    private static LatencyTable OfOthers(string file, IReadOnlyDictionary<string, LatencyEntry> entries) =>
        new()
        {
            Space = "",
            Target = "",
            TargetId = "",
            Mode = ProfileMode.Thorough,
            Created = File.GetLastWriteTimeUtc(file),
            Entries = entries,
            Calibration = new LatencyCalibration(Scale: 1, Offset: 0, Networks: 0, MeanAbsoluteError: 0, KendallTau: 0),
            Reference = NoReference,
        };
}
