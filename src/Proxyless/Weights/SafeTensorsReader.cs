using System.Buffers.Binary;
using System.Text.Json;

namespace Proxyless.Weights;

/// <summary>
/// Reads the safetensors format (https://huggingface.co/docs/safetensors): eight bytes of length, a JSON header with
/// names, types, shapes and text metadata, then the numbers, row-major and little-endian.
/// </summary>
internal static class SafeTensorsReader
{
    /// <summary>The entry of the header that holds free text.</summary>
    public const string MetadataName = "__metadata__";

    private const int LargestHeader = 100_000_000;

    /// <summary>
    /// Whether a file begins like one of this format: a length that a header may have, and the header's first letter.
    /// The bytes of the length may also be those that begin a pickle or an archive; the ninth byte never is.
    /// </summary>
    /// <param name="stream">The file; positioned at its beginning afterwards.</param>
    public static bool IsOne(Stream stream)
    {
        Span<byte> start = stackalloc byte[sizeof(long) + 1];
        stream.Position = 0;
        int read = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        return read == start.Length
            && BinaryPrimitives.ReadInt64LittleEndian(start) is >= 2 and <= LargestHeader
            && start[^1] == '{';
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isOwn">Whether this program wrote it, and not another one.</param>
    /// <returns>
    /// The tensors; of a file of others also the types of those that are not read; and the text metadata.
    /// </returns>
    /// <exception cref="InvalidInputException">
    /// The file is missing, may not be read, is cut short, damaged or not a safetensors file.
    /// </exception>
    public static (
        IReadOnlyDictionary<string, WeightTensor> Tensors,
        IReadOnlyDictionary<string, string> Unread,
        IReadOnlyDictionary<string, string> Metadata
    ) Read(string path, bool isOwn)
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
            var tensors = new Dictionary<string, WeightTensor>();
            var unread = new Dictionary<string, string>();
            Dictionary<string, string> metadata = header.RootElement.TryGetProperty(MetadataName, out JsonElement texts)
                ? texts
                    .EnumerateObject()
                    .ToDictionary(
                        pair => pair.Name,
                        pair => pair.Value.GetString() ?? throw new JsonException($"'{pair.Name}' is null")
                    )
                : [];
            if (!SafeTensorsChecksum.IsRight(stream, text, metadata, isOwn))
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
                    .Select(entry => (entry, OffsetsOf(entry)))
                    .OrderBy(pair => pair.Item2)
            )
            {
                string name = entry.Name;
                string? dtype = Field(entry, "dtype").GetString();
                NumberType? type = NumberType.All.FirstOrDefault(type => type.Name == dtype);
                if (type is null && isOwn)
                {
                    throw new InvalidInputException(
                        $"{path}: tensor '{name}' is {dtype}; read are {string.Join(", ", NumberType.All)}"
                    )
                    {
                        File = path,
                    };
                }

                // Memory is allocated for what the file holds, never for what it claims.
                if (from != end || to < from || to > stream.Length - data || (to - from) % (type?.Bytes ?? 1) != 0)
                {
                    throw new InvalidInputException(
                        $"{path}: tensor '{name}' would be bytes {from} to {to} of {stream.Length - data}, and the "
                            + $"one before it ends at {end}"
                    )
                    {
                        File = path,
                    };
                }

                end = to;
                if (type is null)
                {
                    unread.Add(name, dtype ?? "of no type");
                    continue;
                }

                JsonElement sides = Field(entry, "shape");
                if (sides.GetArrayLength() > TensorRecipe.MostSides)
                {
                    throw new FormatException($"tensor '{name}' has {sides.GetArrayLength()} sides");
                }

                long[] shape = [.. sides.EnumerateArray().Select(side => side.GetInt64())];
                long count = (to - from) / type.Bytes;
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

                if (to - from > Array.MaxLength)
                {
                    throw new InvalidInputException(
                        $"{path}: tensor '{name}' would have {to - from} bytes; at most {Array.MaxLength} are read"
                    )
                    {
                        File = path,
                    };
                }

                byte[] bytes = new byte[to - from];
                stream.Position = data + from;
                stream.ReadExactly(bytes);
                float[] values = new float[count];
                type.Convert(bytes, values);
                tensors.Add(name, new WeightTensor(shape, values));
            }

            // The format allows none: they are of another file.
            if (end != stream.Length - data)
            {
                throw new InvalidInputException(
                    $"{path} is damaged: {stream.Length - data - end} bytes follow its last tensor"
                )
                {
                    File = path,
                };
            }

            return (tensors, unread, metadata);
        }
        catch (Exception exception)
            when (exception
                    is EndOfStreamException
                        or JsonException
                        or InvalidOperationException
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
            throw new InvalidInputException($"{path} does not exist; restore it, or begin the run again", exception)
            {
                File = path,
            };
        }
        catch (UnauthorizedAccessException exception)
        {
            throw InvalidInputException.Unreadable(path, path, exception);
        }
    }

    private static JsonElement Field(JsonProperty entry, string name) =>
        entry.Value.ValueKind == JsonValueKind.Object && entry.Value.TryGetProperty(name, out JsonElement field)
            ? field
            : throw new JsonException($"'{entry.Name}' has no '{name}'");

    private static (long From, long To) OffsetsOf(JsonProperty entry)
    {
        // First of all that is read of an entry: messages from now on hold its name.
        TensorSet.RequireName(entry.Name);
        return
            Field(entry, "data_offsets") is { ValueKind: JsonValueKind.Array } offsets && offsets.GetArrayLength() == 2
            ? (offsets[0].GetInt64(), offsets[1].GetInt64())
            : throw new JsonException($"'data_offsets' of '{entry.Name}' are not two numbers");
    }
}
