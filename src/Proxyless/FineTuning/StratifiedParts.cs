using Proxyless.Data;

namespace Proxyless.FineTuning;

/// <summary>Divides images for cross-validation.</summary>
internal static class StratifiedParts
{
    /// <summary>
    /// Divides images into parts with the same share of each class. Copies of an image in one class are in one part:
    /// what has learned from one of them is not tested on another.
    /// </summary>
    /// <param name="images">The images, by their numbers.</param>
    /// <param name="label">Returns the class of an image.</param>
    /// <param name="content">Returns a number that the copies of an image share.</param>
    /// <param name="count">Number of parts; fewer are returned if there are fewer different images.</param>
    /// <param name="seed">Seed of the division.</param>
    public static IReadOnlyList<int[]> Of(
        IReadOnlyList<int> images,
        Func<int, int> label,
        Func<int, int> content,
        int count,
        int seed
    )
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(label);
        ArgumentNullException.ThrowIfNull(content);
        var random = new SplitMix64(seed);
        int[][][] copiesOfClasses =
        [
            .. images
                .GroupBy(label)
                .OrderBy(group => group.Key)
                .Select(ofClass => ofClass.Order().GroupBy(content).Select(copies => copies.ToArray()).ToArray()),
        ];
        var parts = new List<int>[Math.Min(count, copiesOfClasses.Sum(copies => copies.Length))];
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = [];
        }

        int next = 0;
        foreach (int[][] copies in copiesOfClasses)
        {
            int[] order = [.. Enumerable.Range(0, copies.Length)];
            random.Shuffle(order);
            foreach (int place in order)
            {
                parts[next++ % parts.Length].AddRange(copies[place]);
            }
        }

        return [.. parts.Select(part => part.Order().ToArray())];
    }
}
