using System.Buffers.Binary;

namespace Proxyless.Data;

/// <summary>What a JPEG's frame header tells of the memory that decoding takes.</summary>
internal static class JpegHeader
{
    /// <summary>
    /// Bytes for each pixel that the decoder keeps of a picture in several passes (progressive), before it can give out its first row: two
    /// for each component. 0 for one in a single pass.
    /// </summary>
    public static int CoefficientBytes(ReadOnlySpan<byte> file)
    {
        // Segments: FF, a marker, a length that counts itself.
        for (int at = 2; at + 10 <= file.Length && file[at] == 0xFF;)
        {
            int marker = file[at + 1];
            if (marker == 0xFF)
            {
                at++;
                continue;
            }

            bool isFrame = marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);
            if (isFrame)
            {
                const int Components = 9;
                bool progressive = (marker & 3) == 2;
                return progressive ? 2 * file[at + Components] : 0;
            }

            at += 2 + BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]);
        }

        return 0;
    }
}
