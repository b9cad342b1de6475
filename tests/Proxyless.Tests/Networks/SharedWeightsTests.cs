using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Tests.Search;
using Proxyless.Training;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Networks;

public sealed class SharedWeightsTests
{
    private const int Narrow = 0;
    private const int Wide = 1;
    private const int LargerKernel = 2;
    private const int WithoutExpansion = 3;

    private static readonly SearchSpace Space = new()
    {
        Name = "shared",
        Resolution = 12,
        StemWidth = 4,
        StemStride = 1,
        Stages = [new Stage(4, 1, 1, [.. "mb3e2 mb3e4 mb5e2 mb3e1".Split(' ').Select(CandidateOperation.Parse)])],
        HeadWidth = 8,
    };

    [Fact]
    public void A_narrower_candidate_is_the_first_channels_of_the_widest()
    {
        using SuperNetwork network = Build(shares: true);
        Fill(network.Blocks[0][Wide].Expand!.Weight, 2);
        Fill(network.Blocks[0][Wide].Depthwise!.Weight, 3);
        Fill(network.Blocks[0][Wide].Project!.Weight, 5);
        Assert.All(GatePassTests.Values(network.Blocks[0][Narrow].Expand!.Weight), value => Assert.Equal(2, value));
        Assert.All(GatePassTests.Values(network.Blocks[0][Narrow].Depthwise!.Weight), value => Assert.Equal(3, value));
        Assert.All(GatePassTests.Values(network.Blocks[0][Narrow].Project!.Weight), value => Assert.Equal(5, value));
        Assert.All(
            GatePassTests.Values(network.Blocks[0][LargerKernel].Project!.Weight),
            value => Assert.Equal(5, value)
        );
    }

    [Fact]
    public void Kernels_of_other_sizes_blocks_without_expansion_and_batch_norms_are_apart()
    {
        using SuperNetwork network = Build(shares: true);
        Fill(network.Blocks[0][Wide].Depthwise!.Weight, 3);
        Fill(network.Blocks[0][Wide].Project!.Weight, 5);
        Fill(network.Blocks[0][Wide].Project!.Scale, 7);
        Assert.DoesNotContain(3, GatePassTests.Values(network.Blocks[0][LargerKernel].Depthwise!.Weight));
        Assert.DoesNotContain(3, GatePassTests.Values(network.Blocks[0][WithoutExpansion].Depthwise!.Weight));
        Assert.DoesNotContain(5, GatePassTests.Values(network.Blocks[0][WithoutExpansion].Project!.Weight));
        Assert.DoesNotContain(7, GatePassTests.Values(network.Blocks[0][Narrow].Project!.Scale));
    }

    [Fact]
    public void Separate_weights_are_apart()
    {
        using SuperNetwork network = Build(shares: false);
        Fill(network.Blocks[0][Wide].Expand!.Weight, 2);
        Assert.DoesNotContain(2, GatePassTests.Values(network.Blocks[0][Narrow].Expand!.Weight));
    }

    [Fact]
    public void A_step_on_a_narrower_candidate_leaves_the_other_channels_and_their_momenta_to_the_bit()
    {
        using SuperNetwork network = Build(shares: true);
        using var optimizer = new SgdOptimizer { WeightDecay = 0.1 };
        NetworkTensor wide = network.Blocks[0][Wide].Project!.Weight;
        Step(network, optimizer, Wide);
        float[,] weights = Matrix(wide.Value);
        float[,] momenta = Matrix(optimizer.MomentumOf(wide)!);
        Step(network, optimizer, Narrow);
        float[,] weightsAfter = Matrix(wide.Value);
        float[,] momentaAfter = Matrix(optimizer.MomentumOf(wide)!);
        int shared = network.Blocks[0][Narrow].Block.HiddenWidth;
        for (int o = 0; o < weights.GetLength(0); o++)
        {
            for (int i = 0; i < weights.GetLength(1); i++)
            {
                Assert.Equal(i >= shared, weights[o, i] == weightsAfter[o, i]);
                Assert.Equal(i >= shared, momenta[o, i] == momentaAfter[o, i]);
            }
        }
    }

