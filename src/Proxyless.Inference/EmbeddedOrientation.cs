using System.Buffers.Binary;

namespace Proxyless.Inference;

/// <summary>
/// The EXIF orientation in PNG (chunk eXIf) and WebP (chunk EXIF) files; Skia reads that of JPEG files.
/// </summary>
internal static class EmbeddedOrientation
{
    private const int PngSignature = 8;
    private const int PngChunkOverhead = 12;
    private const int RiffHeader = 12;
    private const int RiffChunkHeader = 8;
    private const int TiffHeader = 8;
    private const int TiffEntry = 12;
    private const int OrientationTag = 0x0112;
    private const int ShortType = 3;

    /// <summary>
    /// The position of a PNG's first row and column, 1 to 8 as in <see cref="ExifOrientation"/>; 1 if it is not given.
    /// </summary>
    public static int OfPng(ReadOnlySpan<byte> file)
    {
        ReadOnlySpan<byte> rest = file.Length > PngSignature ? file[PngSignature..] : [];
        while (rest.Length >= PngChunkOverhead)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(rest);
            if (length > rest.Length - PngChunkOverhead)
            {
                break;
            }

            if (rest.Slice(4, 4).SequenceEqual("eXIf"u8))
            {
                return OfTiff(rest.Slice(8, (int)length));
            }

            rest = rest[(PngChunkOverhead + (int)length)..];
        }

        return 1;
    }

    /// <summary>The same for a WebP.</summary>
    public static int OfWebp(ReadOnlySpan<byte> file)
    {
        ReadOnlySpan<byte> rest = file.Length > RiffHeader ? file[RiffHeader..] : [];
        while (rest.Length >= RiffChunkHeader)
        {
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
            if (length > rest.Length - RiffChunkHeader)
            {
                break;
            }

            if (rest[..4].SequenceEqual("EXIF"u8))
            {
                ReadOnlySpan<byte> exif = rest.Slice(RiffChunkHeader, (int)length);
                return OfTiff(exif.StartsWith("Exif\0\0"u8) ? exif["Exif\0\0"u8.Length..] : exif);
            }

            // Chunks of odd length are followed by a padding byte.
            int whole = RiffChunkHeader + (int)length + ((int)length & 1);
            rest = whole < rest.Length ? rest[whole..] : [];
        }

        return 1;
    }

    private static int OfTiff(ReadOnlySpan<byte> tiff)
    {
        bool bigEndian = tiff.StartsWith("MM\0*"u8);
        if (tiff.Length < TiffHeader || !(bigEndian || tiff.StartsWith("II*\0"u8)))
        {
            return 1;
        }

        int Short(ReadOnlySpan<byte> bytes) =>
            bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        uint directory = bigEndian
            ? BinaryPrimitives.ReadUInt32BigEndian(tiff[4..])
            : BinaryPrimitives.ReadUInt32LittleEndian(tiff[4..]);
        if (directory > tiff.Length - 2)
        {
            return 1;
        }

        ReadOnlySpan<byte> entries = tiff[((int)directory + 2)..];
        for (
            int left = Short(tiff[(int)directory..]);
            left > 0 && entries.Length >= TiffEntry;
            left--, entries = entries[TiffEntry..]
        )
        {
            if (Short(entries) == OrientationTag && Short(entries[2..]) == ShortType)
            {
                return Short(entries[8..]) is >= 1 and <= 8 and int orientation ? orientation : 1;
            }
        }

        return 1;
    }
}
