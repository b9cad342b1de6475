using Proxyless.Networks;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.Search;

/// <summary>
/// One step of the architecture parameters on a batch of the architecture split, with frozen weights (ProxylessNAS,
/// sections 3.2 and 3.3). Costs pass through the same gates as the loss, so that both have the same scale.
/// </summary>
internal sealed class ArchitectureStep
{
    private const int UsualSamples = 4;

    private readonly SuperNetwork _network;
    private readonly ArchitectureParameters _parameters;
    private readonly ArchitectureOptimizer _optimizer;
    private readonly SearchObjective _objective;
    private readonly ClassificationLoss _loss;
    private readonly DataParallel _parallel;

    /// <summary>Creates the step.</summary>
    public ArchitectureStep(
        SuperNetwork network,
        ArchitectureParameters parameters,
        ArchitectureOptimizer optimizer,
        SearchObjective objective,
        ClassificationLoss loss,
        DataParallel parallel
    )
    {
        _network = network;
        _parameters = parameters;
        _optimizer = optimizer;
        _objective = objective;
        _loss = loss;
        _parallel = parallel;
    }

    /// <summary>A step by the cross entropy alone, without limits: for measurements of its time.</summary>
    /// <param name="network">The super-network.</param>
    /// <param name="parameters">The architecture parameters.</param>
    /// <param name="loss">The cross entropy.</param>
    /// <param name="parallel">The processes that share the step.</param>
    /// <param name="samples">As <see cref="Samples"/>.</param>
    public static ArchitectureStep WithoutLimits(
        SuperNetwork network,
        ArchitectureParameters parameters,
        ClassificationLoss loss,
        DataParallel parallel,
        int samples = UsualSamples
    ) =>
        new(
            network,
            parameters,
            new ArchitectureOptimizer(parameters),
            new SearchObjective(ObjectiveKind.Budget, SearchLimits.None, 0, 1),
            loss,
            parallel
        )
        {
            Samples = samples,
        };

    /// <summary>
    /// Whether two-path gradients are weighted by <see cref="ArchitectureGradients.PairCorrection"/>.
    /// </summary>
    public bool CorrectsPairs { get; init; }

    /// <summary>Architectures per step of reinforce and leave-one-out; the latter compares at least two.</summary>
    public int Samples { get; init; } = UsualSamples;

    /// <summary>The baseline of reinforce's rewards; read before a batch, updated after it.</summary>
    public RewardBaseline Baseline { get; } = new();

    /// <summary>dL/dH of the entropy term, set by <see cref="EntropyAnnealing"/>.</summary>
    public double EntropySlope { get; set; }

    /// <summary>Makes the step.</summary>
    /// <param name="update">How the gradient is computed.</param>
    /// <param name="images">[N, C, H, W] of the architecture split.</param>
    /// <param name="labels">[N], int64.</param>
    /// <param name="random">Draws the paths.</param>
    /// <param name="rate">Approximate change of a logit.</param>
    /// <returns>The batch's mean cross entropy along the active path, or over all sampled ones.</returns>
    /// <exception cref="NotFiniteNumberException">
    /// A loss, a gradient or a logit became infinite or NaN; the message names the block and the candidate, or the
    /// path. Logits of earlier blocks may have moved: this search cannot continue.
    /// </exception>
    public double Run(ArchitectureUpdate update, Tensor images, Tensor labels, Random random, double rate) =>
        update switch
        {
            ArchitectureUpdate.TwoPath => TwoPath(images, labels, random, rate),
            ArchitectureUpdate.FullPath => FullPath(images, labels, random, rate),
            ArchitectureUpdate.LeaveOneOut => LeaveOneOut(images, labels, random, rate),
            _ => Reinforce(images, labels, random, rate),
        };

    /// <summary>Uses two candidates of each block, drawn without replacement; one of them is active.</summary>
    private double TwoPath(Tensor images, Tensor labels, Random random, double rate)
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

        int[][] drawn = [.. pairs.Select(pair => pair is (int a, int b) ? new[] { a, b } : [])];
        MeanGates gates = MeanGates.Of(_network, path, drawn, images, labels, _loss, _parallel);
        ObjectivePoint point = PointAt(RequireFinite(gates.Loss, path), p);
        for (int i = 0; i < path.Length; i++)
        {
            if (pairs[i] is not (int a, int b))
            {
                continue;
            }

            double gateA = Gate(gates, point, i, a);
            double gateB = Gate(gates, point, i, b);
            double gradient = ArchitectureGradients.OfPair(gateA, gateB, p[i][a], p[i][b]);
            if (CorrectsPairs)
            {
                gradient *= ArchitectureGradients.PairCorrection(p[i][a], p[i][b]);
            }

            ReadOnlySpan<double> costs = _parameters.CostLogits(i);
            gradient += EntropySlope * EntropyAnnealing.PairGradient(p[i][a], p[i][b], costs[a] - costs[b]);
            _optimizer.StepPair(i, a, b, gradient, -gradient, rate);
        }

