using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Proxyless.Files;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// Named float32 tensors and text metadata in the safetensors format (https://huggingface.co/docs/safetensors): eight
/// bytes of length, a JSON header, the values row-major and little-endian. Read by PyTorch's tools as well. Files
/// written here carry a checksum (<see cref="SafeTensorsChecksum"/>), which is checked if there is one.
/// </summary>
internal sealed class SafeTensorsFile
{
    private const int LargestHeader = 100_000_000;
    private const string MetadataName = "__metadata__";

    private SafeTensorsFile(
        IReadOnlyDictionary<string, (long[] Shape, float[] Values)> tensors,
        IReadOnlyDictionary<string, string> metadata
    )
    {
        Tensors = tensors;
        Metadata = metadata;
    }

    /// <summary>Shape and values by name.</summary>
    public IReadOnlyDictionary<string, (long[] Shape, float[] Values)> Tensors { get; }

    /// <summary>Free text by name.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Writes a file, replacing an old one in one step.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">Float32 tensors by name, of any layout and device.</param>
    /// <param name="metadata">Free text by name.</param>
    public static void Write(
        string path,
        IReadOnlyList<(string Name, Tensor Value)> tensors,
        IReadOnlyDictionary<string, string> metadata
    ) => Write(path, tensors, metadata, previous: null);

