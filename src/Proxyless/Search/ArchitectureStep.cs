using Proxyless.Networks;
using Proxyless.Training;
using TorchSharp;
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

            gradient += EntropySlope * EntropyAnnealing.PairGradient(p[i][a], p[i][b], _parameters.CostLogits[i][a] - _parameters.CostLogits[i][b]);
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
            AddEntropy(gradient, p[i], _parameters.CostLogits[i]);
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
        int[][] paths = SamplePaths(samples, random);
        var rewards = new double[samples];
        double loss = 0;
        for (int m = 0; m < samples; m++)
        {
            (double crossEntropy, double accuracy) = Score(paths[m], images, labels);
            loss += crossEntropy / samples;
            rewards[m] = _objective.Reward(accuracy, [.. _objective.Limits.Select(limit => limit.Cost.Of(paths[m]))]);
        }

        double b = baseline.Before(rewards);
        double[][] gradient = ArchitectureGradients.OfSamples(paths, [.. rewards.Select(reward => (b - reward) / samples)], p);
        for (int i = 0; i < p.Length; i++)
        {
            AddEntropy(gradient[i], p[i], _parameters.CostLogits[i]);
            _optimizer.Step(i, gradient[i], rate);
        }

        baseline.Update(rewards);
        return loss;
    }

    /// <summary>
    /// Sampled architectures and their losses on the same images (<see cref="ArchitectureGradients.LeaveOneOut"/>): neither the
    /// images' difficulty nor what all samples share adds to the variance. Costs, whose expectations are known, come in by their
    /// exact gradient.
    /// </summary>
    /// <param name="images">[N, C, H, W] of the architecture split.</param>
    /// <param name="labels">[N], int64.</param>
    /// <param name="random">Draws the architectures.</param>
    /// <param name="rate">About what a logit moves.</param>
    /// <param name="samples">M, the number of architectures, 2 at least.</param>
    /// <returns>The mean cross entropy of the samples.</returns>
    public double LeaveOneOut(Tensor images, Tensor labels, Random random, double rate, int samples)
    {
        double[][] p = _parameters.Probabilities();
        int[][] paths = SamplePaths(samples, random);
        double[] losses = [.. paths.Select(path => Score(path, images, labels).CrossEntropy)];
        double mean = losses.Average();
        ObjectivePoint point = PointAt(mean, p);
        double[][] gradient = ArchitectureGradients.LeaveOneOut(paths, [.. losses.Select(loss => point.CrossEntropySlope * loss)], p);
        for (int i = 0; i < p.Length; i++)
        {
            double[] costs = ArchitectureGradients.ThroughSoftmax([.. Enumerable.Range(0, p[i].Length).Select(j => CostSlope(point, i, j))], p[i]);
            for (int j = 0; j < costs.Length; j++)
            {
                gradient[i][j] += costs[j];
            }

            AddEntropy(gradient[i], p[i], _parameters.CostLogits[i]);
            _optimizer.Step(i, gradient[i], rate);
        }

        return mean;
    }

    private int[][] SamplePaths(int samples, Random random) => [.. Enumerable.Range(0, samples).Select(_ => _parameters.Sample(random))];

    private (double CrossEntropy, double Accuracy) Score(int[] path, Tensor images, Tensor labels)
    {
        using var withoutGraph = no_grad();
        using Tensor logits = _network.Forward(images, path, NormPass.Frozen);
        using Tensor value = _loss.Of(logits, labels);
        var accuracy = new TopAccuracy();
        accuracy.Add(logits, labels);
        return (value.ToDouble(), accuracy.Top1);
    }

    private double Gate(GatePass pass, ObjectivePoint point, int block, int candidate) =>
        (point.CrossEntropySlope * pass.GateGradient(block, candidate)) + CostSlope(point, block, candidate);

    /// <summary>dL/dg of a candidate's gate by the costs alone.</summary>
    private double CostSlope(ObjectivePoint point, int block, int candidate) =>
        point.CostSlopes.Select((slope, c) => slope * _objective.Limits[c].Cost.Candidates[block][candidate]).Sum();

    private ObjectivePoint PointAt(double crossEntropy, double[][] probabilities) =>
        _objective.At(crossEntropy, [.. _objective.Limits.Select(limit => limit.Cost.Expectation(probabilities))]);

    private void AddEntropy(double[] gradient, double[] probabilities, double[] logOdds)
    {
        double[] entropy = EntropyAnnealing.Gradient(probabilities, logOdds);
        for (int j = 0; j < gradient.Length; j++)
        {
            gradient[j] += EntropySlope * entropy[j];
        }
    }
}
