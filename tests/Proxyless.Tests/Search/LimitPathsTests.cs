using Proxyless.Architectures;
using Proxyless.Search;
using Xunit;

namespace Proxyless.Tests.Search;

public sealed class LimitPathsTests
{
    private static readonly SpaceCost Cost = SpaceCost.MultiplyAdds(SearchSpacePresets.ByName("cifar"), 10);

    [Fact]
    public void Every_part_of_the_space_gets_paths_where_even_draws_crowd_in_its_middle()
    {
        const int Draws = 4000;
        var random = new Random(1);
        var paths = new LimitPaths(Cost, All(Cost));
        double[] costs = [.. Enumerable.Range(0, Draws).Select(_ => Cost.Of(paths.Draw(random)))];
        double[] even = Cost.OfRandomNetworks(Draws, seed: 1);

        // Fifths of the range.
        double ShareOf(double[] of, int fifth) =>
            of.Count(cost => (int)(4.999999 * (cost - Cost.Smallest) / (Cost.Largest - Cost.Smallest)) == fifth)
            / (double)Draws;
        for (int fifth = 0; fifth < 5; fifth++)
        {
            Assert.InRange(ShareOf(costs, fifth), 0.1, 0.3);
        }

        Assert.InRange(ShareOf(even, 0) + ShareOf(even, 4), 0, 0.05);
    }

    [Fact]
    public void Candidates_that_are_gone_are_never_drawn_and_all_others_are()
    {
        bool IsLeft(int block, int candidate) => (block + candidate) % 3 != 0;
        var random = new Random(2);
        var paths = new LimitPaths(
            Cost,
            [.. Cost.Candidates.Select((block, i) => block.Select((_, j) => IsLeft(i, j)).ToArray())]
        );
        var drawn = new HashSet<(int, int)>();
        for (int i = 0; i < 3000; i++)
        {
            drawn.UnionWith(paths.Draw(random).Select((candidate, block) => (block, candidate)));
        }

        Assert.Equal(
            Cost.Candidates.SelectMany((block, i) => block.Select((_, j) => (i, j))).Where(one => IsLeft(one.i, one.j)),
            drawn.Order()
        );
    }

    /// <summary>Every candidate of a space.</summary>
    internal static bool[][] All(SpaceCost cost) =>
        [.. cost.Candidates.Select(block => block.Select(_ => true).ToArray())];
}
