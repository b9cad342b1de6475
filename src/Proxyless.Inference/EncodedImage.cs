using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using SkiaSharp;

namespace Proxyless.Inference;

/// <summary>
/// An image whose header has been read and whose pixels have not, so that a crop can be chosen before decoding.
/// </summary>
internal sealed class EncodedImage : IDisposable
{
    // A vector's 16 bytes must fit where 12 are used.
    private const int PixelsAtOnce = 6;

    /// <summary>The strongest reduction that a JPEG can be decoded at.</summary>
    public const int LargestDenominator = 8;

    /// <summary>Bytes of the rows that a check decodes at once.</summary>
    private const int CheckedAtOnce = 1 << 20;

    private static readonly Vector128<byte> WithoutAlpha = Vector128.Create(
        (byte)0,
        1,
        2,
        4,
        5,
        6,
        8,
        9,
        10,
        12,
        13,
        14,
        0,
        0,
        0,
        0
    );

    private readonly SKData _data;
    private readonly SKCodec _codec;
    private readonly GCHandle _pin;
    private readonly string _name;
    private readonly int _orientation;
    private readonly long _decoderBytes;

    private EncodedImage(SKData data, SKCodec codec, GCHandle pin, ReadOnlySpan<byte> file, string name)
    {
        _data = data;
        _codec = codec;
        _pin = pin;
        _name = name;
        _orientation = codec.EncodedFormat switch
        {
            SKEncodedImageFormat.Png => EmbeddedOrientation.OfPng(file),
            SKEncodedImageFormat.Webp => EmbeddedOrientation.OfWebp(file),
            _ => (int)codec.EncodedOrigin,
        };
        _decoderBytes = Pixels * DecoderBytesPerPixel(codec.EncodedFormat, file);
    }

    /// <summary>Pixels in a row of the upright image.</summary>
    public int Width => ExifOrientation.SwapsSides(_orientation) ? _codec.Info.Height : _codec.Info.Width;

    /// <summary>Rows of the upright image.</summary>
    public int Height => ExifOrientation.SwapsSides(_orientation) ? _codec.Info.Width : _codec.Info.Height;

    /// <summary>The smaller of both.</summary>
    public int ShorterSide => Math.Min(Width, Height);

    /// <summary>Whether the stored image is not upright.</summary>
    public bool IsTurned => ExifOrientation.Turns(_orientation);

    private long Pixels => (long)_codec.Info.Width * _codec.Info.Height;

    /// <summary>Reads the header; no memory for pixels is allocated yet.</summary>
    /// <param name="encoded">The bytes of the file, which are copied.</param>
    /// <param name="name">Its name in messages.</param>
    /// <param name="maxPixels">The most pixels of an image that is read.</param>
    /// <exception cref="UnreadableImageException">It is not an image, or has more pixels.</exception>
    public static EncodedImage Open(
        ReadOnlySpan<byte> encoded,
        string name,
        long maxPixels = ImageDecoder.DefaultMaxPixels
    ) => Open(SKData.CreateCopy(encoded), default, encoded, name, maxPixels);

    /// <summary>The same without a copy: the bytes must not change while it is in use.</summary>
    /// <inheritdoc cref="Open(ReadOnlySpan{byte}, string, long)"/>
    public static EncodedImage Open(byte[] encoded, string name, long maxPixels = ImageDecoder.DefaultMaxPixels)
    {
        GCHandle pin = GCHandle.Alloc(encoded, GCHandleType.Pinned);
        return Open(SKData.Create(pin.AddrOfPinnedObject(), encoded.Length), pin, encoded, name, maxPixels);
    }