    /// <summary>Writes a file and keeps the one that it replaces.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">Float32 tensors by name, of any layout and device.</param>
    /// <param name="metadata">Free text by name.</param>
    /// <param name="previous">Where what stood in <paramref name="path"/> goes; null: it is dropped.</param>
    internal static void Write(
        string path,
        IReadOnlyList<(string Name, Tensor Value)> tensors,
        IReadOnlyDictionary<string, string> metadata,
        string? previous
    )
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(metadata);
        var header = new JsonObject
        {
            [MetadataName] = new JsonObject(
                metadata
                    .Append(SafeTensorsChecksum.Placeholder)
                    .Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))
            ),
        };
        long offset = 0;
        foreach ((string name, Tensor value) in tensors)
        {
            long bytes = value.numel() * sizeof(float);
            header[name] = new JsonObject
            {
                ["dtype"] = "F32",
                ["shape"] = new JsonArray([.. value.shape.Select(side => (JsonNode)side)]),
                ["data_offsets"] = new JsonArray(offset, offset + bytes),
            };
            offset += bytes;
        }

        byte[] text = JsonSerializer.SerializeToUtf8Bytes(header);
        AtomicFile.Write(
            path,
            stream =>
            {
                Span<byte> length = stackalloc byte[8];
                BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
                stream.Write(length);
                stream.Write(text);
                foreach ((_, Tensor value) in tensors)
                {
                    using Tensor detached = value.detach();
                    using Tensor local = detached.cpu();
                    using Tensor packed = local.contiguous();
                    stream.Write(packed.bytes);
                }

                SafeTensorsChecksum.Fill(stream, text);
            },
            previous
        );
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidInputException">
    /// The file is missing, cut short, damaged or no safetensors file of float32.
    /// </exception>
    public static SafeTensorsFile Read(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            Span<byte> length = stackalloc byte[8];
            stream.ReadExactly(length);
            long size = BinaryPrimitives.ReadInt64LittleEndian(length);
            if (size is < 2 or > LargestHeader || size > stream.Length - length.Length)
            {
                throw new InvalidInputException($"{path} is no safetensors file: its header would have {size} bytes")
                {
                    File = path,
                };
            }

            byte[] text = new byte[size];
            stream.ReadExactly(text);
            using var header = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            var tensors = new Dictionary<string, (long[], float[])>();
            Dictionary<string, string> metadata = header.RootElement.TryGetProperty(MetadataName, out JsonElement texts)
                ? texts
                    .EnumerateObject()
                    .ToDictionary(
                        pair => pair.Name,
                        pair => pair.Value.GetString() ?? throw new JsonException($"'{pair.Name}' is null")
                    )
                : [];
            if (
                metadata.Remove(SafeTensorsChecksum.Key, out string? checksum)
                && !SafeTensorsChecksum.IsRight(stream, text, checksum)
            )
            {
                throw new InvalidInputException($"{path} is damaged: its content does not match its checksum")
                {
                    File = path,
                };
            }

            long data = length.Length + size;
            long end = 0;
            IEnumerable<JsonProperty> entries = header
                .RootElement.EnumerateObject()
                .Where(entry => entry.Name != MetadataName);
            foreach (
                (JsonProperty entry, (long from, long to)) in entries
                    .Select(entry => (entry, OffsetsOf(entry.Value)))
                    .OrderBy(pair => pair.Item2)
            )
            {
                string name = entry.Name;
                if (entry.Value.GetProperty("dtype").GetString() is not "F32" and var type)
                {
                    throw new InvalidInputException($"{path}: tensor '{name}' is {type}; only F32 is read")
                    {
                        File = path,
                    };
                }

                // Memory is taken for what the file holds, never for what it tells.
                if (from != end || to < from || to > stream.Length - data || (to - from) % sizeof(float) != 0)
                {
                    throw new InvalidInputException(
                        $"{path}: tensor '{name}' would be bytes {from} to {to} of {stream.Length - data}, and the "
                            + $"one before it ends at {end}"
                    )
                    {
                        File = path,
                    };
                }

                long[] shape = [.. entry.Value.GetProperty("shape").EnumerateArray().Select(side => side.GetInt64())];
                long count = (to - from) / sizeof(float);
                if (
                    shape.Any(side => side < 0)
                    || count != shape.Aggregate(1L, (product, side) => checked(product * side))
                )
                {
                    throw new InvalidInputException(
                        $"{path}: tensor '{name}' has {count} values for the shape [{string.Join(", ", shape)}]"
                    )
                    {
                        File = path,
                    };
                }

                float[] values = new float[count];
                stream.Position = data + from;
                stream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
                tensors.Add(name, (shape, values));
                end = to;
            }

            return new SafeTensorsFile(tensors, metadata);
        }
        catch (Exception exception)
            when (exception
                    is EndOfStreamException
                        or JsonException
                        or InvalidOperationException
                        or KeyNotFoundException
                        or FormatException
                        or OverflowException
            )
        {
            throw new InvalidInputException(
                $"{path} is cut short or no safetensors file: {exception.Message}",
                exception
            )
            {
                File = path,
            };
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InvalidInputException($"{path} does not exist", exception) { File = path };
        }
    }

    private static (long From, long To) OffsetsOf(JsonElement entry) =>
        entry.GetProperty("data_offsets") is { ValueKind: JsonValueKind.Array } offsets && offsets.GetArrayLength() == 2
            ? (offsets[0].GetInt64(), offsets[1].GetInt64())
            : throw new JsonException("'data_offsets' are two numbers");

    /// <summary>Copies the tensors of the file into those of a network, by name.</summary>
    /// <param name="targets">The network's tensors.</param>
    /// <param name="path">The file's name for messages.</param>
    /// <param name="prefix">What stands before the names in the file.</param>
    /// <exception cref="InvalidInputException">A tensor is missing or of another shape.</exception>
    public void CopyTo(IEnumerable<NetworkTensor> targets, string path, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(targets);
        foreach (NetworkTensor target in targets)
        {
            if (!Tensors.TryGetValue(prefix + target.Name, out (long[] Shape, float[] Values) source))
            {
                throw new InvalidInputException(
                    $"{path} lacks the tensor '{prefix}{target.Name}': it belongs to another architecture, or to a "
                        + $"training with other options"
                )
                {
                    File = path,
                };
            }

            if (!source.Shape.SequenceEqual(target.Value.shape))
            {
                throw new InvalidInputException(
                    $"{path}: tensor '{target.Name}' is [{string.Join(", ", source.Shape)}], the network's is "
                        + $"[{string.Join(", ", target.Value.shape)}]"
                );
            }

            using Tensor values = tensor(source.Values, source.Shape);
            target.CopyFrom(values);
        }
    }
}
