using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Proxyless.Export.Onnx;

namespace Proxyless.Tests.Fuzz;

/// <summary>
/// Damages what is inside a container and mends the container around it: checksums, lengths, compression.
/// </summary>
internal static class ContainerMutator
{
    private const int PngSignature = 8;
    private const int PngFrame = 12;

    /// <summary>A PNG with a chunk changed, dropped, doubled or moved, and with the right checksums.</summary>
    public static byte[] ChangePng(Random random, byte[] png)
    {
        if (png.Length < PngSignature || Chunks(png) is not { Count: > 0 } chunks)
        {
            return Mutator.ChangeBytes(random, png, png);
        }

        int one = random.Next(chunks.Count);
        switch (random.Next(6))
        {
            case 0:
                chunks.RemoveAt(one);
                break;
            case 1:
                chunks.Insert(random.Next(chunks.Count), chunks[one]);
                break;
            case 2:
                int two = random.Next(chunks.Count);
                (chunks[one], chunks[two]) = (chunks[two], chunks[one]);
                break;
            case 3:
                // The header: sides, depth, colors.
                chunks[0] = (chunks[0].Type, ChangeNumbers(random, chunks[0].Data));
                break;
            default:
                chunks[one] = (
                    chunks[one].Type,
                    Mutator.ChangeBytes(random, chunks[one].Data, chunks[random.Next(chunks.Count)].Data)
                );
                break;
        }

        return Join(png[..PngSignature], chunks);
    }

    /// <summary>A PNG whose header tells of another size.</summary>
    public static byte[] WithSize(byte[] png, int width, int height)
    {
        List<(string Type, byte[] Data)> chunks = Chunks(png);
        byte[] header = [.. chunks[0].Data];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        chunks[0] = (chunks[0].Type, header);
        return Join(png[..PngSignature], chunks);
    }

    /// <summary>A gzip file whose content is changed.</summary>
    public static byte[] ChangeGZip(Random random, byte[] bytes)
    {
        byte[] content;
        try
        {
            using var inflated = new MemoryStream();
            using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
            gzip.CopyTo(inflated);
            content = inflated.ToArray();
        }
        catch (InvalidDataException)
        {
            return Mutator.ChangeBytes(random, bytes, bytes);
        }

        return Compressed(Mutator.ChangeBytes(random, content, content));
    }

    /// <summary>A gzip file.</summary>
    public static byte[] Compressed(byte[] content)
    {
        using var deflated = new MemoryStream();
        using (var gzip = new GZipStream(deflated, CompressionLevel.Optimal))
        {
            gzip.Write(content);
        }

        return deflated.ToArray();
    }

    /// <summary>
    /// A safetensors file whose header is changed, or text in its metadata, or the length of its header.
    /// </summary>
    public static byte[] ChangeSafeTensors(Random random, byte[] bytes)
    {
        if (
            bytes.Length < sizeof(long)
            || BinaryPrimitives.ReadInt64LittleEndian(bytes) is var length
                && (length < 2 || length > bytes.Length - sizeof(long))
        )
        {
            return Mutator.ChangeBytes(random, bytes, bytes);
        }

        string header = Encoding.UTF8.GetString(bytes, sizeof(long), (int)length);
        byte[] values = bytes[(sizeof(long) + (int)length)..];
        switch (random.Next(4))
        {
            case 0:
                byte[] number = new byte[sizeof(long)];
                Mutator.Number(random).CopyTo(number, 0);
                return [.. number, .. bytes[sizeof(long)..]];
            case 1:
                return SafeTensors(ChangeMetadata(random, header), values);
            default:
                return SafeTensors(TextMutator.Change(random, header, FuzzSyntax.Json), values);
        }
    }

