using Proxyless.Architectures;
using Proxyless.Search;
using Xunit;

namespace Proxyless.Tests.Search;

public sealed class ChannelWarmupTests
{
    private static readonly SearchSpace Space = new()
    {
        Name = "warmup",
        Resolution = 8,
        StemWidth = 4,
        StemStride = 1,
        Stages =
        [
            new Stage(
                4,
                40,
                1,
                [.. "mb3e1 mb5e2 mb3e6 zero mb5e4 mb3e3 identity".Split(' ').Select(CandidateOperation.Parse)]
            ),
        ],
        HeadWidth = 8,
    };

    // mb3e6 for kernels of 3, mb5e4 for kernels of 5, the others themselves.
    private static readonly int[] Widest = [2, 4, 2, 3, 4, 2, 6];

    [Fact]
    public void At_first_every_block_trains_the_widest_candidate_of_the_kernel_that_was_drawn()
    {
        int[] path = [.. Enumerable.Range(0, 40).Select(i => i % Widest.Length)];
        Assert.Equal(
            path.Select(candidate => Widest[candidate]),
            new ChannelWarmup(Space).Widen(path, 0, new Random(1))
        );
    }

    [Fact]
    public void In_the_end_every_block_trains_what_was_drawn()
    {
        int[] path = [.. Enumerable.Range(0, 40).Select(i => i % Widest.Length)];
        Assert.Equal(path, new ChannelWarmup(Space).Widen(path, 1, new Random(1)));
    }

    [Fact]
    public void On_the_way_blocks_are_widened_by_the_share_that_is_left()
    {
        int[] path = new int[40];
        var warmup = new ChannelWarmup(Space);
        var random = new Random(1);
        double widened = Enumerable
            .Range(0, 500)
            .Average(_ => warmup.Widen(path, 0.75, random).Count(candidate => candidate == Widest[0]) / 40.0);
        Assert.Equal(0.25, widened, 0.02);
    }
}
