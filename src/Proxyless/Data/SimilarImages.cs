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

    /// <summary>
    /// How near the nearest image must be, compared with the one that is the tenth: copies of one image are few.
    /// </summary>
    internal const double MostRatio = 0.5;

    private const int Neighbors = 10;

    // For each part of the work: reading the one set, the other, and comparing.
    private const int Parts = 3;

    /// <summary>The pairs, the most similar first; an image is in one pair at most.</summary>
    public required IReadOnlyList<SimilarImage> Pairs { get; init; }

    /// <summary>How many images of the first set were compared.</summary>
    public required int Images { get; init; }

    /// <summary>How many images of the second set they were compared with.</summary>
    public required int Others { get; init; }

    /// <summary>Whether the time was over before all of them were read and compared.</summary>
    public required bool IsPart { get; init; }

    /// <summary>Compares two sets.</summary>
    /// <param name="images">The first set.</param>
    /// <param name="others">The second set.</param>
    /// <param name="recipe">How a model's input is made; it decides about the crop.</param>
    /// <param name="threads">Threads to use.</param>
    /// <param name="time">
    /// A third of it is for reading each set, and for the comparison; what is not done by then is left out.
    /// </param>
    /// <param name="observer">Receives progress.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static SimilarImages Find(
        ImageSet images,
        ImageSet others,
        PreprocessingRecipe recipe,
        int threads,
        TimeSpan time,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(others);
        var first = new ImageSketch?[images.Count];
        var mirrored = new ImageSketch?[images.Count];
        var second = new ImageSketch?[others.Count];
        int left = Each(images.Count, i => first[i] = ImageSketch.Of(images, i, recipe, out mirrored[i]));
        left += Each(others.Count, i => second[i] = ImageSketch.Of(others, i, recipe));

        // The signs beside each other: most images are told apart by them alone.
        ImageSketch[] known = [.. second.OfType<ImageSketch>()];
        ulong[] signs = [.. known.Select(sketch => sketch.Signs)];
        int[] numbers = [.. Enumerable.Range(0, second.Length).Where(i => second[i] is not null)];
        var best = new SimilarImage?[first.Length];
        int compared = 0;
        left += Each(
            first.Length,
            i =>
            {
                if (first[i] is { } plain)
                {
                    (int Place, double Correlation) plainly = Nearest(plain, known, signs);
                    (int Place, double Correlation) turned = Nearest(mirrored[i]!, known, signs);
                    (int place, double correlation) = turned.Correlation > plainly.Correlation ? turned : plainly;
                    best[i] = place < 0 ? null : new SimilarImage(i, numbers[place], correlation);
                    Interlocked.Increment(ref compared);
                }
            }
        );
        return new SimilarImages
        {
            Pairs =
            [
                .. best.OfType<SimilarImage>().OrderByDescending(pair => pair.Correlation).ThenBy(pair => pair.Image),
            ],
            Images = compared,
            Others = known.Length,
            IsPart = left > 0,
        };

        int Each(int count, Action<int> work)
        {
            // In any order: if time is short, the part that is left out is not a class.
            int[] order = [.. Enumerable.Range(0, count)];
            new Random(0).Shuffle(order);
            long start = Stopwatch.GetTimestamp();
            int late = 0;
            ImageLoop.Run(
                count,
                threads,
                "similar images",
                observer,
                i =>
                {
                    if (Stopwatch.GetElapsedTime(start) < time / Parts)
                    {
                        work(order[i]);
                    }
                    else
                    {
                        Interlocked.Increment(ref late);
                    }
                },
                cancellationToken
            );
            return late;
        }
    }

    /// <summary>The most similar image, if it is nearly the same.</summary>
    private static (int Place, double Correlation) Nearest(ImageSketch image, ImageSketch[] others, ulong[] signs)
    {
        (int Place, double Correlation) nearest = (-1, 0);
        for (int i = 0; i < signs.Length; i++)
        {
            if (ImageSketch.Distance(image.Signs, signs[i]) > MostDistance)
            {
                continue;
            }

            double correlation = image.Correlation(others[i]);
            if (correlation >= LeastCorrelation && correlation > nearest.Correlation)
            {
                nearest = (i, correlation);
            }
        }

        return nearest.Place >= 0 && StandsOut(image, nearest.Correlation, others) ? nearest : (-1, 0);
    }

    /// <summary>
    /// Whether an image is much nearer than others are: where many are about as similar, as silhouettes are, that means
    /// nothing.
    /// </summary>
    private static bool StandsOut(ImageSketch image, double correlation, ImageSketch[] others)
    {
        // Between vectors of length 1 the distance is sqrt(2 - 2 correlation).
        double bound = 1 - ((1 - correlation) / (MostRatio * MostRatio));
        int within = 0;
        for (int i = 0; i < others.Length && within < Neighbors; i++)
        {
            within += image.Correlation(others[i]) > bound ? 1 : 0;
        }

        return within < Neighbors;
    }
}
