using System.Buffers.Binary;

namespace Proxyless.Inference;

/// <summary>Estimates the decoding memory from a JPEG's frame header.</summary>
internal static class JpegHeader
{
    /// <summary>
    /// Bytes per pixel that the decoder keeps of a picture in several passes, before it can return its first row: two
    /// for each component if it is progressive or has its components in separate scans. 0 if the header shows a single
    /// pass; an unreadable header counts as several.
    /// </summary>
    public static int CoefficientBytes(ReadOnlySpan<byte> file)
    {
        const int Components = 9;
        const int ScanComponents = 4;
        const int MostComponents = 4;
        const int StartOfScan = 0xDA;
        int components = MostComponents;
        bool inOrder = false;

        // Segments: FF, a marker, a length that counts itself.
        for (int at = 2; at + 10 <= file.Length && file[at] == 0xFF; )
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
                components = file[at + Components];
                inOrder = marker is 0xC0 or 0xC1;
            }

            if (marker == StartOfScan)
            {
                return inOrder && file[at + ScanComponents] == components ? 0 : 2 * components;
            }

            at += 2 + BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]);
        }

        return 2 * components;
    }
}
