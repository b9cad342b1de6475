using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;
using Proxyless.Tests.Search;
using Proxyless.Training;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Kernels;

public sealed unsafe class MomentumKernelTests
{
    static MomentumKernelTests() => Libtorch.Load();

    [Theory]
    [InlineData(16)]
    [InlineData(8)]
    [InlineData(4)]
    [InlineData(1)]
    public void Every_width_follows_the_formula_across_tensors_of_any_length(int widest)
    {
        var random = new Random(widest);
        float[][] Arrays(params int[] lengths) =>
            [
                .. lengths.Select(length =>
                    Enumerable.Range(0, length).Select(_ => random.NextSingle() - 0.5f).ToArray()
                ),
            ];
        int[] lengths = [3, 100_003, 0, 16, 29];
        float[][] weights = Arrays(lengths);
        float[][] gradients = Arrays(lengths);
        float[][] momenta = Arrays(lengths);
        double[][] expectedMomenta =
        [
            .. lengths.Select(
                (length, t) =>
                    Enumerable
                        .Range(0, length)
                        .Select(i => (0.9 * momenta[t][i]) + gradients[t][i] + (Decay(t) * weights[t][i]))
                        .ToArray()
            ),
        ];
        double[][] expectedWeights =
        [
            .. lengths.Select(
                (length, t) =>
                    Enumerable
                        .Range(0, length)
                        .Select(i =>
                            weights[t][i]
                            - (0.1 * (gradients[t][i] + (Decay(t) * weights[t][i]) + (0.9 * expectedMomenta[t][i])))
                        )
                        .ToArray()
            ),
        ];
        var pins = new List<System.Runtime.InteropServices.GCHandle>();
        nint Pin(float[] array)
        {
            pins.Add(
                System.Runtime.InteropServices.GCHandle.Alloc(array, System.Runtime.InteropServices.GCHandleType.Pinned)
            );
            return pins[^1].AddrOfPinnedObject();
        }

        MomentumSegment[] segments =
        [
            .. lengths.Select(
                (length, t) =>
                    new MomentumSegment(Pin(weights[t]), Pin(gradients[t]), Pin(momenta[t]), length, Decay(t))
            ),
        ];
        MomentumKernel.Step(segments, 0.1f, 0.9f, widest);
        pins.ForEach(pin => pin.Free());
        for (int t = 0; t < lengths.Length; t++)
        {
            for (int i = 0; i < lengths[t]; i++)
            {
                Assert.Equal(expectedMomenta[t][i], momenta[t][i], 1e-6);
                Assert.Equal(expectedWeights[t][i], weights[t][i], 1e-6);
            }
        }
    }

    [Fact]
    public void A_network_moves_as_with_libtorchs_operators_whatever_the_layout_of_its_tensors()
    {
        using SuperNetwork network = TinyNetworks.Build();
        using SuperNetwork reference = TinyNetworks.Build();
        NetworkTensor[] tensors = [.. network.Tensors.Where(tensor => tensor.IsTrained)];
        NetworkTensor[] others = [.. reference.Tensors.Where(tensor => tensor.IsTrained)];
        using var ours = new SgdOptimizer { WeightDecay = 0.1 };
        using var libtorchs = new SgdOptimizer { WeightDecay = 0.1, Kernels = BlockKernels.Libtorch };
        for (int step = 0; step < 3; step++)
        {
            Differentiate(tensors);
            Differentiate(others);
            ours.Step(tensors, 0.1);
            libtorchs.Step(others, 0.1);
        }

        Assert.Contains(
            tensors,
            tensor => tensor.Value.dim() == 4 && tensor.Value.shape[1] > 1 && !tensor.Value.is_contiguous()
        );
        foreach ((NetworkTensor tensor, NetworkTensor other) in tensors.Zip(others))
        {
            Assert.Null(tensor.Value.grad);
            using var scope = NewDisposeScope();
            using Tensor difference = (tensor.Value - other.Value).abs().max();
            using Tensor moved = (ours.MomentumOf(tensor)! - libtorchs.MomentumOf(other)!).abs().max();
            Assert.InRange(difference.item<float>(), 0, 1e-5);
            Assert.InRange(moved.item<float>(), 0, 1e-5);
        }
    }

    [Fact]
    public void What_lies_between_the_numbers_of_a_part_does_not_move()
    {
        // Two of four columns: a row's numbers lie side by side, rows do not.
        using var whole = new WholeTensor("whole", ones(3, 4));
        using var part = new NetworkTensor("part", ones(3, 2).requires_grad_(), TensorRole.ScaleOrBias);
        part.BecomePartOf(whole, 1);
        using Tensor gradients = ones(3, 4);
        using Tensor gradient = gradients.narrow(1, 0, 2);
        part.Value.grad = gradient;
        using var optimizer = new SgdOptimizer();
        optimizer.Step([part], 0.1);
        float moved = 1 - (0.1f * 1.9f);
        Assert.Equal(
            [moved, moved, 1, 1, moved, moved, 1, 1, moved, moved, 1, 1],
            whole.Value.data<float>().ToArray(),
            (x, y) => Math.Abs(x - y) < 1e-6
        );
    }

    [Fact]
    public void Dense_is_what_fills_its_memory_in_whatever_order()
    {
        using Tensor whole = ones(3, 4, 2);
        using Tensor turned = whole.permute(2, 0, 1);
        using Tensor part = whole.narrow(1, 0, 3);
        using Tensor first = whole.narrow(0, 0, 2);
        using Tensor number = ones(1);
        using Tensor many = number.expand(3);
        Assert.True(SgdOptimizer.IsDense(whole));
        Assert.True(SgdOptimizer.IsDense(turned));
        Assert.True(SgdOptimizer.IsDense(first));
        Assert.False(SgdOptimizer.IsDense(part));
        Assert.False(SgdOptimizer.IsDense(many));
    }

    private static float Decay(int tensor) => tensor % 2 == 0 ? 0.1f : 0;

    // A gradient that differs from place to place: that of sum w^2 r / 2, r counting up in logical order.
    private static void Differentiate(IEnumerable<NetworkTensor> tensors)
    {
        foreach (NetworkTensor tensor in tensors)
        {
            using var scope = NewDisposeScope();
            long count = tensor.Value.numel();
            Tensor order = TorchSharp.torch.tensor(
                Enumerable.Range(0, (int)count).Select(i => (2f * i / Math.Max(1, count - 1)) - 1).ToArray(),
                tensor.Value.shape
            );
            Tensor loss = WithScalar.Times((tensor.Value * tensor.Value * order).sum(), 0.5);
            loss.backward();
        }
    }
}
