using Proxyless.Networks;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.Search;

/// <summary>
/// One step of the architecture parameters on a batch of the architecture split, weights frozen (ProxylessNAS, sections 3.2
/// and 3.3). Costs go through the same gates as the loss, so that both weigh alike.
/// </summary>
public sealed class ArchitectureStep
{
    private readonly SuperNetwork _network;
    private readonly ArchitectureParameters _parameters;
    private readonly ArchitectureOptimizer _optimizer;
    private readonly SearchObjective _objective;
    private readonly ClassificationLoss _loss;

    /// <summary>Creates the step.</summary>
    public ArchitectureStep(
        SuperNetwork network,
        ArchitectureParameters parameters,
        ArchitectureOptimizer optimizer,
        SearchObjective objective,
        ClassificationLoss loss)
    {
        _network = network;
        _parameters = parameters;
        _optimizer = optimizer;
        _objective = objective;
        _loss = loss;
    }

    /// <summary>Whether two-path gradients are weighted by <see cref="ArchitectureGradients.PairCorrection"/>.</summary>
    public bool CorrectsPairs { get; init; }

    /// <summary>dL/dH of the entropy term, set by <see cref="EntropyAnnealing"/>.</summary>
    public double EntropySlope { get; set; }

    /// <summary>Two candidates of each block, drawn without replacement; one of them is active.</summary>
    /// <returns>The batch's cross entropy along the active path.</returns>
    public double TwoPath(Tensor images, Tensor labels, Random random, double rate)
    {
        double[][] p = _parameters.Probabilities();
        var path = new int[_parameters.Blocks];
        var pairs = new (int A, int B)?[_parameters.Blocks];
        for (int i = 0; i < path.Length; i++)
        {
            int[] alive = _parameters.AliveIn(i);
            if (alive.Length == 1)
            {
                path[i] = alive[0];
                continue;
            }

            (int a, int b) = _parameters.SamplePair(i, random);
            pairs[i] = (a, b);
            path[i] = random.NextDouble() * (p[i][a] + p[i][b]) < p[i][a] ? a : b;
        }

        using GatePass pass = GatePass.Run(_network, path, images, labels, _loss);
        ObjectivePoint point = PointAt(pass.Loss, p);
        for (int i = 0; i < path.Length; i++)
        {
            if (pairs[i] is not (int a, int b))
            {
                continue;
            }

            double gateA = Gate(pass, point, i, a);
            double gateB = Gate(pass, point, i, b);
            double gradient = ArchitectureGradients.OfPair(gateA, gateB, p[i][a], p[i][b]);
            if (CorrectsPairs)
            {
                gradient *= ArchitectureGradients.PairCorrection(p[i][a], p[i][b]);
            }

            gradient += EntropySlope * EntropyAnnealing.PairGradient(p[i][a], p[i][b]);
            _optimizer.StepPair(i, a, b, gradient, -gradient, rate);
        }

        return pass.Loss;
    }

    /// <summary>All candidates of each block; one drawn by its probability is active.</summary>
    /// <returns>The batch's cross entropy along the active path.</returns>
    public double FullPath(Tensor images, Tensor labels, Random random, double rate)
    {
        double[][] p = _parameters.Probabilities();
        int[] path = _parameters.Sample(random);
        using GatePass pass = GatePass.Run(_network, path, images, labels, _loss);
        ObjectivePoint point = PointAt(pass.Loss, p);
        for (int i = 0; i < path.Length; i++)
        {
            int[] alive = _parameters.AliveIn(i);
            if (alive.Length == 1)
            {
                continue;
            }

            var gates = new double[p[i].Length];
            foreach (int j in alive)
            {
                gates[j] = Gate(pass, point, i, j);
            }

            double[] gradient = ArchitectureGradients.ThroughSoftmax(gates, p[i]);
            AddEntropy(gradient, p[i]);
            _optimizer.Step(i, gradient, rate);
        }

        return pass.Loss;
    }

    /// <summary>Sampled architectures and their rewards: gradient -(R - b) * grad log p, averaged over the samples.</summary>
    /// <param name="images">[N, C, H, W] of the architecture split.</param>
    /// <param name="labels">[N], int64.</param>
    /// <param name="random">Draws the architectures.</param>
    /// <param name="rate">About what a logit moves.</param>
    /// <param name="samples">M, the number of architectures.</param>
    /// <param name="baseline">b; read before the batch, moved after it.</param>
    /// <returns>The mean cross entropy of the samples.</returns>
    public double Reinforce(Tensor images, Tensor labels, Random random, double rate, int samples, RewardBaseline baseline)
    {
        ArgumentNullException.ThrowIfNull(baseline);
        double[][] p = _parameters.Probabilities();
        var paths = new int[samples][];
        var rewards = new double[samples];
        double loss = 0;
        using (var withoutGraph = no_grad())
        {
            for (int m = 0; m < samples; m++)
            {
                paths[m] = _parameters.Sample(random);
                using Tensor logits = _network.Forward(images, paths[m], NormPass.Frozen);
                using Tensor value = _loss.Of(logits, labels);
                loss += value.item<float>() / samples;
                var accuracy = new TopAccuracy();
                accuracy.Add(logits, labels);
                rewards[m] = _objective.Reward(accuracy.Top1, [.. _objective.Limits.Select(limit => limit.Cost.Of(paths[m]))]);
            }
        }

        double b = baseline.Before(rewards);
        for (int i = 0; i < p.Length; i++)
        {
            var gradient = new double[p[i].Length];
            for (int m = 0; m < samples; m++)
            {
                for (int j = 0; j < gradient.Length; j++)
                {
                    double score = (paths[m][i] == j ? 1 : 0) - p[i][j];
                    gradient[j] -= (rewards[m] - b) * score / samples;
                }
            }

            AddEntropy(gradient, p[i]);
            _optimizer.Step(i, gradient, rate);
        }

        baseline.Update(rewards);
        return loss;
    }

    private double Gate(GatePass pass, ObjectivePoint point, int block, int candidate)
    {
        double gate = point.CrossEntropySlope * pass.GateGradient(block, candidate);
        for (int c = 0; c < point.CostSlopes.Count; c++)
        {
            gate += point.CostSlopes[c] * _objective.Limits[c].Cost.Candidates[block][candidate];
        }

        return gate;
    }

    private ObjectivePoint PointAt(double crossEntropy, double[][] probabilities) =>
        _objective.At(crossEntropy, [.. _objective.Limits.Select(limit => limit.Cost.Expectation(probabilities))]);

    private void AddEntropy(double[] gradient, double[] probabilities)
    {
        double[] entropy = EntropyAnnealing.Gradient(probabilities);
        for (int j = 0; j < gradient.Length; j++)
        {
            gradient[j] += EntropySlope * entropy[j];
        }
    }
}