    [Fact]
    public void Steps_on_different_candidates_share_one_momentum()
    {
        using var whole = new WholeTensor("whole", tensor(new[] { 1f, 2f, 3f }));
        using NetworkTensor wide = Part(whole, 3);
        using NetworkTensor narrow = Part(whole, 2);
        using var optimizer = new SgdOptimizer { Momentum = 0.9, WeightDecay = 0 };
        double[] x = [1, 2, 3];
        double[] v = [0, 0, 0];
        foreach (NetworkTensor part in new[] { wide, narrow, narrow, wide })
        {
            // L = sum x^2 / 2, so that the gradient is x.
            using Tensor squares = part.Value * part.Value;
            using Tensor sum = squares.sum();
            using Tensor loss = WithScalar.Times(sum, 0.5);
            loss.backward();
            optimizer.Step([part], 0.05);
            for (int i = 0; i < part.Value.numel(); i++)
            {
                v[i] = (0.9 * v[i]) + x[i];
                x[i] -= 0.05 * (x[i] + (0.9 * v[i]));
            }
        }

        Assert.Equal(
            x,
            GatePassTests.Values(wide).Select(value => (double)value),
            (expected, actual) => Math.Abs(expected - actual) < 1e-5
        );
    }

    [Fact]
    public void Gradients_of_parts_are_those_of_a_network_of_its_own()
    {
        foreach (BlockKernels kernels in Enum.GetValues<BlockKernels>())
        {
            // In double precision, for libtorch's 1x1 convolutions in single precision are not right on every processor
            // (docs/decisions/kernels.md).
            using SuperNetwork network = Build(shares: true, kernels, ScalarType.Float64);
            using CompactNetwork compact = network.Extract([Narrow]);
            (Tensor single, Tensor labels) = Batch();
            using (single)
            using (Tensor images = single.to(ScalarType.Float64))
            using (labels)
            using (Tensor ofPath = Loss(network.Forward(images, [Narrow], NormPass.Training), labels))
            using (Tensor ofCompact = Loss(compact.Forward(images, NormPass.Training), labels))
            {
                ofPath.backward();
                ofCompact.backward();
                foreach (
                    (NetworkTensor one, NetworkTensor other) in network
                        .TensorsOf([Narrow])
                        .Zip(compact.Tensors)
                        .Where(pair => pair.First.IsTrained)
                )
                {
                    Assert.True(allclose(one.Value.grad!, other.Value.grad!, rtol: 1e-9, atol: 1e-12), one.Name);
                }
            }
        }
    }

    [Fact]
    public void What_narrower_candidates_use_outlives_the_widest()
    {
        using SuperNetwork network = Build(shares: true);
        using var optimizer = new SgdOptimizer();
        Step(network, optimizer, Wide);
        optimizer.Forget(network.Blocks[0][Wide].Tensors);
        network.Blocks[0].Prune(Wide);
        float[] before = GatePassTests.Values(network.Blocks[0][Narrow].Expand!.Weight);
        Step(network, optimizer, Narrow);
        float[] after = GatePassTests.Values(network.Blocks[0][Narrow].Expand!.Weight);
        Assert.NotEqual(before, after);
        Assert.All(after, value => Assert.True(float.IsFinite(value)));
    }

    private static SuperNetwork Build(
        bool shares,
        BlockKernels kernels = BlockKernels.Proxyless,
        ScalarType precision = ScalarType.Float32
    )
    {
        Libtorch.Load();
        return new SuperNetwork(
            Space,
            3,
            new NetworkOptions
            {
                Seed = 2,
                SharesWeights = shares,
                Kernels = kernels,
                Precision = precision,
            }
        );
    }

    private static NetworkTensor Part(WholeTensor whole, long length)
    {
        Libtorch.Load();
        var part = new NetworkTensor("part", zeros(length).requires_grad_(), TensorRole.Weight);
        part.BecomePartOf(whole, 0);
        return part;
    }

    private static (Tensor Images, Tensor Labels) Batch()
    {
        using var generator = new Generator(5, CPU);
        using Tensor raw = randn(6, 3, 12, 12, generator: generator);
        return (MemoryLayout.ChannelsLast(raw), tensor(new long[] { 0, 1, 2, 0, 1, 2 }));
    }

    private static Tensor Loss(Tensor logits, Tensor labels)
    {
        using (logits)
        {
            return nn.functional.cross_entropy(logits, labels);
        }
    }

    private static void Step(SuperNetwork network, SgdOptimizer optimizer, int candidate)
    {
        (Tensor images, Tensor labels) = Batch();
        using (images)
        using (labels)
        using (Tensor loss = Loss(network.Forward(images, [candidate], NormPass.Training), labels))
        {
            loss.backward();
            optimizer.Step(network.TensorsOf([candidate]), 0.1);
        }
    }

    private static void Fill(NetworkTensor tensor, float value)
    {
        using var withoutGraph = no_grad();
        WithScalar.Fill(tensor.Value, value);
    }

    private static float[,] Matrix(Tensor weights)
    {
        using Tensor detached = weights.detach();
        using Tensor packed = detached.contiguous();
        float[] values = packed.data<float>().ToArray();
        var matrix = new float[weights.shape[0], weights.shape[1]];
        Buffer.BlockCopy(values, 0, matrix, 0, values.Length * sizeof(float));
        return matrix;
    }
}
