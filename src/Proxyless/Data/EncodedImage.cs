using System.Buffers;
using SkiaSharp;

namespace Proxyless.Data;

/// <summary>An image whose header has been read and whose pixels have not, so that a crop can be chosen before they are.</summary>
internal sealed class EncodedImage : IDisposable
{
    /// <summary>A quarter of a gigapixel: 1 GiB as RGBA. Larger headers are damage more often than photographs.</summary>
    private const long MaximumPixels = 1L << 28;

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
        SKSizeI size = denominator > 1 && _codec.EncodedFormat == SKEncodedImageFormat.Jpeg
            ? _codec.GetScaledDimensions(1f / denominator)
            : _codec.Info.Size;
        // Without a colour space Skia leaves the numbers of the file as they are; unpremultiplied, so that we composite.
        var info = new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul, null);
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
                string damage = result == SKCodecResult.IncompleteInput ? "cut off" : "damaged";
                throw new InvalidInputException($"{_name}: the image is {damage}; remove it or restore it.");
            }

            ReadOnlySpan<byte> pixels = rgba.AsSpan(0, info.BytesSize);
            bool opaque = _codec.Info.AlphaType == SKAlphaType.Opaque;
            byte[] packed = channels == 1 ? PackGrey(pixels, opaque) : PackColour(pixels, opaque);
            return ExifOrientation.Upright(packed, size.Width, size.Height, channels, (int)_codec.EncodedOrigin);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rgba);
        }
    }

    public void Dispose()
    {
        _codec.Dispose();
        _data.Dispose();
    }

    private static byte[] PackColour(ReadOnlySpan<byte> rgba, bool opaque)
    {
        byte[] packed = GC.AllocateUninitializedArray<byte>(rgba.Length / 4 * 3);
        if (opaque)
        {
            for (int from = 0, to = 0; to < packed.Length; from += 4, to += 3)
            {
                packed[to] = rgba[from];
                packed[to + 1] = rgba[from + 1];
                packed[to + 2] = rgba[from + 2];
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