    /// <summary>A safetensors file of a header and values.</summary>
    public static byte[] SafeTensors(string header, byte[] values)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        byte[] length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        return [.. length, .. text, .. values];
    }

    /// <summary>A model whose metadata, shapes, attributes or nodes are changed.</summary>
    public static byte[] ChangeOnnx(Random random, byte[] bytes)
    {
        ModelProto model;
        try
        {
            model = ModelProto.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            return Mutator.ChangeBytes(random, bytes, bytes);
        }

        if (
            model.Graph is not { Node.Count: > 0, Input.Count: > 0, Output.Count: > 0 } graph
            || model.MetadataProps.Count == 0
            || !graph.Initializer.Any(tensor => tensor.Dims.Count > 0)
        )
        {
            return Mutator.ChangeBytes(random, bytes, bytes);
        }

        switch (random.Next(8))
        {
            case 0:
                model.MetadataProps.RemoveAt(random.Next(model.MetadataProps.Count));
                break;
            case 1:
                ValueInfoProto side = random.Next(2) == 0 ? graph.Input[0] : graph.Output[0];
                ChangeShape(random, side.Type?.TensorType?.Shape);
                break;
            case 2:
                graph.Node.RemoveAt(random.Next(graph.Node.Count));
                break;
            case 3:
                TensorProto[] tensors = [.. graph.Initializer.Where(tensor => tensor.Dims.Count > 0)];
                TensorProto tensor = tensors[random.Next(tensors.Length)];
                tensor.Dims[random.Next(tensor.Dims.Count)] = random.Next(-2, 40);
                break;
            case 4:
                (random.Next(2) == 0 ? graph.Input : graph.Output).Add(graph.Input[0].Clone());
                break;
            default:
                StringStringEntryProto entry = model.MetadataProps[random.Next(model.MetadataProps.Count)];
                entry.Value = TextMutator.Change(random, entry.Value, FuzzSyntax.Json);
                break;
        }

        return model.ToByteArray();
    }

    private static void ChangeShape(Random random, TensorShapeProto? shape)
    {
        if (shape is null || shape.Dim.Count == 0)
        {
            return;
        }

        int one = random.Next(shape.Dim.Count);
        if (random.Next(2) == 0)
        {
            shape.Dim.RemoveAt(one);
        }
        else
        {
            shape.Dim[one] = new TensorShapeProto.Types.Dimension { DimValue = random.Next(-2, 40) };
        }
    }

    private static string ChangeMetadata(Random random, string header)
    {
        try
        {
            JsonObject root = JsonNode.Parse(header)!.AsObject();
            if (root["__metadata__"] is not JsonObject { Count: > 0 } metadata)
            {
                return header;
            }

            string key = metadata.ElementAt(random.Next(metadata.Count)).Key;
            metadata[key] = TextMutator.Change(random, (string)metadata[key]!, FuzzSyntax.Json);
            return root.ToJsonString();
        }
        catch (Exception exception)
            when (exception
                    is System.Text.Json.JsonException
                        or InvalidOperationException
                        or ArgumentException
                        or NullReferenceException
            )
        {
            return header;
        }
    }

    private static byte[] ChangeNumbers(Random random, byte[] data)
    {
        byte[] changed = [.. data];
        byte[] number = Mutator.Number(random);
        if (changed.Length > 0)
        {
            int at = random.Next(changed.Length);
            number.AsSpan(0, Math.Min(number.Length, changed.Length - at)).CopyTo(changed.AsSpan(at));
        }

        return changed;
    }

    private static List<(string Type, byte[] Data)> Chunks(byte[] png)
    {
        var chunks = new List<(string, byte[])>();
        for (int at = PngSignature; at + PngFrame <= png.Length; )
        {
            long length = BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(at));
            if (at + PngFrame + length > png.Length)
            {
                break;
            }

            chunks.Add((Encoding.Latin1.GetString(png, at + 4, 4), png.AsSpan(at + 8, (int)length).ToArray()));
            at += PngFrame + (int)length;
        }

        return chunks;
    }

    private static byte[] Join(byte[] signature, IEnumerable<(string Type, byte[] Data)> chunks)
    {
        var file = new List<byte>(signature);
        foreach ((string type, byte[] data) in chunks)
        {
            byte[] frame = new byte[PngFrame + data.Length];
            BinaryPrimitives.WriteInt32BigEndian(frame, data.Length);
            Encoding.Latin1.GetBytes(type).CopyTo(frame, 4);
            data.CopyTo(frame, 8);
            BinaryPrimitives.WriteUInt32BigEndian(
                frame.AsSpan(8 + data.Length),
                Crc32Of(frame.AsSpan(4, 4 + data.Length))
            );
            file.AddRange(frame);
        }

        return [.. file];
    }

    /// <summary>The checksum of a PNG's chunk (RFC 2083, section 15).</summary>
    private static uint Crc32Of(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            }
        }

        return ~crc;
    }
}
