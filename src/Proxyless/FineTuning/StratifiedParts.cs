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
        ILookup<(int Label, int Content), int> copies = images
            .Order()
            .ToLookup(image => (label(image), content(image)));
        var parts = new List<int>[Math.Min(count, copies.Count)];
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = [];
        }

        int next = 0;
        foreach (IGrouping<int, int> ofClass in images.GroupBy(label).OrderBy(group => group.Key))
        {
            int[] shuffled = [.. ofClass.Order().DistinctBy(content)];
            random.Shuffle(shuffled);
            foreach (int image in shuffled)
            {
                parts[next++ % parts.Length].AddRange(copies[(ofClass.Key, content(image))]);
            }
        }

        return [.. parts.Select(part => part.Order().ToArray())];
    }
}
