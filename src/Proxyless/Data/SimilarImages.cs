using System.Diagnostics;
using Proxyless.Inference;

namespace Proxyless.Data;

/// <summary>An image and the one of another set that is nearly the same.</summary>
/// <param name="Image">The number of the image in the first set.</param>
/// <param name="Other">The number of the other in the second set.</param>
/// <param name="Correlation">Correlation of their gray values, near 1.</param>
internal readonly record struct SimilarImage(int Image, int Other, double Correlation);

/// <summary>
/// Finds images of one set that are nearly images of another, in another size, compression or brightness, or mirrored:
/// a model that has learned from one of them is right about the other without having understood anything.
/// </summary>
internal sealed class SimilarImages
{
    /// <summary>Most signs in which the sketches of such images differ.</summary>
    internal const int MostDistance = 12;

    /// <summary>Least correlation of their gray values.</summary>
    internal const double LeastCorrelation = 0.95;

    /// <summary>The pairs, the most similar first; an image is in one pair at most.</summary>
    public required IReadOnlyList<SimilarImage> Pairs { get; init; }

    /// <summary>How many images of the first set were looked at.</summary>
    public required int Images { get; init; }

    /// <summary>How many images of the second set they were compared with.</summary>
    public required int Others { get; init; }

    /// <summary>Whether the time was over before all of them were read.</summary>
    public required bool IsPart { get; init; }

    /// <summary>Compares two sets.</summary>
    /// <param name="images">The first set.</param>
    /// <param name="others">The second set.</param>
    /// <param name="recipe">How a model's input is made; it decides about the crop.</param>
    /// <param name="threads">Threads to use.</param>
    /// <param name="time">
    /// When it is over, the images that were read until then are compared: half of it is for each set at most.
    /// </param>
    /// <param name="cancellationToken">Stops it.</param>
    public static SimilarImages Find(
        ImageSet images,
        ImageSet others,
        PreprocessingRecipe recipe,
        int threads,
        TimeSpan time,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(others);
        int late = 0;
        (ImageSketch? Plain, ImageSketch? Mirrored)[] first = SketchAll(images, time / 2);
        ImageSketch?[] second = [.. SketchAll(others, time / 2).Select(sketch => sketch.Plain)];
        var best = new SimilarImage?[first.Length];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
        Parallel.For(0, first.Length, parallel, i => best[i] = Nearest(i, first[i].Plain, first[i].Mirrored, second));
        return new SimilarImages
        {
            Pairs =
            [
                .. best.OfType<SimilarImage>().OrderByDescending(pair => pair.Correlation).ThenBy(pair => pair.Image),
            ],
            Images = first.Count(sketch => sketch.Plain is not null),
            Others = second.Count(sketch => sketch is not null),
            IsPart = late > 0,
        };

        (ImageSketch? Plain, ImageSketch? Mirrored)[] SketchAll(ImageSet set, TimeSpan share)
        {
            var sketches = new (ImageSketch?, ImageSketch?)[set.Count];
            long start = Stopwatch.GetTimestamp();

            // In any order: if time is short, the part that is left out is not a class.
            int[] order = [.. Enumerable.Range(0, set.Count)];
            new Random(0).Shuffle(order);
            Parallel.ForEach(
                order,
                new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken },
                i =>
                {
                    if (Stopwatch.GetElapsedTime(start) < share)
                    {
                        ImageSketch? plain = ImageSketch.Of(set, i, recipe, out ImageSketch? mirrored);
                        sketches[i] = (plain, mirrored);
                    }
                    else
                    {
                        Interlocked.Increment(ref late);
                    }
                }
            );
            return sketches;
        }
    }

    private static SimilarImage? Nearest(int image, ImageSketch? plain, ImageSketch? mirrored, ImageSketch?[] others)
    {
        SimilarImage? nearest = null;
        for (int j = 0; j < others.Length && plain is not null; j++)
        {
            if (others[j] is not { } other)
            {
                continue;
            }

            double correlation = Math.Max(Similarity(plain, other), mirrored is null ? 0 : Similarity(mirrored, other));
            if (correlation >= LeastCorrelation && !(correlation <= nearest?.Correlation))
            {
                nearest = new SimilarImage(image, j, correlation);
            }
        }

        return nearest;
    }

    private static double Similarity(ImageSketch one, ImageSketch other) =>
        one.Distance(other) <= MostDistance ? one.Correlation(other) : 0;
}
