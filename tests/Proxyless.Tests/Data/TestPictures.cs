using System.Buffers.Binary;
using Proxyless.Data;
using Proxyless.Inference;
using SkiaSharp;

namespace Proxyless.Tests.Data;

/// <summary>Pictures to read. The one of four quarters is red, green, blue and yellow, row by row.</summary>
internal static class TestPictures
{
    public static readonly (int Red, int Green, int Blue) Red = (220, 30, 30);
    public static readonly (int Red, int Green, int Blue) Green = (30, 200, 30);
    public static readonly (int Red, int Green, int Blue) Blue = (30, 30, 220);
    public static readonly (int Red, int Green, int Blue) Yellow = (220, 220, 30);

    // Written with Pillow 9.4: formats that SkiaSharp reads but does not write. All 16x16, of four quarters.
    private const string ProgressiveJpeg =
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkK"
        + "Cgr/2wBDAQICAgICAgUDAwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgr/wgARCAAQABADAREAAhEB"
        + "AxEB/8QAFgABAQEAAAAAAAAAAAAAAAAABwgJ/8QAFwEAAwEAAAAAAAAAAAAAAAAABgcJCP/aAAwDAQACEAMQAAABLV/r5WD5ZzHS54aSSDPP/8QAFBAB"
        + "AAAAAAAAAAAAAAAAAAAAIP/aAAgBAQABBQIf/8QAFBEBAAAAAAAAAAAAAAAAAAAAIP/aAAgBAwEBPwEf/8QAFBEBAAAAAAAAAAAAAAAAAAAAIP/aAAgB"
        + "AgEBPwEf/8QAFBABAAAAAAAAAAAAAAAAAAAAIP/aAAgBAQAGPwIf/8QAFBABAAAAAAAAAAAAAAAAAAAAIP/aAAgBAQABPyEf/9oADAMBAAIAAwAAABAA"
        + "D//EABQRAQAAAAAAAAAAAAAAAAAAACD/2gAIAQMBAT8QH//EABQRAQAAAAAAAAAAAAAAAAAAACD/2gAIAQIBAT8QH//EABQQAQAAAAAAAAAAAAAAAAAA"
        + "ACD/2gAIAQEAAT8QH//Z";

    private const string CmykJpeg =
        "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwACAQEBAQECAQEBAgICAgIEAwICAgIFBAQDBAYFBgYGBQYGBgcJCAYHCQcGBggLCAkKCgoKCgYICwwLCgwJCgoK"
        + "/8AAFAgAEAAQBEMRAE0RAFkRAEsRAP/EABYAAQEBAAAAAAAAAAAAAAAAAAoACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAOBEMATQBZAEsAAD8A1wY7"
        + "sd2/gg5VCSFXL4RfBfAg6f/Z";

    private const string PalettePng =
        "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQAgMAAABinRfyAAAADFBMVEXc3B4eyB7cHh4eHtztq1xvAAAAFklEQVR4nGNYtSo0lIEI4v9/BgYiCAAQ2x/h"
        + "RoUBNgAAAABJRU5ErkJggg==";

    // The red of this palette is transparent.
    private const string TransparentPalettePng =
        "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQAgMAAABinRfyAAAADFBMVEXc3B4eyB7cHh4eHtztq1xvAAAAA3RSTlP//wDXyg1BAAAAFklEQVR4nGNYtSo0"
        + "lIEI4v9/BgYiCAAQ2x/hRoUBNgAAAABJRU5ErkJggg==";

    private const string SixteenBitPng =
        "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQEAIAAADAAbR1AAAALklEQVR42mO4c0cOCIgn5eROnCCFZBi1YNSCIWABacbfAQMITRw5asGoBUPAAgA444Uf"
        + "qM1CgQAAAABJRU5ErkJggg==";

    // Two columns of gray: 0x2000 and 0xE000 of 0xFFFF.
    private const string SixteenBitGrayPng =
        "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQEAAAAABqCHz+AAAAFUlEQVR42mNQYECFD9Agw6iCkaQAAEmfgAGMqOq8AAAAAElFTkSuQmCC";

