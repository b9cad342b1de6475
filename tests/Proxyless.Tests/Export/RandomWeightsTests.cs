using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.Export;

public sealed class RandomWeightsTests
{
    private static readonly Architecture Network = SmallSpace.Network(0, 1, 2);

    [Fact]
    public void The_same_seed_gives_the_same_weights_in_any_order()
    {
        var first = new RandomWeights(Network, seed: 3);
        var second = new RandomWeights(Network, seed: 3);
        float[] stem = first.Stem.Weight;
        float[] depthwise = first.Block(1, BlockConvolution.Depthwise).Weight;

        Assert.Equal(depthwise, second.Block(1, BlockConvolution.Depthwise).Weight);
        Assert.Equal(stem, second.Stem.Weight);
        Assert.NotEqual(stem, new RandomWeights(Network, seed: 4).Stem.Weight);
    }

    [Fact]
    public void Two_blocks_of_one_shape_have_different_weights()
    {
        Architecture network = SmallSpace.Network(0, 0, 0);
        var weights = new RandomWeights(network);
        Assert.Equal(network.Blocks[2].Key, network.Blocks[3].Key);
        Assert.NotEqual(
            weights.Block(2, BlockConvolution.Expand).Weight,
            weights.Block(3, BlockConvolution.Expand).Weight
        );
    }
}
