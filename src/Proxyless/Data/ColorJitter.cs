using System.Numerics;
using System.Runtime.Intrinsics;
using Proxyless.Inference;

namespace Proxyless.Data;

/// <summary>
/// Random brightness, contrast and saturation, in this order: each factor is drawn uniformly from [1 - strength, 1 +
/// strength], each result is clamped to 0 to 255.
/// </summary>
/// <param name="Brightness">Strength in [0, 1]: pixels are multiplied.</param>
/// <param name="Contrast">Strength in [0, 1]: distance from the image's mean gray.</param>
/// <param name="Saturation">Strength in [0, 1]: distance from the pixel's own gray; no effect on gray images.</param>
internal sealed record ColorJitter(double Brightness, double Contrast, double Saturation)
{
    /// <summary>No change.</summary>
    public static ColorJitter None { get; } = new(0, 0, 0);

    /// <summary>Strengths 0.2, 0.2, 0.2.</summary>
    public static ColorJitter Moderate { get; } = new(0.2, 0.2, 0.2);

    /// <summary>Changes a picture of values in 0 to 255 in place.</summary>
    /// <param name="square">[height, width, channels].</param>
    /// <param name="channels">1 or 3.</param>
    /// <param name="random">The image's random stream.</param>
    internal void Apply(Span<float> square, int channels, ref SplitMix64 random)
    {
        if (this == None)
        {
            return;
        }

        float brightness = (float)random.Uniform(1 - Brightness, 1 + Brightness);
        float contrast = (float)random.Uniform(1 - Contrast, 1 + Contrast);
        float saturation = (float)random.Uniform(1 - Saturation, 1 + Saturation);
        Apply(square, channels, brightness, contrast, saturation);
    }

    /// <summary>Changes a picture by given factors; 1 is no change.</summary>
    /// <param name="square">[height, width, channels].</param>
    /// <param name="channels">1 or 3.</param>
    /// <param name="brightness">Multiplies the pixels.</param>
    /// <param name="contrast">Multiplies the distance from the image's mean gray.</param>
    /// <param name="saturation">Multiplies the distance from the pixel's own gray.</param>
    internal static void Apply(Span<float> square, int channels, float brightness, float contrast, float saturation)
    {
        if (channels == 1)
        {
            ApplyGray(square, brightness, contrast);
        }
        else
        {
            ApplyColor(square, brightness, contrast, saturation);
        }
    }

    private static void ApplyGray(Span<float> square, float brightness, float contrast)
    {
        float sum = 0;
        for (int i = 0; i < square.Length; i++)
        {
            square[i] = MathF.Min(square[i] * brightness, 255);
            sum += square[i];
        }

        float offset = (1 - contrast) * (sum / square.Length);
        for (int i = 0; i < square.Length; i++)
        {
            square[i] = Math.Clamp(square[i] * contrast + offset, 0, 255);
        }
    }

    private static void ApplyColor(Span<float> square, float brightness, float contrast, float saturation)
    {
        Vector128<float> mean = Vector128.Create((1 - contrast) * (Brighten(square, brightness) / (square.Length / 3)));
        Vector128<float> luma = Vector128.Create(Luma.Red, Luma.Green, Luma.Blue, 0) * (1 - saturation);
        Vector128<float> next = LoadPixel(square, 0);
        for (int i = 0; i < square.Length; i += 3)
        {
            // Four lanes; the last is the next pixel's red, which is read before this pixel is written.
            Vector128<float> pixel = Clamp((next * contrast) + mean);
            next = i + 3 < square.Length ? LoadPixel(square, i + 3) : default;
            StorePixel(Clamp((pixel * saturation) + Vector128.Create(Vector128.Dot(pixel, luma))), square, i);
        }
    }

    // Multiplies and returns the sum of the pixels' gray.
    private static float Brighten(Span<float> square, float brightness)
    {
        var luma = new Interleaved(Luma.Red, Luma.Green, Luma.Blue);
        Vector<float> grays = Vector<float>.Zero;
        int done = 0;
        for (; done <= square.Length - Interleaved.Length; done += Interleaved.Length)
        {
            Span<float> three = square.Slice(done, Interleaved.Length);
            grays += Brighten(three, brightness, luma.First);
            grays += Brighten(three[Vector<float>.Count..], brightness, luma.Second);
            grays += Brighten(three[(2 * Vector<float>.Count)..], brightness, luma.Third);
        }

        float sum = Vector.Sum(grays);
        for (; done < square.Length; done += 3)
        {
            float red = square[done] = MathF.Min(square[done] * brightness, 255);
            float green = square[done + 1] = MathF.Min(square[done + 1] * brightness, 255);
            float blue = square[done + 2] = MathF.Min(square[done + 2] * brightness, 255);
            sum += (Luma.Red * red) + (Luma.Green * green) + (Luma.Blue * blue);
        }

        return sum;
    }

    private static Vector<float> Brighten(Span<float> values, float brightness, Vector<float> luma)
    {
        Vector<float> bright = Vector.Min(new Vector<float>(values) * brightness, new Vector<float>(255));
        bright.CopyTo(values);
        return bright * luma;
    }

    private static Vector128<float> Clamp(Vector128<float> value) =>
        Vector128.Min(Vector128.Max(value, Vector128<float>.Zero), Vector128.Create(255f));

    private static Vector128<float> LoadPixel(ReadOnlySpan<float> square, int i) =>
        i + 4 <= square.Length
            ? Vector128.Create(square.Slice(i, 4))
            : Vector128.Create(square[i], square[i + 1], square[i + 2], 0);

    private static void StorePixel(Vector128<float> pixel, Span<float> square, int i)
    {
        if (i + 4 <= square.Length)
        {
            pixel.CopyTo(square[i..]);
            return;
        }

        for (int lane = 0; lane < 3; lane++)
        {
            square[i + lane] = pixel[lane];
        }
    }
}