    // Its second picture has the colors the other way round.
    private const string AnimatedGif =
        "R0lGODlhEAAQAPEAANweHh7IHh4e3NzcHiH5BAAKAAAALAAAAAAQABAAAAKRBAgQIMCECRMmBAgQIMCECRMmBAgQIMCECRMmBAgQIMCECRMmBAgQIMCE"
        + "CRMmBAgQIMCECRMmBAgQIMCECRMmBAgQIMCECRMmlChRosSNGzdulChRosSNGzdulChRosSNGzdulChRosSNGzdulChRosSNGzdulChRosSNGzdulChR"
        + "osSNGzdulChRosSNGzduBQAh+QQACgAAACwAAAAAEAAQAAACkdy4ceNGiRIlSty4ceNGiRIlSty4ceNGiRIlSty4ceNGiRIlSty4ceNGiRIlSty4ceNG"
        + "iRIlSty4ceNGiRIlSty4ceNGiRIlSkyYMGFCgAABAkyYMGFCgAABAkyYMGFCgAABAkyYMGFCgAABAkyYMGFCgAABAkyYMGFCgAABAkyYMGFCgAABAkyY"
        + "MGFCgAABAgUAOw==";

    /// <summary>Files of four quarters by name of their format.</summary>
    public static byte[] Quarters(string format) =>
        format switch
        {
            "baseline.jpg" => Encode(SKEncodedImageFormat.Jpeg),
            "progressive.jpg" => Convert.FromBase64String(ProgressiveJpeg),
            "cmyk.jpg" => Convert.FromBase64String(CmykJpeg),
            "color.png" => Encode(SKEncodedImageFormat.Png),
            "palette.png" => Convert.FromBase64String(PalettePng),
            "transparent-palette.png" => Convert.FromBase64String(TransparentPalettePng),
            "16-bit.png" => Convert.FromBase64String(SixteenBitPng),
            "16-bit-gray.png" => Convert.FromBase64String(SixteenBitGrayPng),
            "color.webp" => Encode(SKEncodedImageFormat.Webp),
            "color.bmp" => Bitmap(),
            "animated.gif" => Convert.FromBase64String(AnimatedGif),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "No such picture."),
        };

    /// <summary>A noisy PNG: as good as no two of different seeds are alike.</summary>
    public static byte[] Noise(
        int seed,
        int width = 16,
        int height = 16,
        SKEncodedImageFormat format = SKEncodedImageFormat.Png
    )
    {
        var random = new SplitMix64(seed);
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                bitmap.SetPixel(
                    x,
                    y,
                    new SKColor((byte)random.Below(256), (byte)random.Below(256), (byte)random.Below(256))
                );
            }
        }

        using SKData data = bitmap.Encode(format, 95);
        return data.ToArray();
    }

    /// <summary>
    /// A JPEG that is redder to the right, greener to the bottom and bluer to the upper left, in waves.
    /// </summary>
    public static byte[] Waves(int width, int height)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                byte Wave(double phase) => (byte)(127 + (120 * Math.Sin(phase)));
                bitmap.SetPixel(x, y, new SKColor(Wave(x / 17.0), Wave(y / 13.0), Wave((x + y) / 23.0)));
            }
        }

        using SKData data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 95);
        return data.ToArray();
    }

    /// <summary>A JPEG of four quarters, 32 wide and 16 high as stored, with an EXIF orientation.</summary>
    public static byte[] Oriented(int orientation) => Oriented(Encode(SKEncodedImageFormat.Jpeg, 32, 16), orientation);

    /// <summary>A JPEG with an EXIF orientation put in.</summary>
    public static byte[] Oriented(byte[] jpeg, int orientation) =>
        [.. jpeg[..2], 0xFF, 0xE1, 0, 34, .. "Exif\0\0"u8, .. Exif(orientation), .. jpeg[2..]];

    /// <summary>The same as a PNG, whose eXIf chunk stands before or after the pixels.</summary>
    public static byte[] OrientedPng(int orientation, bool afterPixels = false, bool bigEndian = true)
    {
        byte[] png = Encode(SKEncodedImageFormat.Png, 32, 16);
        byte[] chunk = PngChunk("eXIf"u8, Exif(orientation, bigEndian));

        // The signature and IHDR are 33 bytes, IEND 12.
        int place = afterPixels ? png.Length - 12 : 33;
        return [.. png[..place], .. chunk, .. png[place..]];
    }

    /// <summary>A chunk of a PNG: length, name, body and check sum.</summary>
    public static byte[] PngChunk(ReadOnlySpan<byte> name, ReadOnlySpan<byte> body)
    {
        byte[] chunk = new byte[12 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, body.Length);
        name.CopyTo(chunk.AsSpan(4));
        body.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + body.Length), Crc32(chunk.AsSpan(4, 4 + body.Length)));
        return chunk;
    }

    /// <summary>The same as a WebP with an EXIF chunk, which some programs begin as JPEG's segment begins.</summary>
    public static byte[] OrientedWebp(int orientation, bool jpegPrefix)
    {
        byte[] webp = Encode(SKEncodedImageFormat.Webp, 32, 16);
        byte[] exif = [.. jpegPrefix ? "Exif\0\0"u8.ToArray() : [], .. Exif(orientation)];
        byte[] extended = [.. "VP8X"u8, 10, 0, 0, 0, 0x08, 0, 0, 0, 31, 0, 0, 15, 0, 0];
        byte[] body = [.. "WEBP"u8, .. extended, .. webp[12..], .. "EXIF"u8, (byte)exif.Length, 0, 0, 0, .. exif];
        byte[] size = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(size, body.Length);
        return [.. "RIFF"u8, .. size, .. body];
    }

    private static byte[] Exif(int orientation, bool bigEndian = true) =>
        bigEndian
            ?
            [
                (byte)'M',
                (byte)'M',
                0,
                42,
                0,
                0,
                0,
                8,
                0,
                1,
                0x01,
                0x12,
                0,
                3,
                0,
                0,
                0,
                1,
                0,
                (byte)orientation,
                0,
                0,
                0,
                0,
                0,
                0,
            ]
            :
            [
                (byte)'I',
                (byte)'I',
                42,
                0,
                8,
                0,
                0,
                0,
                1,
                0,
                0x12,
                0x01,
                3,
                0,
                1,
                0,
                0,
                0,
                (byte)orientation,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
            ];

    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
            }
        }

        return ~crc;
    }

    /// <summary>A PNG whose left half is black and whose right half is transparent black.</summary>
    public static byte[] HalfTransparent()
    {
        using var bitmap = new SKBitmap(new SKImageInfo(16, 16, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        for (int y = 0; y < 16; y++)
        {
            for (int x = 0; x < 16; x++)
            {
                bitmap.SetPixel(x, y, new SKColor(0, 0, 0, x < 8 ? (byte)255 : (byte)0));
            }
        }

        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    public static (int Red, int Green, int Blue) Pixel(DecodedImage image, int x, int y)
    {
        int offset = (y * image.Width + x) * image.Channels;
        return (image.Pixels[offset], image.Pixels[offset + 1], image.Pixels[offset + 2]);
    }

    private static byte[] Encode(SKEncodedImageFormat format, int width = 16, int height = 16)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                (int red, int green, int blue) = Color(x, y, width, height);
                bitmap.SetPixel(x, y, new SKColor((byte)red, (byte)green, (byte)blue));
            }
        }

        using SKData data = bitmap.Encode(format, 100);
        return data.ToArray();
    }

    private static byte[] Bitmap()
    {
        const int Side = 16;
        byte[] file = new byte[54 + Side * Side * 3];
        file[0] = (byte)'B';
        file[1] = (byte)'M';
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(2), file.Length);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(10), 54);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(14), 40);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(18), Side);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(22), Side);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(26), 1);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(28), 24);
        for (int y = 0; y < Side; y++)
        {
            for (int x = 0; x < Side; x++)
            {
                // The last row comes first, and blue before red.
                (int red, int green, int blue) = Color(x, Side - 1 - y, Side, Side);
                int offset = 54 + (y * Side + x) * 3;
                file[offset] = (byte)blue;
                file[offset + 1] = (byte)green;
                file[offset + 2] = (byte)red;
            }
        }

        return file;
    }

    private static (int Red, int Green, int Blue) Color(int x, int y, int width, int height) =>
        (x < width / 2, y < height / 2) switch
        {
            (true, true) => Red,
            (false, true) => Green,
            (true, false) => Blue,
            _ => Yellow,
        };
}
