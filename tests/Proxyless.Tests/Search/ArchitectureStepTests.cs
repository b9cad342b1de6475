using Proxyless.Networks;
using Proxyless.Search;
using Proxyless.Spaces;
using Proxyless.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Search;

public sealed class ArchitectureStepTests
{
    private const int Samples = 3;
    private const double Rate = 0.1;

    [Fact]
    public void A_leave_one_out_step_moves_against_the_losses_of_its_samples_and_the_exact_gradient_of_the_costs()
    {
        using SuperNetwork network = TinyNetworks.Build();
        (Tensor images, Tensor labels) = TinyNetworks.Batch();
        using var loss = new ClassificationLoss(0.1, null, CPU);
        var parameters = new ArchitectureParameters(network.Blocks.Select(block => block.Candidates.Count));
        double[][] costs = [.. network.Blocks.Select((block, i) => block.Candidates.Select((_, j) => 0.1 + (0.3 * ((i + (2 * j)) % 5))).ToArray())];
        var limit = new CostLimit(new SpaceCost("latency", "ms", 0.2, costs), 1);
        var objective = new SearchObjective(ObjectiveKind.Linear, [limit], 0.5, 100);
        var step = new ArchitectureStep(network, parameters, new ArchitectureOptimizer(parameters), objective, loss) { Samples = Samples };

        // The same draws, scored one by one.
        double[][] p = parameters.Probabilities();
        var random = new Random(5);
        int[][] paths = [.. Enumerable.Range(0, Samples).Select(_ => parameters.Sample(random))];
        double[] losses = [.. paths.Select(path => Loss(network, path, images, labels, loss))];
        double mean = step.Run(ArchitectureUpdate.LeaveOneOut, images, labels, new Random(5), Rate);

        Assert.Equal(losses.Average(), mean, 1e-6);
        for (int i = 0; i < p.Length; i++)
        {
            for (int j = 0; j < p[i].Length; j++)
            {
                double gradient = 0.5 * p[i][j] * (costs[i][j] - p[i].Zip(costs[i]).Sum(one => one.First * one.Second));
                for (int m = 0; m < Samples; m++)
                {
                    double others = (losses.Sum() - losses[m]) / (Samples - 1);
                    gradient += (losses[m] - others) / Samples * ((paths[m][i] == j ? 1 : 0) - p[i][j]);
                }

                // The first step of Adam: the rate, against the sign of the gradient.
                Assert.Equal(-Rate * Math.Sign(gradient), parameters.Logits[i][j], Math.Abs(gradient) > 1e-5 ? 1e-3 : 2 * Rate);
            }
        }
    }

    private static double Loss(SuperNetwork network, int[] path, Tensor images, Tensor labels, ClassificationLoss loss)
    {
        using var withoutGraph = no_grad();
        using Tensor logits = network.Forward(images, path, NormPass.Frozen);
        using Tensor value = loss.Of(logits, labels);
        return value.ToDouble();
    }
}
