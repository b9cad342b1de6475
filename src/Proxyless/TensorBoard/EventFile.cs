using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using Google.Protobuf;

namespace Proxyless.TensorBoard;

/// <summary>
/// A file of events that TensorBoard reads while it grows: TFRecords of protobuf messages. It is the one kind of file
/// that is appended to, not replaced: TensorBoard keeps it open.
/// </summary>
/// <remarks>
/// A TFRecord is the length (uint64), the length's checksum (uint32), the bytes, and their checksum, all little-endian;
/// checksums are CRC-32C, rotated and offset (tensorflow/core/lib/io/record_writer.cc and lib/hash/crc32c.h).
/// </remarks>
internal sealed class EventFile
{
    private const string Prefix = "events.out.tfevents.";
    private const string Suffix = ".proxyless";
    private const uint MaskDelta = 0xa282ead8;
    private const int HeaderLength = sizeof(ulong) + sizeof(uint);

    private readonly string _path;

    private EventFile(string path) => _path = path;

    /// <summary>
    /// Begins a new file beside those of earlier processes. TensorBoard reads them in the order of their names, so the
    /// name is later than all of them.
    /// </summary>
    /// <param name="folder">The folder; it is created.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not writable.</exception>
    public static EventFile Begin(string folder)
    {
        Directory.CreateDirectory(folder);
        long last = All(folder).Select(TimeOf).DefaultIfEmpty(0).Max();
        long time = Math.Max(DateTimeOffset.UtcNow.ToUnixTimeSeconds(), last + 1);
        var file = new EventFile(
            Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{time:D10}{Suffix}"))
        );
        try
        {
            file.Append(new Event { WallTime = Now(), FileVersion = "brain.Event:2" });
            return file;
        }
        catch (IOException)
        {
            File.Delete(file._path);
            throw;
        }
    }

    /// <summary>The files in a folder that this program wrote; none if it does not exist.</summary>
    public static IEnumerable<string> FilesIn(string folder) =>
        All(folder).Where(file => file.EndsWith(Suffix, StringComparison.Ordinal));

    /// <summary>Appends values of a step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="values">Tags and values; with none, nothing is written.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file is not writable.</exception>
    public void Append(long step, params IReadOnlyList<Summary.Types.Value> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count > 0)
        {
            Append(
                new Event
                {
                    WallTime = Now(),
                    Step = step,
                    Summary = new Summary { Value = { values } },
                }
            );
        }
    }

    /// <summary>A record of the file.</summary>
    internal static byte[] Record(ReadOnlySpan<byte> data)
    {
        var record = new byte[HeaderLength + data.Length + sizeof(uint)];
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(
            record.AsSpan(sizeof(ulong)),
            Checksum(record.AsSpan(0, sizeof(ulong)))
        );
        data.CopyTo(record.AsSpan(HeaderLength));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(HeaderLength + data.Length), Checksum(data));
        return record;
    }

    private static uint Checksum(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(data);
        foreach (ulong word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (byte letter in data[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, letter);
        }

        return BitOperations.RotateRight(~crc, 15) + MaskDelta;
    }

    private static IEnumerable<string> All(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, Prefix + "*") : [];

    // One write for one record: a reader never sees half of it for long. After a write that failed, the file may end
    // with half a record, behind which nobody reads: the caller writes no more to it.
    private void Append(Event one)
    {
        using var stream = new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        stream.Write(Record(one.ToByteArray()));
    }

    private static double Now() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;

    private static long TimeOf(string file) =>
        long.TryParse(
            Path.GetFileName(file)[Prefix.Length..].Split('.')[0],
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out long time
        )
            ? time
            : 0;
}
