using System.Buffers;
using System.Runtime.Intrinsics;
using SkiaSharp;

namespace Proxyless.Data;

/// <summary>An image whose header has been read and whose pixels have not, so that a crop can be chosen before they are.</summary>
internal sealed class EncodedImage : IDisposable
{
    /// <summary>A quarter of a gigapixel: 1 GiB as RGBA. Larger headers are damage more often than photographs.</summary>
    private const long MaximumPixels = 1L << 28;

    // A vector's 16 bytes must fit where 12 are meant.
    private const int PixelsAtOnce = 6;

    private static readonly Vector128<byte> WithoutAlpha = Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0, 0, 0, 0);

    private readonly SKData _data;
    private readonly SKCodec _codec;
    private readonly string _name;

    private EncodedImage(SKData data, SKCodec codec, string name)
    {
        _data = data;
        _codec = codec;
        _name = name;
    }

    /// <summary>Pixels in a row of the upright image.</summary>
    public int Width => SwapsSides ? _codec.Info.Height : _codec.Info.Width;

    /// <summary>Rows of the upright image.</summary>
    public int Height => SwapsSides ? _codec.Info.Width : _codec.Info.Height;

    private bool SwapsSides => _codec.EncodedOrigin >= SKEncodedOrigin.LeftTop;

    /// <summary>Reads the header.</summary>
    /// <exception cref="InvalidInputException">No image, or one of more than 2^28 pixels.</exception>
    public static EncodedImage Open(ReadOnlySpan<byte> encoded, string name)
    {
        SKData data = SKData.CreateCopy(encoded);
        SKCodec? codec = SKCodec.Create(data);
        if (codec is null)
        {
            data.Dispose();
            throw new InvalidInputException(
                encoded.IsEmpty
                    ? $"{name}: the file is empty; remove it or restore it."
                    : $"{name}: not a readable JPEG, PNG, WebP, BMP or GIF; remove it or convert it.");
        }

        var image = new EncodedImage(data, codec, name);
        if ((long)codec.Info.Width * codec.Info.Height > MaximumPixels)
        {
            string size = $"{codec.Info.Width}x{codec.Info.Height}";
            image.Dispose();
            throw new InvalidInputException($"{name}: {size} pixels are more than can be held; remove it or scale it down.");
        }

        return image;
    }

    /// <summary>
    /// Decodes upright pixels. With a <paramref name="denominator"/> above 1 a JPEG comes out at that fraction of its size,
    /// for a fraction of the work (its inverse cosine transform is computed at fewer points); other formats ignore it.
    /// </summary>
    /// <param name="channels">1 (grey) or 3 (colour).</param>
    /// <param name="denominator">1, 2, 4 or 8.</param>
    /// <exception cref="InvalidInputException">The file is cut off or damaged.</exception>
    public DecodedImage Decode(int channels, int denominator = 1)
    {
        SKImageInfo info = InfoAt(denominator);
        byte[] rgba = ArrayPool<byte>.Shared.Rent(info.BytesSize);
        try
        {
            SKCodecResult result;
            unsafe
            {
                fixed (byte* pointer = rgba)
                {
                    result = _codec.GetPixels(info, (nint)pointer);
                }
            }

            if (result != SKCodecResult.Success)
            {
                throw Damaged(result == SKCodecResult.IncompleteInput ? "cut off" : "damaged");
            }

            ReadOnlySpan<byte> pixels = rgba.AsSpan(0, info.BytesSize);
            bool opaque = _codec.Info.AlphaType == SKAlphaType.Opaque;
            byte[] packed = channels == 1 ? PackGrey(pixels, opaque) : PackColour(pixels, opaque);
            return ExifOrientation.Upright(packed, info.Width, info.Height, channels, (int)_codec.EncodedOrigin);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rgba);
        }
    }

    /// <summary>
    /// Decodes what a part needs that is scaled to a square, where the format can: of a JPEG that lies upright, rows below the part
    /// are not read, and columns beside it and rows above it are read without being computed.
    /// </summary>
    /// <param name="channels">1 (grey) or 3 (colour).</param>
    /// <param name="denominator">1, 2, 4 or 8, as for <see cref="Decode"/>.</param>
    /// <param name="region">The part, in the image at full size.</param>
    /// <param name="side">Side of the square.</param>
    /// <returns>The part, or null where the image can be decoded as a whole alone.</returns>
    /// <exception cref="InvalidInputException">The file is cut off or damaged, where it was read.</exception>
    public DecodedPart? DecodePart(int channels, int denominator, Region region, int side)
    {
        SKImageInfo info = InfoAt(denominator);
        Region scaled = region.Scale(info.Width / (double)Width, info.Height / (double)Height);
        (int left, int columns) = FilterTaps.Extent(scaled.X, scaled.Width, info.Width, side);
        (int top, int rows) = FilterTaps.Extent(scaled.Y, scaled.Height, info.Height, side);
        if (_codec.EncodedFormat != SKEncodedImageFormat.Jpeg
            || _codec.EncodedOrigin != SKEncodedOrigin.TopLeft
            || _codec.StartScanlineDecode(info, PartOf(left, columns, info.Height)) != SKCodecResult.Success)
        {
            return null;
        }

        int rowBytes = columns * info.BytesPerPixel;
        byte[] pixels = ArrayPool<byte>.Shared.Rent(rows * rowBytes);
        var part = new DecodedPart(pixels)
        {
            BytesPerPixel = channels == 1 ? 1 : info.BytesPerPixel,
            Columns = columns,
            Rows = rows,
            Region = scaled.RelativeTo(left, top),
        };
        if (!ReadRows(pixels, top, rows, rowBytes))
        {
            part.Dispose();
            throw Damaged("cut off or damaged");
        }

        if (channels == 1)
        {
            PackGrey(pixels.AsSpan(0, rows * rowBytes), opaque: true).CopyTo(pixels, 0);
        }

        return part;
    }

    public void Dispose()
    {
        _codec.Dispose();
        _data.Dispose();
    }

    private SKImageInfo InfoAt(int denominator)
    {
        SKSizeI size = denominator > 1 && _codec.EncodedFormat == SKEncodedImageFormat.Jpeg
            ? _codec.GetScaledDimensions(1f / denominator)
            : _codec.Info.Size;

        // Without a colour space Skia leaves the numbers of the file as they are; unpremultiplied, so that we composite.
        return new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul, null);
    }

    // Rows that a cut-off file lacks are not to be filled: Skia would take their width from a rectangle that is gone by then.
    private static SKCodecOptions PartOf(int left, int columns, int height) =>
        new(SKZeroInitialized.Yes, new SKRectI(left, 0, left + columns, height));

    private unsafe bool ReadRows(byte[] pixels, int first, int count, int rowBytes)
    {
        fixed (byte* pointer = pixels)
        {
            return _codec.SkipScanlines(first) && _codec.GetScanlines((nint)pointer, count, rowBytes) == count;
        }
    }

    private InvalidInputException Damaged(string how) => new($"{_name}: the image is {how}; remove it or restore it.");

    private static byte[] PackColour(ReadOnlySpan<byte> rgba, bool opaque)
    {
        byte[] packed = GC.AllocateUninitializedArray<byte>(rgba.Length / 4 * 3);
        if (opaque)
        {
            int pixel = 0;
            for (; pixel <= (packed.Length / 3) - PixelsAtOnce; pixel += 4)
            {
                // Four pixels; the four bytes behind them are written over by the next.
                Vector128.Shuffle(Vector128.Create(rgba.Slice(4 * pixel, 16)), WithoutAlpha).CopyTo(packed, 3 * pixel);
            }

            for (; pixel < packed.Length / 3; pixel++)
            {
                rgba.Slice(4 * pixel, 3).CopyTo(packed.AsSpan(3 * pixel));
            }

            return packed;
        }

        for (int from = 0, to = 0; to < packed.Length; from += 4, to += 3)
        {
            int alpha = rgba[from + 3];
            packed[to] = OnWhite(rgba[from], alpha);
            packed[to + 1] = OnWhite(rgba[from + 1], alpha);
            packed[to + 2] = OnWhite(rgba[from + 2], alpha);
        }

        return packed;
    }

    private static byte[] PackGrey(ReadOnlySpan<byte> rgba, bool opaque)
    {
        byte[] packed = GC.AllocateUninitializedArray<byte>(rgba.Length / 4);
        for (int from = 0, to = 0; to < packed.Length; from += 4, to++)
        {
            byte luma = Luma.Of(rgba[from], rgba[from + 1], rgba[from + 2]);
            packed[to] = opaque ? luma : OnWhite(luma, rgba[from + 3]);
        }

        return packed;
    }

    private static byte OnWhite(int value, int alpha) => (byte)((value * alpha + 255 * (255 - alpha) + 127) / 255);
}
