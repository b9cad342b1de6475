using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Networks;

public sealed class NestedInitializationTests
{
    private static readonly SearchSpace Space = new()
    {
        Name = "nested",
        Resolution = 12,
        StemWidth = 4,
        StemStride = 1,
        Stages = [new Stage(6, 1, 2, [.. "mb3e2 mb7e2 mb5e4 identity".Split(' ').Select(CandidateOperation.Parse)])],
        HeadWidth = 8,
    };

    [Fact]
    public void Candidates_of_one_expansion_begin_as_one_function_whatever_their_kernel()
    {
        Libtorch.Load();
        using var network = new SuperNetwork(Space, 3, new NetworkOptions { Seed = 2 });
        using Tensor raw = randn(2, 4, 12, 12);
        using Tensor x = MemoryLayout.ChannelsLast(raw);
        using var withoutGraph = no_grad();
        using Tensor small = network.Blocks[0][0].Output(x, NormPass.Frozen)!;
        using Tensor large = network.Blocks[0][1].Output(x, NormPass.Frozen)!;
        using Tensor wide = network.Blocks[0][2].Output(x, NormPass.Frozen)!;
        Assert.True(allclose(small, large, atol: 1e-4));
        Assert.False(allclose(small, wide, atol: 1e-2));
    }

    [Fact]
    public void Each_candidate_has_memory_of_its_own_where_weights_are_separate()
    {
        Libtorch.Load();
        using var network = new SuperNetwork(Space, 3, new NetworkOptions { Seed = 2, SharesWeights = false });
        using (no_grad())
        {
            network.Blocks[0][0].Project!.Weight.Value.zero_();
        }

        using Tensor other = network.Blocks[0][1].Project!.Weight.Value.abs().sum();
        Assert.True(other.item<float>() > 0);
    }
}
