using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Search;
using Proxyless.Training;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Search;

/// <summary>The first step of each update, of which Adam makes the rate against the sign of the gradient.</summary>
public sealed class ArchitectureStepTests : IDisposable
{
    private const int Samples = 3;
    private const double Rate = 0.1;
    private const double Weight = 0.5;
    private readonly SuperNetwork _network = TinyNetworks.Build();
    private readonly ClassificationLoss _loss = new(0.1, null, CPU);
    private readonly ArchitectureParameters _parameters;
    private readonly double[][] _costs;
    private readonly ArchitectureStep _step;
    private readonly Tensor _images;
    private readonly Tensor _labels;

    public ArchitectureStepTests()
    {
        (_images, _labels) = TinyNetworks.Batch();
        _parameters = new ArchitectureParameters(_network.Blocks.Select(block => block.Candidates.Count));
        _costs =
        [
            .. _network.Blocks.Select(
                (block, i) => block.Candidates.Select((_, j) => 0.1 + (0.3 * ((i + (2 * j)) % 5))).ToArray()
            ),
        ];
        var limit = new CostLimit(new SpaceCost("latency", "ms", 0.2, _costs), 1);
        var objective = new SearchObjective(ObjectiveKind.Linear, new SearchLimits(limit), Weight, 100);
        _step = new ArchitectureStep(
            _network,
            _parameters,
            new ArchitectureOptimizer(_parameters),
            objective,
            _loss,
            DataParallel.Alone
        )
        {
            Samples = Samples,
        };
    }

    public void Dispose()
    {
        _network.Dispose();
        _loss.Dispose();
        _images.Dispose();
        _labels.Dispose();
    }

    [Fact]
    public void A_two_path_step_moves_each_pair_towards_the_better_gate_and_leaves_all_others_alone()
    {
        // The same draws: a pair for each block, one of the two active.
        var random = new Random(5);
        (int A, int B)[] pairs = new (int, int)[_costs.Length];
        var path = new int[_costs.Length];
        for (int i = 0; i < path.Length; i++)
        {
            pairs[i] = _parameters.SamplePair(i, random);
            path[i] = random.NextDouble() < 0.5 ? pairs[i].A : pairs[i].B;
        }

        using GatePass pass = GatePass.Run(_network, path, _images, _labels, _loss);
        Assert.Equal(pass.Loss, _step.Run(ArchitectureUpdate.TwoPath, _images, _labels, new Random(5), Rate), 1e-6);
        for (int i = 0; i < path.Length; i++)
        {
            (int a, int b) = pairs[i];
            double difference = GateGradient(pass, i, a) - GateGradient(pass, i, b);
            double[] p = _parameters.Probabilities(i);
            Assert.Equal(-Math.Sign(difference), Math.Sign(p[a] - p[b]));
            Assert.All(
                Enumerable.Range(0, p.Length).Where(j => j != a && j != b),
                j => Assert.Equal(1.0 / p.Length, p[j], 1e-12)
            );
        }
    }

    [Fact]
    public void A_full_path_step_moves_every_candidate_by_how_its_gate_stands_to_the_mean()
    {
        int[] path = _parameters.Sample(new Random(5));
        using GatePass pass = GatePass.Run(_network, path, _images, _labels, _loss);
        Assert.Equal(pass.Loss, _step.Run(ArchitectureUpdate.FullPath, _images, _labels, new Random(5), Rate), 1e-6);
        AssertMoves(
            (i, j) => GateGradient(pass, i, j) - _costs[i].Select((_, k) => GateGradient(pass, i, k)).Average()
        );
    }

    [Fact]
    public void A_reinforce_step_makes_likelier_what_was_rewarded_more_than_the_mean_and_keeps_the_baseline()
    {
        int[][] paths = Draws();
        double[] rewards =
        [
            .. paths.Select(path =>
                PathScore.Of(_network, path, _images, _labels, _loss, DataParallel.Alone).Top1
                - (Weight * Math.Abs(0.2 + path.Select((j, i) => _costs[i][j]).Sum() - 1))
            ),
        ];
        _step.Run(ArchitectureUpdate.Reinforce, _images, _labels, new Random(5), Rate);
        Assert.Equal(rewards.Average(), _step.Baseline.Value!.Value, 1e-12);
        AssertMoves(
            (i, j) =>
                Enumerable
                    .Range(0, Samples)
                    .Sum(m =>
                        (rewards.Average() - rewards[m]) * ((paths[m][i] == j ? 1 : 0) - (1.0 / _costs[i].Length))
                    )
        );
    }

    [Fact]
    public void A_leave_one_out_step_moves_against_the_losses_of_its_samples_and_the_exact_gradient_of_the_costs()
    {
        int[][] paths = Draws();
        double[] losses =
        [
            .. paths.Select(path =>
                PathScore.Of(_network, path, _images, _labels, _loss, DataParallel.Alone).CrossEntropy
            ),
        ];
        Assert.Equal(
            losses.Average(),
            _step.Run(ArchitectureUpdate.LeaveOneOut, _images, _labels, new Random(5), Rate),
            1e-6
        );
        AssertMoves(
            (i, j) =>
            {
                double p = 1.0 / _costs[i].Length;
                double gradient = Weight * p * (_costs[i][j] - _costs[i].Average());
                for (int m = 0; m < Samples; m++)
                {
                    double others = (losses.Sum() - losses[m]) / (Samples - 1);
                    gradient += (losses[m] - others) / Samples * ((paths[m][i] == j ? 1 : 0) - p);
                }

                return gradient;
            }
        );
    }

    /// <summary>The architectures that a step with this seed samples.</summary>
    private int[][] Draws()
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, Samples).Select(_ => _parameters.Sample(random))];
    }

    /// <summary>dL/dg of loss and costs.</summary>
    private double GateGradient(GatePass pass, int block, int candidate) =>
        pass.GateGradient(block, candidate) + (Weight * _costs[block][candidate]);

    private void AssertMoves(Func<int, int, double> gradient)
    {
        for (int i = 0; i < _costs.Length; i++)
        {
            for (int j = 0; j < _costs[i].Length; j++)
            {
                double expected = gradient(i, j);
                Assert.Equal(
                    -Rate * Math.Sign(expected),
                    _parameters.Logits(i)[j],
                    Math.Abs(expected) > 1e-5 ? 1e-3 : 2 * Rate
                );
            }
        }
    }
}
