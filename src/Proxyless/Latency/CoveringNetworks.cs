using Proxyless.Architectures;

namespace Proxyless.Latency;

/// <summary>
/// A few networks that together take every candidate of every block at least once: as many as the block with the most
/// candidates has.
/// </summary>
internal static class CoveringNetworks
{
    /// <summary>The choices of the networks; each block orders its candidates independently.</summary>
    public static IReadOnlyList<int[]> Choices(SearchSpace space, Random random)
    {
        IReadOnlyList<SearchBlock> blocks = space.Blocks();
        int[][] orders = [.. blocks.Select(block => Shuffled(block.Candidates.Count, random))];
        int networks = orders.Max(order => order.Length);
        return
        [
            .. Enumerable
                .Range(0, networks)
                .Select(network => orders.Select(order => order[network % order.Length]).ToArray()),
        ];
    }

    private static int[] Shuffled(int count, Random random)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        random.Shuffle(order);
        return order;
    }
}