        return gates.Loss;
    }

    /// <summary>Uses all candidates of each block; one drawn by its probability is active.</summary>
    private double FullPath(Tensor images, Tensor labels, Random random, double rate)
    {
        double[][] p = _parameters.Probabilities();
        int[] path = _parameters.Sample(random);
        int[][] alive =
        [
            .. Enumerable.Range(0, path.Length).Select(_parameters.AliveIn).Select(all => all.Length == 1 ? [] : all),
        ];
        MeanGates gates = MeanGates.Of(_network, path, alive, images, labels, _loss, _parallel);
        ObjectivePoint point = PointAt(RequireFinite(gates.Loss, path), p);
        for (int i = 0; i < path.Length; i++)
        {
            if (alive[i].Length == 0)
            {
                continue;
            }

            var slopes = new double[p[i].Length];
            foreach (int j in alive[i])
            {
                slopes[j] = Gate(gates, point, i, j);
            }

            double[] gradient = ArchitectureGradients.ThroughSoftmax(slopes, p[i]);
            AddEntropy(gradient, p[i], _parameters.CostLogits(i));
            _optimizer.Step(i, gradient, rate);
        }

        return gates.Loss;
    }

    /// <summary>
    /// Uses sampled architectures and their rewards: gradient -(R - b) * grad log p, averaged over the samples.
    /// </summary>
    private double Reinforce(Tensor images, Tensor labels, Random random, double rate)
    {
        double[][] p = _parameters.Probabilities();
        int[][] paths = SamplePaths(random);
        var rewards = new double[Samples];
        double loss = 0;
        for (int m = 0; m < Samples; m++)
        {
            PathScore score = PathScore.Of(_network, paths[m], images, labels, _loss, _parallel);
            loss += RequireFinite(score.CrossEntropy, paths[m]) / Samples;
            rewards[m] = _objective.Reward(score.Top1, [.. _objective.Limits.Select(limit => limit.Cost.Of(paths[m]))]);
        }

        double b = Baseline.Before(rewards);
        double[][] gradient = ArchitectureGradients.OfSamples(
            paths,
            [.. rewards.Select(reward => (b - reward) / Samples)],
            p
        );
        for (int i = 0; i < p.Length; i++)
        {
            AddEntropy(gradient[i], p[i], _parameters.CostLogits(i));
            _optimizer.Step(i, gradient[i], rate);
        }

        Baseline.Update(rewards);
        return loss;
    }

    /// <summary>
    /// Uses sampled architectures and their losses on the same images
    /// (<see cref="ArchitectureGradients.LeaveOneOut"/>): neither the images' difficulty nor what all samples share
    /// adds to the variance. Costs, whose expectations are known, enter by their exact gradient.
    /// </summary>
    private double LeaveOneOut(Tensor images, Tensor labels, Random random, double rate)
    {
        double[][] p = _parameters.Probabilities();
        int[][] paths = SamplePaths(random);
        double LossOf(int[] path) => PathScore.Of(_network, path, images, labels, _loss, _parallel).CrossEntropy;
        double[] losses = [.. paths.Select(path => RequireFinite(LossOf(path), path))];
        double mean = losses.Average();
        ObjectivePoint point = PointAt(mean, p);
        double[][] gradient = ArchitectureGradients.LeaveOneOut(
            paths,
            [.. losses.Select(loss => point.CrossEntropySlope * loss)],
            p
        );
        for (int i = 0; i < p.Length; i++)
        {
            double[] costs = ArchitectureGradients.ThroughSoftmax(
                [.. Enumerable.Range(0, p[i].Length).Select(j => CostSlope(point, i, j))],
                p[i]
            );
            for (int j = 0; j < costs.Length; j++)
            {
                gradient[i][j] += costs[j];
            }

            AddEntropy(gradient[i], p[i], _parameters.CostLogits(i));
            _optimizer.Step(i, gradient[i], rate);
        }

        return mean;
    }

    private int[][] SamplePaths(Random random) =>
        [.. Enumerable.Range(0, Samples).Select(_ => _parameters.Sample(random))];

    private static double RequireFinite(double loss, int[] path) =>
        FiniteNumber.Require(loss, () => $"the loss along the path {string.Join('-', path)}");

    /// <summary>
    /// dL/dg of a candidate's gate by loss and costs. The loss may be finite where the output of an inactive candidate
    /// is not.
    /// </summary>
    private double Gate(MeanGates gates, ObjectivePoint point, int block, int candidate)
    {
        double gradient = (point.CrossEntropySlope * gates[block, candidate]) + CostSlope(point, block, candidate);
        return FiniteNumber.Require(
            gradient,
            () => Invariant($"the gate gradient of candidate {candidate} of block {block}")
        );
    }

    /// <summary>dL/dg of a candidate's gate by the costs alone.</summary>
    private double CostSlope(ObjectivePoint point, int block, int candidate) =>
        point.CostSlopes.Select((slope, c) => slope * _objective.Limits[c].Cost.Candidates[block][candidate]).Sum();

    private ObjectivePoint PointAt(double crossEntropy, double[][] probabilities) =>
        _objective.At(crossEntropy, [.. _objective.Limits.Select(limit => limit.Cost.Expectation(probabilities))]);

    private void AddEntropy(double[] gradient, double[] probabilities, ReadOnlySpan<double> logOdds)
    {
        double[] entropy = EntropyAnnealing.Gradient(probabilities, logOdds);
        for (int j = 0; j < gradient.Length; j++)
        {
            gradient[j] += EntropySlope * entropy[j];
        }
    }
}
