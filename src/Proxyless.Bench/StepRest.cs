using System.Diagnostics;
using Proxyless.Architectures;
using Proxyless.Measurement;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.Bench;

/// <summary>
/// What a weight step of a super-network does beside convolutions and their batch norms, in milliseconds; medians over
/// the steps. What libtorch's graph costs and setting the gradients of weights are in neither part.
/// </summary>
internal sealed record StepRest
{
    /// <summary>Drawing a path and finding its tensors.</summary>
    public required double PathMs { get; init; }

    /// <summary>Pooling, classifier and loss, and their gradients.</summary>
    public required double ClassifierMs { get; init; }

    /// <summary>The update of the weights.</summary>
    public required double OptimizerMs { get; init; }

    /// <summary>All of it.</summary>
    public double SumMs => PathMs + ClassifierMs + OptimizerMs;

    /// <summary>Measures it.</summary>
    /// <param name="space">The space, at the measured resolution.</param>
    /// <param name="options">Batch, steps, seed, kernels; the threads are those of the process.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    public static StepRest Measure(SearchSpace space, BenchOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(space);
        ArgumentNullException.ThrowIfNull(options);
        using var network = new SuperNetwork(
            space,
            StepBench.Classes,
            new NetworkOptions
            {
                Kernels = options.Kernels,
                ChannelsLast = true,
                SharesWeights = !options.SeparateWeights,
                Seed = options.Seed,
            }
        );
        var parameters = new ArchitectureParameters(network.Blocks.Select(block => block.Candidates.Count));
        using var loss = new ClassificationLoss(0.1, null, network.Options.Device);
        using var optimizer = new SgdOptimizer { Kernels = options.Kernels };
        using Tensor images = BlockStep.Noise(
            options.Seed,
            options.Batch,
            space.InputChannels,
            space.Resolution,
            space.Resolution
        );
        using Tensor labels = randint(0, StepBench.Classes, options.Batch, dtype: ScalarType.Int64);
        Head head = space.Head(StepBench.Classes);
        using Tensor features = BlockStep.Noise(
            options.Seed,
            options.Batch,
            head.Width,
            head.InputResolution,
            head.InputResolution
        );
        features.requires_grad = true;
        var times = new List<(double Path, double Classifier, double Optimizer)>();
        foreach (int i in Enumerable.Range(0, StepBench.WarmUpSteps).Concat(StepBench.TimedSteps(options)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            NetworkTensor[] tensors = [];
            int[] path = [];
            double drawn = Time(() =>
            {
                path = BenchedStep.Path(parameters, options.Seed, i);
                tensors = [.. network.TensorsOf(path)];
            });
            double classified = Time(() =>
            {
                using Tensor logits = network.Head.Classify(features, dropout: 0);
                using Tensor value = loss.Of(logits, labels);
                BackwardPass.Run(value, [network.Head.Weight, network.Head.Bias]);
                WithScalar.ToDouble(value);
            });
            features.grad?.Dispose();
            features.grad = null;
            using Tensor scores = network.Forward(images, path, NormPass.Training);
            using Tensor error = loss.Of(scores, labels);
            BackwardPass.Run(error, tensors);
            times.Add((drawn, classified, Time(() => optimizer.Step(tensors, rate: 1e-3))));
        }

        times.RemoveRange(0, StepBench.WarmUpSteps);
        return new StepRest
        {
            PathMs = SampleStatistics.Median([.. times.Select(time => time.Path)]),
            ClassifierMs = SampleStatistics.Median([.. times.Select(time => time.Classifier)]),
            OptimizerMs = SampleStatistics.Median([.. times.Select(time => time.Optimizer)]),
        };
    }

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