    private static EncodedImage Open(SKData data, GCHandle pin, ReadOnlySpan<byte> file, string name, long maxPixels)
    {
        SKCodec? codec = SKCodec.Create(data);
        if (codec is null)
        {
            data.Dispose();
            Free(pin);
            throw new UnreadableImageException(
                file.IsEmpty ? $"{name}: the file is empty" : $"{name}: not a readable JPEG, PNG, WebP, BMP or GIF"
            );
        }

        var image = new EncodedImage(data, codec, pin, file, name);
        if (image.Pixels > maxPixels)
        {
            string size = $"{codec.Info.Width}x{codec.Info.Height}";
            long pixels = image.Pixels;
            image.Dispose();
            throw new UnreadableImageException(
                $"{name}: {size} pixels are more than the {maxPixels} that are read at most; scale it down"
            )
            {
                Pixels = pixels,
            };
        }

        return image;
    }

    /// <summary>
    /// Decodes upright pixels. With a <paramref name="denominator"/> above 1 a JPEG is decoded at that fraction of its
    /// size, for a fraction of the work (its inverse cosine transform is computed at fewer points); other formats
    /// ignore it.
    /// </summary>
    /// <param name="channels">1 (gray) or 3 (color).</param>
    /// <param name="denominator">1, 2, 4 or 8.</param>
    /// <exception cref="UnreadableImageException">The file is cut off or damaged.</exception>
    public DecodedImage Decode(int channels, int denominator = 1)
    {
        SKImageInfo info = InfoAt(denominator);
        int length = info.Width * info.Height * channels;
        using DecodedPart stored = DecodeStored(channels, info, default, length);
        byte[] packed = Allocate(length, () => GC.AllocateUninitializedArray<byte>(length));
        if (IsTurned)
        {
            ExifOrientation.Turn(
                stored.Pixels,
                info.Width,
                info.Height,
                stored.BytesPerPixel,
                channels,
                _orientation,
                packed
            );
            bool swaps = ExifOrientation.SwapsSides(_orientation);
            return new DecodedImage(
                swaps ? info.Height : info.Width,
                swaps ? info.Width : info.Height,
                channels,
                packed
            );
        }

        if (channels == 1)
        {
            stored.Pixels.CopyTo(packed);
        }
        else
        {
            PackColor(stored.Pixels, packed);
        }

        return new DecodedImage(info.Width, info.Height, channels, packed);
    }

    /// <summary>
    /// Decodes the whole image in its stored orientation, for a part of it, without a second copy of its pixels.
    /// </summary>
    /// <param name="channels">1 (gray) or 3 (color).</param>
    /// <param name="denominator">1, 2, 4 or 8, as for <see cref="Decode"/>.</param>
    /// <param name="region">The part, in the upright image at full size.</param>
    /// <exception cref="UnreadableImageException">The file is cut off or damaged.</exception>
    public DecodedPart DecodeFor(int channels, int denominator, Region region)
    {
        SKImageInfo info = InfoAt(denominator);
        SKSizeI full = _codec.Info.Size;
        Region stored = ExifOrientation.Stored(region, full.Width, full.Height, _orientation);
        return DecodeStored(
            channels,
            info,
            stored.Scale(info.Width / (double)full.Width, info.Height / (double)full.Height),
            0
        );
    }

    /// <summary>
    /// Decodes the image in full and discards it: a JPEG some rows at a time, of which all is read that is encoded, but
    /// only an eighth of the size computed.
    /// </summary>
    /// <exception cref="UnreadableImageException">The file is cut off or damaged.</exception>
    public void Check()
    {
        SKImageInfo info = InfoAt(LargestDenominator);
        if (!CheckRows(info))
        {
            DecodeStored(channels: 3, info, default, 0).Dispose();
        }
    }

    /// <returns>Whether the image can be decoded by rows.</returns>
    private bool CheckRows(SKImageInfo info)
    {
        if (_codec.EncodedFormat != SKEncodedImageFormat.Jpeg)
        {
            return false;
        }

        // Before the decoder starts: that is when it allocates its own memory.
        int rows = Math.Clamp(CheckedAtOnce / info.RowBytes, 1, info.Height);
        using var buffer = Allocate(rows * info.RowBytes, _decoderBytes);
        if (_codec.StartScanlineDecode(info) != SKCodecResult.Success)
        {
            return false;
        }

        for (int row = 0; row < info.Height; row += rows)
        {
            int count = Math.Min(rows, info.Height - row);
            if (!ReadRows(buffer.Bytes, 0, count, info.RowBytes))
            {
                throw Damaged("cut off or damaged");
            }
        }

        return true;
    }

