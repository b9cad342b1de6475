using Proxyless.Architectures;
using Proxyless.Bench;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.Bench;

[Collection(nameof(WholeRuns))]
public sealed class BlockFloorBenchTests
{
    /// <summary>mb3e6 of 16 channels at 56x56 to 24 at 28x28, counted by hand.</summary>
    [Fact]
    public void A_block_moves_its_input_and_what_lies_behind_its_depthwise_convolution()
    {
        Block block = SearchSpacePresets
            .ByName("imagenet-mobile")
            .WithInput(112, 3)
            .Blocks()
            .SelectMany(each => each.Candidates)
            .First(each => each.Key.StartsWith("mb3e6 16x56x56 24", StringComparison.Ordinal));
        const double Input = 56 * 56 * 16;
        const double Depthwise = 28 * 28 * 96;
        const double Projected = 28 * 28 * 24;
        Assert.Equal(4 * 32 * ((3 * Input) + (6 * (Depthwise + Projected))), BlockFloorBench.Bytes(block, batch: 32));
    }

    [Fact]
    public void Each_block_is_compared_with_its_floor_and_the_one_that_loses_most_is_first()
    {
        var options = new BenchOptions
        {
            Space = "tiny",
            Batch = 2,
            Resolution = 16,
            Steps = 1,
            Threads = 1,
        };
        IReadOnlyList<BlockFloorRow> rows = BlockFloorBench.Measure(
            options,
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(rows.Count, rows.Select(row => row.Block).Distinct().Count());
        Assert.Equal(rows.OrderByDescending(row => row.LostMs), rows);
        Assert.All(
            rows,
            row =>
            {
                Assert.True(row.ComputeMs > 0 && row.MemoryMs > 0 && row.Ms > 0);
                Assert.Equal(Math.Max(row.ComputeMs, row.MemoryMs), row.FloorMs);
                bool hasExpansion = !row.Block.Contains("e1 ", StringComparison.Ordinal);
                Assert.Equal(hasExpansion, row.StoredMs > 0);
                Assert.Equal(hasExpansion, row.TiledMs > 0);
            }
        );
    }
}
