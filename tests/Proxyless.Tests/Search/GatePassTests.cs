using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Training;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Search;

public sealed class GatePassTests
{
    [Fact]
    public void Gate_gradients_equal_finite_differences_of_the_loss_over_real_valued_gates()
    {
        using SuperNetwork network = TinyNetworks.Build(precision: ScalarType.Float64);
        (Tensor images, Tensor labels) = TinyNetworks.Batch(precision: ScalarType.Float64);
        using var loss = new ClassificationLoss(0.1, null, CPU);
        foreach (
            int[] path in (int[][])
                [
                    [0, 1, 0, 2],
                    [2, 0, 2, 1],
                    [3, 3, 1, 3],
                ]
        )
        {
            using GatePass pass = GatePass.Run(network, path, images, labels, loss);
            for (int block = 0; block < path.Length; block++)
            {
                for (int j = 0; j < network.Blocks[block].Candidates.Count; j++)
                {
                    double difference = FiniteDifference(network, path, images, labels, loss, block, j);
                    Assert.Equal(difference, pass.GateGradient(block, j), 1e-6 + (1e-4 * Math.Abs(difference)));
                }
            }
        }
    }

    [Fact]
    public void The_loss_is_that_of_the_active_path()
    {
        using SuperNetwork network = TinyNetworks.Build();
        (Tensor images, Tensor labels) = TinyNetworks.Batch();
        using var loss = new ClassificationLoss(0.1, null, CPU);
        int[] path = [1, 0, 1, 0];
        using GatePass pass = GatePass.Run(network, path, images, labels, loss);
        Assert.Equal(LossWithGates(network, path, images, labels, loss, 0, path[0], 1), pass.Loss, 1e-4);
    }

    [Fact]
    public void A_zero_path_has_a_gate_gradient_of_exactly_zero()
    {
        using SuperNetwork network = TinyNetworks.Build();
        (Tensor images, Tensor labels) = TinyNetworks.Batch();
        using var loss = new ClassificationLoss(0.1, null, CPU);
        using GatePass pass = GatePass.Run(network, [3, 3, 0, 3], images, labels, loss);
        Assert.Equal(0, pass.GateGradient(1, 3));
    }

    [Fact]
    public void Nothing_is_written_weights_get_no_gradient_and_statistics_stay()
    {
        using SuperNetwork network = TinyNetworks.Build();
        (Tensor images, Tensor labels) = TinyNetworks.Batch();
        using var loss = new ClassificationLoss(0.1, null, CPU);
        float[][] before = [.. network.Tensors.Select(Values)];
        using GatePass pass = GatePass.Run(network, [0, 1, 0, 1], images, labels, loss);
        _ = pass.GateGradient(0, 1);
        Assert.Equal(before, network.Tensors.Select(Values));
        Assert.All(network.Tensors, tensor => Assert.Null(tensor.Value.grad));
        Assert.All(
            network.Tensors.Where(tensor => tensor.IsTrained),
            tensor => Assert.True(tensor.Value.requires_grad)
        );
    }

    [Fact]
    public void A_pass_that_fails_keeps_nothing_and_leaves_weights_that_can_be_trained()
    {
        using SuperNetwork network = TinyNetworks.Build(precision: ScalarType.Float64);
        (Tensor images, Tensor labels) = TinyNetworks.Batch(precision: ScalarType.Float64);
        using Tensor wrong = WithScalar.Plus(labels, TinyNetworks.Classes);
        using var loss = new ClassificationLoss(0.1, null, CPU);
        int[] path = [0, 1, 0, 2];
        using (TorchSharp.DisposeScope scope = NewDisposeScope())
        {
            Assert.ThrowsAny<Exception>(() => GatePass.Run(network, path, images, wrong, loss));
            Assert.Equal(0, scope.DisposablesCount);
        }

        IEnumerable<NetworkTensor> trained = network.TensorsOf(path).Where(tensor => tensor.IsTrained);
        Assert.All(trained, tensor => Assert.True(tensor.Value.requires_grad));
        GatePass.Run(network, path, images, labels, loss).Dispose();
    }

    internal static float[] Values(NetworkTensor tensor)
    {
        using Tensor detached = tensor.Value.detach();
        using Tensor packed = detached.contiguous();
        return packed.data<float>().ToArray();
    }

    private static double FiniteDifference(
        SuperNetwork network,
        int[] path,
        Tensor images,
        Tensor labels,
        ClassificationLoss loss,
        int block,
        int candidate
    )
    {
        // Small enough that no activation crosses a kink of relu6 between the two points.
        const double Step = 1e-6;
        double active = candidate == path[block] ? 1 : 0;
        double up = LossWithGates(network, path, images, labels, loss, block, candidate, active + Step);
        double down = LossWithGates(network, path, images, labels, loss, block, candidate, active - Step);
        return (up - down) / (2 * Step);
    }

    /// <summary>
    /// The loss with y = sum_j g_j o_j(x) (+ x) in one block: g is 1 for the active candidate, and
    /// <paramref name="gate"/> for one.
    /// </summary>
    private static double LossWithGates(
        SuperNetwork network,
        int[] path,
        Tensor images,
        Tensor labels,
        ClassificationLoss loss,
        int block,
        int candidate,
        double gate
    )
    {
        using var withoutGraph = no_grad();
        Tensor x = network.Begin(images, NormPass.Frozen);
        for (int i = 0; i < path.Length; i++)
        {
            Tensor y = network.Blocks[i][path[i]].Forward(x, NormPass.Frozen);
            if (i == block)
            {
                using Tensor? output = network.Blocks[i][candidate].Output(x, NormPass.Frozen);
                double extra = candidate == path[i] ? gate - 1 : gate;
                using Tensor? share = output is null ? null : WithScalar.Times(output, extra);
                y = share is null ? y : WithScalar.Sum(y, share);
            }

            x = y;
        }

        using Tensor logits = network.Head.Forward(x, NormPass.Frozen, 0);
        using Tensor value = loss.Of(logits, labels);
        return WithScalar.ToDouble(value);
    }
}