    private PixelBuffer Allocate(int length, long beside) =>
        Allocate(length + beside, () => new PixelBuffer(length, beside));

    /// <summary>Allocates memory for pixels.</summary>
    /// <exception cref="UnreadableImageException">There is not enough.</exception>
    private T Allocate<T>(long bytes, Func<T> allocate)
    {
        try
        {
            return allocate();
        }
        catch (OutOfMemoryException exception)
        {
            throw new UnreadableImageException(
                $"{_name}: to decode {Width}x{Height} pixels takes {Math.Max(1, bytes / 1_000_000)} MB, which is more "
                    + "memory than there is; scale it down",
                exception
            );
        }
    }

    private DecodedPart DecodeStored(int channels, SKImageInfo info, Region region, long beside)
    {
        var buffer = Allocate(info.BytesSize, _decoderBytes + beside);
        try
        {
            SKCodecResult result;
            unsafe
            {
                fixed (byte* pointer = buffer.Bytes)
                {
                    result = _codec.GetPixels(info, (nint)pointer);
                }
            }

            if (result != SKCodecResult.Success)
            {
                throw Damaged(result == SKCodecResult.IncompleteInput ? "cut off" : "damaged");
            }

            bool opaque = _codec.Info.AlphaType == SKAlphaType.Opaque;
            if (channels == 1)
            {
                PackGray(buffer.Bytes, opaque);
            }
            else if (!opaque)
            {
                LayOnWhite(buffer.Bytes);
            }

            return new DecodedPart(buffer)
            {
                BytesPerPixel = channels == 1 ? 1 : info.BytesPerPixel,
                Columns = info.Width,
                Rows = info.Height,
                Region = region,
                Orientation = _orientation,
            };
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Decodes only what a part needs that is scaled to a square, if the format can: in an upright JPEG, rows below the
    /// part are not read, and columns beside it and rows above it are read without being computed.
    /// </summary>
    /// <param name="channels">1 (gray) or 3 (color).</param>
    /// <param name="denominator">1, 2, 4 or 8, as for <see cref="Decode"/>.</param>
    /// <param name="region">The part, in the image at full size.</param>
    /// <param name="side">Side of the square.</param>
    /// <returns>The part, or null if the image can only be decoded as a whole.</returns>
    /// <exception cref="UnreadableImageException">The file is cut off or damaged in the part that was read.</exception>
    public DecodedPart? DecodePart(int channels, int denominator, Region region, int side)
    {
        SKImageInfo info = InfoAt(denominator);
        Region scaled = region.Scale(info.Width / (double)Width, info.Height / (double)Height);
        (int left, int columns) = FilterTaps.Extent(scaled.X, scaled.Width, info.Width, side);
        (int top, int rows) = FilterTaps.Extent(scaled.Y, scaled.Height, info.Height, side);
        if (_codec.EncodedFormat != SKEncodedImageFormat.Jpeg || IsTurned)
        {
            return null;
        }

        // Before the decoder starts: that is when it allocates its own memory.
        int rowBytes = columns * info.BytesPerPixel;
        var buffer = Allocate(rows * rowBytes, _decoderBytes);
        if (_codec.StartScanlineDecode(info, PartOf(left, columns, info.Height)) != SKCodecResult.Success)
        {
            buffer.Dispose();
            return null;
        }

        if (!ReadRows(buffer.Bytes, top, rows, rowBytes))
        {
            buffer.Dispose();
            throw Damaged("cut off or damaged");
        }

        if (channels == 1)
        {
            PackGray(buffer.Bytes, opaque: true);
        }

        return new DecodedPart(buffer)
        {
            BytesPerPixel = channels == 1 ? 1 : info.BytesPerPixel,
            Columns = columns,
            Rows = rows,
            Region = scaled.RelativeTo(left, top),
            Orientation = _orientation,
        };
    }

    public void Dispose()
    {
        _codec.Dispose();
        _data.Dispose();
        Free(_pin);
    }

    private static void Free(GCHandle pin)
    {
        if (pin.IsAllocated)
        {
            pin.Free();
        }
    }

    /// <summary>The most memory that the decoder keeps besides its output.</summary>
    private static int DecoderBytesPerPixel(SKEncodedImageFormat format, ReadOnlySpan<byte> file)
    {
        const int Interlace = 28;
        return format switch
        {
            SKEncodedImageFormat.Jpeg => JpegHeader.CoefficientBytes(file),

            // An interlaced PNG is collected as a whole, with up to 16 bits for each of four channels.
            SKEncodedImageFormat.Png => file.Length > Interlace && file[Interlace] != 0 ? 8 : 0,
            SKEncodedImageFormat.Webp => 4,
            _ => 0,
        };
    }

    private SKImageInfo InfoAt(int denominator)
    {
        SKSizeI size =
            denominator > 1 && _codec.EncodedFormat == SKEncodedImageFormat.Jpeg
                ? _codec.GetScaledDimensions(1f / denominator)
                : _codec.Info.Size;

        // Without a color space Skia keeps the numbers of the file; unpremultiplied, so that we composite.
        return new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul, null);
    }

    // Rows that a cut-off file lacks must not be filled: Skia would take their width from a rectangle that no longer
    // exists then.
    private static SKCodecOptions PartOf(int left, int columns, int height) =>
        new(SKZeroInitialized.Yes, new SKRectI(left, 0, left + columns, height));

    private unsafe bool ReadRows(Span<byte> pixels, int first, int count, int rowBytes)
    {
        fixed (byte* pointer = pixels)
        {
            return _codec.SkipScanlines(first) && _codec.GetScanlines((nint)pointer, count, rowBytes) == count;
        }
    }

    private UnreadableImageException Damaged(string how) => new($"{_name}: the image is {how}");

    private static void PackColor(ReadOnlySpan<byte> rgba, Span<byte> packed)
    {
        int pixel = 0;
        for (; pixel <= (packed.Length / 3) - PixelsAtOnce; pixel += 4)
        {
            // Four pixels; the four bytes after them are overwritten by the next.
            Vector128.Shuffle(Vector128.Create(rgba.Slice(4 * pixel, 16)), WithoutAlpha).CopyTo(packed[(3 * pixel)..]);
        }

        for (; pixel < packed.Length / 3; pixel++)
        {
            rgba.Slice(4 * pixel, 3).CopyTo(packed[(3 * pixel)..]);
        }
    }

    private static void LayOnWhite(Span<byte> rgba)
    {
        for (int at = 0; at < rgba.Length; at += 4)
        {
            int alpha = rgba[at + 3];
            rgba[at] = OnWhite(rgba[at], alpha);
            rgba[at + 1] = OnWhite(rgba[at + 1], alpha);
            rgba[at + 2] = OnWhite(rgba[at + 2], alpha);
        }
    }

    /// <summary>Gray in the first quarter of the same bytes.</summary>
    private static void PackGray(Span<byte> pixels, bool opaque)
    {
        for (int from = 0, to = 0; from < pixels.Length; from += 4, to++)
        {
            byte luma = Luma.Of(pixels[from], pixels[from + 1], pixels[from + 2]);
            pixels[to] = opaque ? luma : OnWhite(luma, pixels[from + 3]);
        }
    }

    private static byte OnWhite(int value, int alpha) => (byte)((value * alpha + 255 * (255 - alpha) + 127) / 255);
}
