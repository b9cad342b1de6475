using System.Numerics;
using System.Numerics.Tensors;
using Proxyless.Inference;

namespace Proxyless.Data;

/// <summary>
/// What is left of an image if size, compression and brightness do not count: the signs of its lowest frequencies, for
/// a fast search, and a small gray picture, to compare in earnest.
/// </summary>
/// <remarks>
/// The signs are the perceptual hash of Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions",
/// 2010: whether each of 8 x 8 coefficients of the cosine transform is above their median.
/// </remarks>
internal sealed class ImageSketch
{
    /// <summary>Side of the picture that it is made from.</summary>
    public const int Side = 32;

    private const int Frequencies = 8;
    private const int SmallSide = 16;

    // Below this deviation, in levels of 255, an image is one color, and everything in it is noise.
    private const double LeastDeviation = 2;
    private static readonly float[,] Cosines = MakeCosines();

    private readonly float[] _small;

    private ImageSketch(ulong signs, float[] small) => (Signs, _small) = (signs, small);

    /// <summary>The signs of the lowest frequencies.</summary>
    public ulong Signs { get; }

    /// <summary>Number of signs in which two images differ, 0..63.</summary>
    public static int Distance(ulong one, ulong other) => BitOperations.PopCount(one ^ other);

    /// <summary>
    /// Correlation of the gray values of two images, -1..1; 1 for images that differ in contrast alone.
    /// </summary>
    public double Correlation(ImageSketch other) => TensorPrimitives.Dot(_small, other._small);

    /// <summary>Sketches an image.</summary>
    /// <param name="images">The images.</param>
    /// <param name="i">The number of the image.</param>
    /// <param name="recipe">How a model's input is made; it decides about the crop.</param>
    /// <returns>Null if the image cannot be read, or is of one color.</returns>
    public static ImageSketch? Of(ImageSet images, int i, PreprocessingRecipe recipe) =>
        GrayOf(images, i, recipe) is { } gray ? OfGray(gray) : null;

    /// <summary>The same, and the sketch of the mirrored image.</summary>
    /// <param name="images">The images.</param>
    /// <param name="i">The number of the image.</param>
    /// <param name="recipe">How a model's input is made; it decides about the crop.</param>
    /// <param name="mirrored">The sketch of the mirrored image; null like the result.</param>
    /// <returns>Null if the image cannot be read, or is of one color.</returns>
    public static ImageSketch? Of(ImageSet images, int i, PreprocessingRecipe recipe, out ImageSketch? mirrored)
    {
        mirrored = null;
        if (GrayOf(images, i, recipe) is not { } gray || OfGray(gray) is not { } sketch)
        {
            return null;
        }

        for (int y = 0; y < Side; y++)
        {
            gray.AsSpan(y * Side, Side).Reverse();
        }

        mirrored = OfGray(gray);
        return mirrored is null ? null : sketch;
    }

    private static float[]? GrayOf(ImageSet images, int i, PreprocessingRecipe recipe)
    {
        ArgumentNullException.ThrowIfNull(images);
        Transforms transforms = Thumbnail.TransformsOf(recipe, Side);
        var values = new float[transforms.Length];
        if (!images.TryShow(i, transforms, values))
        {
            return null;
        }

        var gray = new float[Side * Side];
        int channels = values.Length / gray.Length;
        for (int pixel = 0; pixel < gray.Length; pixel++)
        {
            gray[pixel] = TensorPrimitives.Sum(values.AsSpan(pixel * channels, channels)) / channels;
        }

        return gray;
    }

    /// <summary>Sketches a gray picture.</summary>
    /// <param name="gray">[32, 32], 0..255.</param>
    /// <returns>Null if it is of one color.</returns>
    internal static ImageSketch? OfGray(ReadOnlySpan<float> gray)
    {
        var small = new float[SmallSide * SmallSide];
        for (int y = 0; y < SmallSide; y++)
        {
            for (int x = 0; x < SmallSide; x++)
            {
                int at = (2 * y * Side) + (2 * x);
                small[(y * SmallSide) + x] = (gray[at] + gray[at + 1] + gray[at + Side] + gray[at + Side + 1]) / 4;
            }
        }

        TensorPrimitives.Subtract(small, TensorPrimitives.Sum(small) / small.Length, small);
        float norm = TensorPrimitives.Norm(small);
        if (norm < LeastDeviation * SmallSide)
        {
            return null;
        }

        TensorPrimitives.Divide(small, norm, small);
        return new ImageSketch(SignsOf(gray), small);
    }

    private static ulong SignsOf(ReadOnlySpan<float> gray)
    {
        Span<float> rows = stackalloc float[Side * Frequencies];
        for (int y = 0; y < Side; y++)
        {
            for (int f = 0; f < Frequencies; f++)
            {
                float sum = 0;
                for (int x = 0; x < Side; x++)
                {
                    sum += gray[(y * Side) + x] * Cosines[f, x];
                }

                rows[(y * Frequencies) + f] = sum;
            }
        }

        var coefficients = new float[Frequencies * Frequencies];
        for (int g = 0; g < Frequencies; g++)
        {
            for (int f = 0; f < Frequencies; f++)
            {
                float sum = 0;
                for (int y = 0; y < Side; y++)
                {
                    sum += rows[(y * Frequencies) + f] * Cosines[g, y];
                }

                coefficients[(g * Frequencies) + f] = sum;
            }
        }

        // The first one is the brightness.
        float[] sorted = [.. coefficients.Skip(1).Order()];
        float median = sorted[sorted.Length / 2];
        ulong signs = 0;
        for (int k = 1; k < coefficients.Length; k++)
        {
            signs |= coefficients[k] > median ? 1UL << k : 0;
        }

        return signs;
    }

    private static float[,] MakeCosines()
    {
        var cosines = new float[Frequencies, Side];
        for (int f = 0; f < Frequencies; f++)
        {
            for (int x = 0; x < Side; x++)
            {
                cosines[f, x] = MathF.Cos(MathF.PI * f * (x + 0.5f) / Side);
            }
        }

        return cosines;
    }
}
