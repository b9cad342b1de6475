using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Tests.Runner;
using Xunit;

namespace Proxyless.Tests.Latency;

public sealed class BlockTimesTests
{
    [Fact]
    [Trait(TestCategory.Name, TestCategory.Measuring)]
    public void Every_part_has_its_time_and_a_block_that_computes_nothing_none()
    {
        SearchSpace space = SearchSpacePresets.ByName("tiny");
        int[] choice =
        [
            .. space
                .Blocks()
                .Select(block =>
                    Math.Max(0, block.Candidates.ToList().FindIndex(candidate => candidate.IsPassThrough))
                ),
        ];
        Architecture network = space.Architecture(choice, 4, "network");
        IReadOnlyList<double> times = BlockTimes.Measure(
            network,
            new LocalTarget(),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(network.Blocks.Count + 3, times.Count);
        Assert.Equal(BlockTimes.Keys(network).Count, times.Count);
        Assert.Contains(network.Blocks, block => block.IsPassThrough);
        for (int i = 0; i < network.Blocks.Count; i++)
        {
            if (network.Blocks[i].IsPassThrough)
            {
                Assert.Equal(0, times[i + 1]);
            }
        }

        // Parts of a few microseconds may be recorded as 0; the whole network is not.
        Assert.True(times.Sum() > 0);
        Assert.All(times, time => Assert.True(time >= 0));
    }
}
