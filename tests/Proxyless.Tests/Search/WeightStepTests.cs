using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Training;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Search;

public sealed class WeightStepTests
{
    private static readonly int[] Path = [0, 1, 0, 1];

    [Fact]
    public void What_was_not_sampled_keeps_weights_statistics_and_momenta_to_the_bit()
    {
        using SuperNetwork network = TinyNetworks.Build();
        using var optimizer = new SgdOptimizer { WeightDecay = 0.1 };
        Step(network, optimizer, [1, 0, 1, 0]);
        Step(network, optimizer, Path);
        var sampled = network.TensorsOf(Path).ToHashSet();
        NetworkTensor[] others = [.. network.Tensors.Where(tensor => !sampled.Contains(tensor))];
        float[][] weights = [.. others.Select(GatePassTests.Values)];
        float[]?[] momenta = [.. others.Select(tensor => Momentum(optimizer, tensor))];
        float[][] before = [.. sampled.Select(GatePassTests.Values)];
        Step(network, optimizer, Path);
        Assert.Equal(weights, others.Select(GatePassTests.Values));
        Assert.Equal(momenta, others.Select(tensor => Momentum(optimizer, tensor)));
        Assert.NotEqual(before, sampled.Select(GatePassTests.Values));
        Assert.Contains(momenta, momentum => momentum is not null);
    }

    [Fact]
    public void Sgd_follows_nesterovs_formula_and_spares_batch_norm_from_decay()
    {
        Runtime.Libtorch.Load();
        using var weight = new NetworkTensor("w", tensor(new[] { 1f, -2f }).requires_grad_(), TensorRole.Weight);
        using var shift = new NetworkTensor("b", tensor(new[] { 1f, -2f }).requires_grad_(), TensorRole.ScaleOrBias);
        using var optimizer = new SgdOptimizer { Momentum = 0.9, WeightDecay = 0.1 };
        double[] w = [1, -2];
        double[] b = [1, -2];
        double[] vw = [0, 0];
        double[] vb = [0, 0];
        for (int step = 0; step < 3; step++)
        {
            foreach (
                (NetworkTensor tensor, double[] x, double[] v, double decay) in new[]
                {
                    (weight, w, vw, 0.1),
                    (shift, b, vb, 0.0),
                }
            )
            {
                // L = sum x^2 / 2, so that the gradient is x.
                using Tensor squares = tensor.Value * tensor.Value;
                using Tensor sum = squares.sum();
                using Tensor loss = WithScalar.Times(sum, 0.5);
                loss.backward();
                for (int i = 0; i < 2; i++)
                {
                    double g = x[i] + (decay * x[i]);
                    v[i] = (0.9 * v[i]) + g;
                    x[i] -= 0.05 * (g + (0.9 * v[i]));
                }
            }

            optimizer.Step([weight, shift], 0.05);
            Assert.Null(weight.Value.grad);
        }

        Assert.Equal(
            w,
            GatePassTests.Values(weight).Select(value => Math.Round((double)value, 6)),
            (x, y) => Math.Abs(x - y) < 1e-5
        );
        Assert.Equal(
            b,
            GatePassTests.Values(shift).Select(value => Math.Round((double)value, 6)),
            (x, y) => Math.Abs(x - y) < 1e-5
        );
    }

    [Fact]
    public void An_extracted_path_computes_what_the_super_network_computes()
    {
        using SuperNetwork network = TinyNetworks.Build();
        using var optimizer = new SgdOptimizer();
        Step(network, optimizer, Path);
        (Tensor images, _) = TinyNetworks.Batch();
        using CompactNetwork compact = network.Extract(Path);
        using var withoutGraph = no_grad();
        using Tensor expected = network.Forward(images, Path, NormPass.Evaluation);
        using Tensor actual = compact.Forward(images, NormPass.Evaluation);
        Assert.Equal(expected.data<float>().ToArray(), actual.data<float>().ToArray());
    }

    [Fact]
    public void Pruning_never_takes_what_the_limit_needs()
    {
        var parameters = new ArchitectureParameters(
            TinyNetworks.Space.Blocks().Select(block => block.Candidates.Count)
        );
        SpaceCost cost = SpaceCost.MultiplyAdds(TinyNetworks.Space, TinyNetworks.Classes);
        int cheapest = Array.IndexOf(cost.Candidates[2], cost.Candidates[2].Min());
        parameters.Learn(2, cheapest, -20);
        parameters.Learn(0, 0, -20);
        IReadOnlyList<(int, int)> pruned = new PathPruning(0.01, [new CostLimit(cost, cost.Smallest)]).Prune(
            parameters
        );
        Assert.Equal([(0, 0)], pruned);
        Assert.True(parameters.IsAlive(2, cheapest));
        Assert.Equal(0, parameters.Probabilities(0)[0]);
        Assert.Equal(1, parameters.Probabilities(0).Sum(), 1e-12);
    }

    private static void Step(SuperNetwork network, SgdOptimizer optimizer, int[] path)
    {
        (Tensor images, Tensor labels) = TinyNetworks.Batch();
        using var loss = new ClassificationLoss(0.1, null, CPU);
        using Tensor logits = network.Forward(images, path, NormPass.Training);
        using Tensor value = loss.Of(logits, labels);
        value.backward();
        optimizer.Step(network.TensorsOf(path), 0.1);
    }

    private static float[]? Momentum(SgdOptimizer optimizer, NetworkTensor tensor)
    {
        using Tensor? packed = optimizer.MomentumOf(tensor)?.contiguous();
        return packed?.data<float>().ToArray();
    }
}
