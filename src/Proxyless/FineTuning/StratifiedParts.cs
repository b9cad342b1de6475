using Proxyless.Data;

namespace Proxyless.FineTuning;

/// <summary>Divides images for cross-validation.</summary>
internal static class StratifiedParts
{
    /// <summary>Divides images into parts with the same share of each class.</summary>
    /// <param name="images">The images, by their numbers.</param>
    /// <param name="label">Returns the class of an image.</param>
    /// <param name="count">Number of parts; fewer are returned if there are fewer images.</param>
    /// <param name="seed">Seed of the division.</param>
    public static IReadOnlyList<int[]> Of(IReadOnlyList<int> images, Func<int, int> label, int count, int seed)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(label);
        var random = new SplitMix64(seed);
        var parts = new List<int>[Math.Min(count, images.Count)];
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = [];
        }

        int next = 0;
        foreach (IGrouping<int, int> ofClass in images.GroupBy(label).OrderBy(group => group.Key))
        {
            int[] shuffled = [.. ofClass.Order()];
            random.Shuffle(shuffled);
            foreach (int image in shuffled)
            {
                parts[next++ % parts.Length].Add(image);
            }
        }

        return [.. parts.Select(part => part.Order().ToArray())];
    }
}
