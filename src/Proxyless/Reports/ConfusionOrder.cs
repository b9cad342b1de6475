namespace Proxyless.Reports;

/// <summary>
/// Sorts classes so that those that are confused with each other stand together: clusters are joined by their mean
/// confusion (average linkage), and of the four ways to join two sequences, the one is taken whose ends are confused
/// most (Gruvaeus and Wainer, British Journal of Mathematical and Statistical Psychology 25, 1972).
/// </summary>
internal static class ConfusionOrder
{
    /// <summary>Returns the classes in their order.</summary>
    /// <param name="confusion">Number of images of class i that were classified as class j, at [i][j].</param>
    public static int[] Of(IReadOnlyList<int[]> confusion)
    {
        ArgumentNullException.ThrowIfNull(confusion);
        int count = confusion.Count;
        float[][] alike = Alike(confusion);
        float[][] linkage = [.. alike.Select(row => (float[])row.Clone())];
        int[][] members = [.. Enumerable.Range(0, count).Select(i => new[] { i })];
        List<int> alive = [.. Enumerable.Range(0, count)];
        int[] nearest = [.. alive.Select(i => NearestOf(i, alive, linkage))];
        while (alive.Count > 1)
        {
            int first = alive.MaxBy(i => linkage[i][nearest[i]]);
            int second = nearest[first];
            if (linkage[first][second] <= 0)
            {
                break;
            }

            float own = members[first].Length;
            float other = members[second].Length;
            foreach (int i in alive)
            {
                float mean = ((own * linkage[first][i]) + (other * linkage[second][i])) / (own + other);
                linkage[first][i] = linkage[i][first] = mean;
            }

            members[first] = Join(members[first], members[second], alike);
            alive.Remove(second);
            foreach (int i in alive.Where(i => i == first || nearest[i] == first || nearest[i] == second))
            {
                nearest[i] = NearestOf(i, alive, linkage);
            }
        }

        // What is confused with nothing keeps its order, behind the rest.
        return [.. alive.OrderBy(i => members[i].Length == 1).SelectMany(i => members[i])];
    }

    /// <summary>The share of either class's images that were taken for the other, at [i][j] and [j][i].</summary>
    private static float[][] Alike(IReadOnlyList<int[]> confusion)
    {
        float[] images = [.. confusion.Select(row => (float)Math.Max(1, row.Sum()))];
        return
        [
            .. confusion.Select(
                (row, i) => row.Select((n, j) => i == j ? 0 : (n / images[i]) + (confusion[j][i] / images[j])).ToArray()
            ),
        ];
    }

    private static int NearestOf(int i, List<int> alive, float[][] linkage)
    {
        int nearest = i;
        float most = float.NegativeInfinity;
        foreach (int j in alive)
        {
            if (j != i && linkage[i][j] > most)
            {
                most = linkage[i][j];
                nearest = j;
            }
        }

        return nearest;
    }

    private static int[] Join(int[] left, int[] right, float[][] alike)
    {
        (int[] Left, int[] Right)[] ways =
        [
            (left, right),
            (left, [.. right.Reverse()]),
            ([.. left.Reverse()], right),
            ([.. left.Reverse()], [.. right.Reverse()]),
        ];
        (int[] before, int[] after) = ways.MaxBy(way => alike[way.Left[^1]][way.Right[0]]);
        return [.. before, .. after];
    }
}
