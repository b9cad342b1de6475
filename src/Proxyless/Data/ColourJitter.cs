namespace Proxyless.Data;

/// <summary>
/// Random brightness, contrast and saturation, in this order: each a factor drawn uniformly from [1 - strength, 1 + strength],
/// each result kept within 0 to 255.
/// </summary>
/// <param name="Brightness">Strength in [0, 1]: pixels are multiplied.</param>
/// <param name="Contrast">Strength in [0, 1]: distance from the image's mean grey.</param>
/// <param name="Saturation">Strength in [0, 1]: distance from the pixel's own grey; nothing on grey images.</param>
public sealed record ColourJitter(double Brightness, double Contrast, double Saturation)
{
    /// <summary>No change.</summary>
    public static ColourJitter None { get; } = new(0, 0, 0);

    /// <summary>Strengths 0.2, 0.2, 0.2.</summary>
    public static ColourJitter Moderate { get; } = new(0.2, 0.2, 0.2);

    /// <summary>Changes a picture of values in 0 to 255 in place.</summary>
    /// <param name="square">[height, width, channels].</param>
    /// <param name="channels">1 or 3.</param>
    /// <param name="random">The image's stream.</param>
    internal void Apply(Span<float> square, int channels, ref SplitMix64 random)
    {
        if (this == None)
        {
            return;
        }

        float brightness = (float)random.Uniform(1 - Brightness, 1 + Brightness);
        float contrast = (float)random.Uniform(1 - Contrast, 1 + Contrast);
        float saturation = (float)random.Uniform(1 - Saturation, 1 + Saturation);
        if (channels == 1)
        {
            ApplyGrey(square, brightness, contrast);
        }
        else
        {
            ApplyColour(square, brightness, contrast, saturation);
        }
    }

    private static void ApplyGrey(Span<float> square, float brightness, float contrast)
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

    private static void ApplyColour(Span<float> square, float brightness, float contrast, float saturation)
    {
        float sum = 0;
        for (int i = 0; i < square.Length - 2; i += 3)
        {
            float red = square[i] = MathF.Min(square[i] * brightness, 255);
            float green = square[i + 1] = MathF.Min(square[i + 1] * brightness, 255);
            float blue = square[i + 2] = MathF.Min(square[i + 2] * brightness, 255);
            sum += Luma.Red * red + Luma.Green * green + Luma.Blue * blue;
        }

        float mean = (1 - contrast) * (sum / (square.Length / 3));
        for (int i = 0; i < square.Length - 2; i += 3)
        {
            float red = Math.Clamp(square[i] * contrast + mean, 0, 255);
            float green = Math.Clamp(square[i + 1] * contrast + mean, 0, 255);
            float blue = Math.Clamp(square[i + 2] * contrast + mean, 0, 255);
            float grey = (1 - saturation) * (Luma.Red * red + Luma.Green * green + Luma.Blue * blue);
            square[i] = Math.Clamp(red * saturation + grey, 0, 255);
            square[i + 1] = Math.Clamp(green * saturation + grey, 0, 255);
            square[i + 2] = Math.Clamp(blue * saturation + grey, 0, 255);
        }
    }
}
