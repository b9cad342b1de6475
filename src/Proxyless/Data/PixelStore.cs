using Proxyless.Inference;

namespace Proxyless.Data;

/// <summary>Decoded images of one size, one after another in memory.</summary>
internal sealed class PixelStore
{
    private readonly byte[] _pixels;

    /// <summary>Makes room for <paramref name="count"/> images, or wraps existing images.</summary>
    public PixelStore(int count, int width, int height, int channels, byte[]? pixels = null)
    {
        Width = width;
        Height = height;
        Channels = channels;
        _pixels = pixels ?? new byte[checked(count * width * height * channels)];
    }

    public int Width { get; }

    public int Height { get; }

    public int Channels { get; }

    /// <summary>[Height, Width, Channels] of one image.</summary>
    public Span<byte> Image(int index)
    {
        int length = Width * Height * Channels;
        return _pixels.AsSpan(index * length, length);
    }

    /// <summary>Transforms one image.</summary>
    public void Render(int index, Transforms transforms, SplitMix64 random, Span<float> destination)
    {
        ReadOnlySpan<byte> pixels = Image(index);
        if (
            (transforms.Framing == Framing.PadAndCrop || transforms.Recipe is { CropRatio: null })
            && Width == transforms.Resolution
            && Height == transforms.Resolution
            && Channels == transforms.Channels
        )
        {
            transforms.ApplySmall(pixels, destination, ref random);
            return;
        }

        var image = new DecodedImage(Width, Height, Channels, pixels.ToArray());
        Region region = transforms.ChooseRegion(Width, Height, ref random);
        transforms.Apply(image, Width, Height, region, destination, ref random);
    }
}
