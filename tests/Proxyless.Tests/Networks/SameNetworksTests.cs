using Proxyless.Networks;
using Proxyless.Tests.Search;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Networks;

/// <summary>
/// Different choices that are the same network: where a block keeps its shape, two candidates compute nothing.
/// </summary>
public sealed class SameNetworksTests
{
    // In each block but the third, which changes the shape.
    private const int Identity = 2;
    private const int Zero = 3;

    [Fact]
    public void Of_candidates_that_compute_nothing_the_first_that_is_left_stands_for_all()
    {
        using SuperNetwork network = TinyNetworks.Build();
        bool[][] all =
        [
            [true, true, true, false],
            [true, true, true, false],
            [true, true, true],
            [true, true, true, false],
        ];
        Assert.Equal(all, network.IsDifferent());
        Assert.Equal([Identity, 0, Identity, Identity], network.WithoutCopies([Zero, 0, Identity, Zero]));
        Assert.Equal([1, Identity, 0, 0], network.WithoutCopies([1, Identity, 0, 0]));
        network.Blocks[0].Prune(Identity);
        network.Blocks[1].Prune(0);
        network.Blocks[3].Prune(Zero);
        bool[][] left =
        [
            [true, true, false, true],
            [false, true, true, false],
            [true, true, true],
            [true, true, true, false],
        ];
        Assert.Equal(left, network.IsDifferent());
        Assert.Equal([Zero, Identity, 0, Identity], network.WithoutCopies([Identity, Zero, 0, Zero]));
        network.Blocks[0].Prune(Zero);
        Assert.Equal([Zero, 0, 0, 0], network.WithoutCopies([Zero, 0, 0, 0]));
    }

    [Fact]
    public void What_stands_for_a_network_computes_the_same()
    {
        using SuperNetwork network = TinyNetworks.Build();
        using var withoutGraph = no_grad();
        (Tensor images, Tensor labels) = TinyNetworks.Batch();
        using (images)
        using (labels)
        {
            var different = new HashSet<string>();
            for (int number = 0; number < 4 * 4 * 3 * 4; number++)
            {
                int[] path = [number % 4, number / 4 % 4, number / 16 % 3, number / 48];
                int[] kept = network.WithoutCopies(path);
                using Tensor logits = network.Forward(images, path, NormPass.Evaluation);
                using Tensor same = network.Forward(images, kept, NormPass.Evaluation);
                Assert.Equal(logits.data<float>().ToArray(), same.data<float>().ToArray());
                Assert.Equal(Network(path), Network(kept));
                different.Add(string.Join(' ', kept));
            }

            Assert.Equal(3 * 3 * 3 * 3, different.Count);
        }

        string Network(int[] path) =>
            string.Join(
                ' ',
                TinyNetworks
                    .Space.Architecture(path, TinyNetworks.Classes, "network")
                    .Blocks.Where(block => !block.IsPassThrough)
                    .Select(block => block.Key)
            );
    }
}
