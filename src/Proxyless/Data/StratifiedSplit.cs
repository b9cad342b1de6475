namespace Proxyless.Data;

/// <summary>Takes the same share of every class, at random but repeatably.</summary>
internal static class StratifiedSplit
{
    /// <summary>Divides images in two.</summary>
    /// <param name="images">The images to divide.</param>
    /// <param name="labelOf">Class of an image.</param>
    /// <param name="groupOf">Images of one group (of the same content) stay together.</param>
    /// <param name="share">
    /// Share of each class to hold out, rounded, but at least one image if the class has <paramref name="minimum"/>.
    /// </param>
    /// <param name="minimum">Fewest images of a class from which one is held out for certain.</param>
    /// <param name="random">Draws the images.</param>
    /// <returns>
    /// The images that stay and those held out, each in ascending order. A class never loses its last image.
    /// </returns>
    public static (int[] Kept, int[] HeldOut) Divide(
        IReadOnlyList<int> images,
        Func<int, int> labelOf,
        Func<int, int> groupOf,
        double share,
        int minimum,
        ref SplitMix64 random
    )
    {
        var kept = new List<int>(images.Count);
        var heldOut = new List<int>();
        foreach (IGrouping<int, int> ofClass in images.GroupBy(labelOf).OrderBy(group => group.Key))
        {
            int[][] groups = [.. ofClass.GroupBy(groupOf).OrderBy(group => group.Key).Select(group => group.ToArray())];
            int[] order = [.. Enumerable.Range(0, groups.Length)];
            random.Shuffle(order);
            int count = ofClass.Count();
            int wanted = Math.Max((int)Math.Round(count * share), count >= minimum ? 1 : 0);
            int taken = 0;
            int[] smallestFrom = SmallestFrom([.. order.Select(place => groups[place].Length)]);
            for (int i = 0; i < order.Length; i++)
            {
                int[] group = groups[order[i]];
                bool last = i == order.Length - 1 && taken == count - group.Length;

                // Many copies of one image would be most of what is held out, if others can be.
                bool isTooLarge = taken + group.Length > wanted && smallestFrom[i + 1] < group.Length;
                if (taken < wanted && !last && !isTooLarge)
                {
                    heldOut.AddRange(group);
                    taken += group.Length;
                }
                else
                {
                    kept.AddRange(group);
                }
            }
        }

        return ([.. kept.Order()], [.. heldOut.Order()]);
    }

    /// <summary>The smallest number from each place on; behind the last place the largest there is.</summary>
    private static int[] SmallestFrom(int[] numbers)
    {
        int[] smallest = new int[numbers.Length + 1];
        smallest[^1] = int.MaxValue;
        for (int i = numbers.Length - 1; i >= 0; i--)
        {
            smallest[i] = Math.Min(numbers[i], smallest[i + 1]);
        }

        return smallest;
    }
}
