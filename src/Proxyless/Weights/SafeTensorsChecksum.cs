using System.Security.Cryptography;
using System.Text;

namespace Proxyless.Weights;

/// <summary>
/// The SHA-256 of a safetensors file in its own metadata, under <see cref="Key"/>: of the whole file with zeros for the
/// digits of the checksum itself. Other readers see an entry like any other.
/// </summary>
internal static class SafeTensorsChecksum
{
    /// <summary>The entry of the metadata. No other program calls a checksum so.</summary>
    public const string Key = "proxyless.sha256";

    // Of files from before: others also call checksums so, of the numbers alone or of another file.
    private const string FormerKey = "sha256";

    // The placeholder for the digits while the checksum is computed.
    private static readonly string Zeros = new('0', 2 * SHA256.HashSizeInBytes);

    /// <summary>The entry of a file whose checksum is not known yet.</summary>
    public static KeyValuePair<string, string> Placeholder => new(Key, Zeros);

    /// <summary>Replaces the placeholder in a complete file with its checksum.</summary>
    /// <param name="stream">The file, to read and write.</param>
    /// <param name="header">The header's text, which follows the eight bytes of its length.</param>
    public static void Fill(Stream stream, ReadOnlySpan<byte> header)
    {
        int digits = PlaceOf(header, Key, Zeros);
        stream.Position = 0;
        string checksum = Convert.ToHexStringLower(SHA256.HashData(stream));
        stream.Position = sizeof(long) + digits;
        stream.Write(Encoding.ASCII.GetBytes(checksum));
        stream.Position = stream.Length;
    }

    /// <summary>Whether a file is unchanged since it was written; a file without a checksum is taken to be.</summary>
    /// <param name="stream">The file; its position is lost.</param>
    /// <param name="header">The header's text, which follows the eight bytes of its length.</param>
    /// <param name="metadata">The metadata, of which the checksum is removed.</param>
    /// <param name="isOwn">
    /// Whether this program wrote the file, so that the entry of earlier versions is a checksum like this one.
    /// </param>
    public static bool IsRight(Stream stream, byte[] header, Dictionary<string, string> metadata, bool isOwn)
    {
        string key = isOwn && !metadata.ContainsKey(Key) ? FormerKey : Key;
        return !metadata.Remove(key, out string? checksum) || IsRight(stream, header, key, checksum);
    }

    private static bool IsRight(Stream stream, byte[] header, string key, string checksum)
    {
        int digits = PlaceOf(header, key, checksum);
        if (checksum.Length != Zeros.Length || digits < 0)
        {
            return false;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(BitConverter.GetBytes((long)header.Length));
        hash.AppendData(header.AsSpan(0, digits));
        hash.AppendData(Encoding.ASCII.GetBytes(Zeros));
        hash.AppendData(header.AsSpan(digits + Zeros.Length));
        stream.Position = sizeof(long) + header.Length;
        byte[] buffer = new byte[1 << 20];
        int read;
        while ((read = stream.Read(buffer)) > 0)
        {
            hash.AppendData(buffer.AsSpan(0, read));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset()) == checksum;
    }

    private static int PlaceOf(ReadOnlySpan<byte> header, string key, string digits)
    {
        string before = $"\"{key}\":\"";
        int entry = header.IndexOf(Encoding.UTF8.GetBytes($"{before}{digits}\""));
        return entry < 0 ? entry : entry + before.Length;
    }
}
