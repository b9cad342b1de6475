using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using Proxyless.Files;
using Proxyless.Weights;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// A network's tensors and text metadata in the safetensors format (<see cref="SafeTensorsReader"/>), which PyTorch's
/// tools read as well. Files written here are float32 and carry a checksum (<see cref="SafeTensorsChecksum"/>), which
/// is verified if present.
/// </summary>
internal sealed class SafeTensorsFile
{
    private SafeTensorsFile(
        IReadOnlyDictionary<string, WeightTensor> tensors,
        IReadOnlyDictionary<string, string> metadata
    )
    {
        Tensors = tensors;
        Metadata = metadata;
    }

    /// <summary>Shape and values by name.</summary>
    public IReadOnlyDictionary<string, WeightTensor> Tensors { get; }

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
    /// <param name="previous">Where the old file at <paramref name="path"/> goes; null: it is deleted.</param>
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
            [SafeTensorsReader.MetadataName] = new JsonObject(
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
    /// The file is missing, cut short, damaged or not a safetensors file.
    /// </exception>
    public static SafeTensorsFile Read(string path)
    {
        (IReadOnlyDictionary<string, WeightTensor> tensors, _, IReadOnlyDictionary<string, string> metadata) =
            SafeTensorsReader.Read(path, isOwn: true);
        return new SafeTensorsFile(tensors, metadata);
    }

    /// <summary>Copies the tensors of the file into those of a network, by name.</summary>
    /// <param name="targets">The network's tensors.</param>
    /// <param name="path">The file's name for messages.</param>
    /// <param name="prefix">The prefix of the names in the file.</param>
    /// <exception cref="InvalidInputException">A tensor is missing or has another shape.</exception>
    public void CopyTo(IEnumerable<NetworkTensor> targets, string path, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(targets);
        foreach (NetworkTensor target in targets)
        {
            if (!Tensors.TryGetValue(prefix + target.Name, out WeightTensor? source))
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
