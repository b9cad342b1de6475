using Proxyless.Inference;

namespace Proxyless.Data;

/// <summary>Small pictures of images, for people: the part that a model sees.</summary>
internal static class Thumbnail
{
    /// <summary>The largest side in pixels.</summary>
    public const int Side = 96;

    private const int Quality = 85;

    /// <summary>Returns an image as JPEG; null if it can no longer be read.</summary>
    /// <param name="images">The images.</param>
    /// <param name="i">The number of the image.</param>
    /// <param name="recipe">How the model's input is made; it decides about the crop.</param>
    public static byte[]? Of(ImageSet images, int i, PreprocessingRecipe recipe)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(recipe);
        int side = Math.Min(Side, recipe.Resolution);
        Transforms transforms = TransformsOf(recipe, side);
        var values = new float[transforms.Length];
        if (!images.TryShow(i, transforms, values))
        {
            return null;
        }

        return JpegEncoding.Encode(values, side, side, recipe.Channels, Quality);
    }

    /// <summary>The part of an image that a model sees, in another size and with values of 0..255.</summary>
    /// <param name="recipe">How the model's input is made.</param>
    /// <param name="side">The side in pixels.</param>
    public static Transforms TransformsOf(PreprocessingRecipe recipe, int side)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        return Transforms.ForModel(
            recipe with
            {
                Resolution = side,
                Range = byte.MaxValue,
                Mean = [.. Enumerable.Repeat(0f, recipe.Channels)],
                Deviation = [.. Enumerable.Repeat(1f, recipe.Channels)],
            }
        );
    }
}
