namespace Proxyless.Inference;

/// <summary>Converts images to inputs by a <see cref="PreprocessingRecipe"/>.</summary>
internal static class Preprocessor
{
    /// <summary>
    /// Scales an encoded image to the square of a recipe, before the range, the mean and the deviation.
    /// </summary>
    /// <param name="image">The image; decoded here.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="square">[Resolution, Resolution, Channels] in 0 to 255.</param>
    /// <exception cref="UnreadableImageException">The image is cut off or damaged.</exception>
    public static void Scale(EncodedImage image, PreprocessingRecipe recipe, Span<float> square)
    {
        if (recipe.Rounds && image.IsTurned)
        {
            // The order of the sums decides how a half is rounded: upright first, as for a decoded image.
            Scale(image.Decode(recipe.Channels), recipe, square);
            return;
        }

        using DecodedPart part = image.DecodeFor(
            recipe.Channels,
            denominator: 1,
            recipe.RegionOf(image.Width, image.Height)
        );
        part.ScaleTo(recipe.Resolution, recipe.Filter, square);
        Finish(recipe, square);
    }

    /// <summary>Scales a decoded image to the square of a recipe.</summary>
    /// <param name="image">The image; gray and color are converted as needed.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="square">[Resolution, Resolution, Channels] in 0 to 255.</param>
    public static void Scale(DecodedImage image, PreprocessingRecipe recipe, Span<float> square)
    {
        image = ChannelConversion.Convert(image, recipe.Channels);
        Resampler.Resample(
            image.Pixels,
            image.Width,
            image.Height,
            image.Channels,
            recipe.RegionOf(image.Width, image.Height),
            recipe.Resolution,
            square,
            recipe.Filter
        );
        Finish(recipe, square);
    }

    /// <summary>Computes the input of a model: range, mean and deviation applied, channel by channel.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="square">[Resolution, Resolution, Channels] in 0 to 255.</param>
    /// <returns>[Channels, Resolution, Resolution], red first.</returns>
    public static float[] ToInput(PreprocessingRecipe recipe, ReadOnlySpan<float> square)
    {
        var input = new float[square.Length];
        int plane = recipe.Resolution * recipe.Resolution;
        for (int channel = 0; channel < recipe.Channels; channel++)
        {
            // As Data/Normalization computes it, so that both give the same numbers.
            float factor = (float)recipe.Range / (255 * recipe.Deviation[channel]);
            float offset = -recipe.Mean[channel] / recipe.Deviation[channel];
            for (int i = 0; i < plane; i++)
            {
                input[(channel * plane) + i] = (square[(i * recipe.Channels) + channel] * factor) + offset;
            }
        }

        return input;
    }

    /// <summary>Only a cubic filter overshoots white and black at edges.</summary>
    private static void Finish(PreprocessingRecipe recipe, Span<float> square)
    {
        if (recipe.Rounds)
        {
            foreach (ref float value in square)
            {
                value = Math.Clamp((int)MathF.Round(value), 0, 255);
            }
        }
        else if (recipe.Filter == ImageFilter.Bicubic)
        {
            foreach (ref float value in square)
            {
                value = Math.Clamp(value, 0, 255);
            }
        }
    }
}
