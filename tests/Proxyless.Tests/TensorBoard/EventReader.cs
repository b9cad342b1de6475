using System.Buffers.Binary;
using System.Text;

namespace Proxyless.Tests.TensorBoard;

/// <summary>A value of an event file.</summary>
/// <param name="Step">The step.</param>
/// <param name="Tag">The tag.</param>
/// <param name="Number">The value of a scalar.</param>
/// <param name="Image">The file of a picture, with its height and width.</param>
/// <param name="Description">What is said about it.</param>
internal sealed record EventValue(
    long Step,
    string Tag,
    float? Number,
    (byte[] File, long Height, long Width)? Image,
    string Description
);

/// <summary>
/// Reads event files by the published formats (TFRecord, protobuf's wire format), bit by bit: it shares no code with
/// the writer.
/// </summary>
internal static class EventReader
{
    /// <summary>Reads a file; throws where a checksum or a length is wrong.</summary>
    /// <returns>The version that its first record states, and its values.</returns>
    public static (string Version, List<EventValue> Values) Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        string version = "";
        var values = new List<EventValue>();
        for (int at = 0; at < file.Length; )
        {
            int length = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at)));
            Require(file.AsSpan(at, 8), file.AsSpan(at + 8, 4));
            ReadOnlySpan<byte> data = file.AsSpan(at + 12, length);
            Require(data, file.AsSpan(at + 12 + length, 4));
            at += 12 + length + 4;
            List<Field> fields = FieldsOf(data);
            long step = (long)fields.Where(field => field.Number == 2).Select(field => field.Varint).LastOrDefault();
            version = fields
                .Where(field => field.Number == 3)
                .Select(field => Text(field.Bytes))
                .LastOrDefault(version);
            foreach (Field summary in fields.Where(field => field.Number == 5))
            {
                values.AddRange(
                    FieldsOf(summary.Bytes)
                        .Where(field => field.Number == 1)
                        .Select(value => ValueOf(step, value.Bytes))
                );
            }
        }

        return (version, values);
    }

    /// <summary>CRC-32C, one bit at a time, rotated and offset.</summary>
    public static uint MaskedChecksum(ReadOnlySpan<byte> data)
    {
        uint crc = 0xffffffff;
        foreach (byte letter in data)
        {
            crc ^= letter;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) == 1 ? 0x82f63b78 : 0);
            }
        }

        crc = ~crc;
        return unchecked(((crc >> 15) | (crc << 17)) + 0xa282ead8);
    }

    private static EventValue ValueOf(long step, byte[] bytes)
    {
        List<Field> fields = FieldsOf(bytes);
        Field? Of(int number) => fields.LastOrDefault(field => field.Number == number);
        (byte[], long, long)? picture = null;
        if (Of(4) is { } image)
        {
            Dictionary<int, Field> parts = FieldsOf(image.Bytes).ToDictionary(field => field.Number);
            picture = (parts[4].Bytes, (long)parts[1].Varint, (long)parts[2].Varint);
        }

        string description =
            Of(9) is { } metadata && FieldsOf(metadata.Bytes).LastOrDefault(field => field.Number == 3) is { } described
                ? Text(described.Bytes)
                : "";
        return new EventValue(
            step,
            Text(Of(1)!.Bytes),
            Of(2) is { } scalar ? BinaryPrimitives.ReadSingleLittleEndian(scalar.Bytes) : null,
            picture,
            description
        );
    }

    private static List<Field> FieldsOf(ReadOnlySpan<byte> message)
    {
        var fields = new List<Field>();
        for (int at = 0; at < message.Length; )
        {
            ulong key = Varint(message, ref at);
            (int number, int wire) = ((int)(key >> 3), (int)(key & 7));
            switch (wire)
            {
                case 0:
                    fields.Add(new Field(number, Varint(message, ref at), []));
                    break;
                default:
                    int length = wire switch
                    {
                        1 => 8,
                        5 => 4,
                        2 => (int)Varint(message, ref at),
                        _ => throw new InvalidDataException($"wire type {wire}"),
                    };
                    fields.Add(new Field(number, 0, message.Slice(at, length).ToArray()));
                    at += length;
                    break;
            }
        }

        return fields;
    }

    private static ulong Varint(ReadOnlySpan<byte> message, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte part = message[at++];
            value |= (ulong)(part & 127) << shift;
            if (part < 128)
            {
                return value;
            }
        }
    }

    private static void Require(ReadOnlySpan<byte> data, ReadOnlySpan<byte> checksum)
    {
        if (MaskedChecksum(data) != BinaryPrimitives.ReadUInt32LittleEndian(checksum))
        {
            throw new InvalidDataException("wrong checksum");
        }
    }

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);

    private sealed record Field(int Number, ulong Varint, byte[] Bytes);
}
