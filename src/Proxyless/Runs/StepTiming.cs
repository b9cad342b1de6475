using System.Diagnostics;
using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Search;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.Runs;

/// <summary>
/// Times steps on temporary networks, to convert <see cref="RunOptions.Time"/> to step counts. Reading the loss, as
/// real steps do, waits for a device that works asynchronously.
/// </summary>
internal static class StepTiming
{
    private const int WarmUp = 1;
    private const int Measured = 4;

    // Small, so that nothing is learned that changes the duration of a step.
    private const double Rate = 1e-3;

    /// <summary>Times the steps of a search, and those of the decision at its end.</summary>
    /// <param name="context">Images, space and options.</param>
    /// <param name="targets">The latencies of networks on each target.</param>
    /// <param name="parallel">The processes that share the steps.</param>
    public static SearchTiming OfSearch(RunContext context, IReadOnlyList<SpaceCost> targets, DataParallel parallel)
    {
        using var network = new SuperNetwork(context.Space, context.Classes, context.NetworkOptions);
        using var loss = new ClassificationLoss(0.1, null, context.Device);
        using var optimizer = new SgdOptimizer { Kernels = context.NetworkOptions.Kernels };
        var parameters = new ArchitectureParameters(network.Blocks.Select(block => block.Candidates.Count));
        var step = ArchitectureStep.WithoutLimits(
            network,
            parameters,
            loss,
            parallel,
            context.Options.Search.ReinforceSamples
        );
        (Tensor images, Tensor labels) = FirstBatch(context, context.Images.Weights, parallel);
        using (images)
        using (labels)
        {
            double Seconds(IWeightStep weights, long at) =>
                Median(
                    i => InStep(parallel, () => weights.Run(images, labels, at, new Random(i), Rate)),
                    context.CancellationToken
                );

            // Half of the warm-up: its average steps.
            const long Passed = 1;
            var settings = new SearchSettings
            {
                Plan = new SearchPlan(2 * Passed, 2 * Passed, 1),
                LearningRate = Rate,
                ArchitectureRate = Rate,
            };
            double weight;
            if (context.Options.Search.WeightUpdate == WeightUpdate.Sandwich)
            {
                weight = Seconds(new SandwichStep(network, settings, targets, loss, optimizer, parallel), Passed);
            }
            else
            {
                var single = new SinglePathStep(network, settings, [parameters], loss, optimizer, parallel);
                double drawn = Seconds(single, settings.Plan.WarmupSteps);
                double wider = network.Options.SharesWeights ? Seconds(single, Passed) : drawn;
                weight =
                    (context.Options.Search.WarmupShare * wider) + ((1 - context.Options.Search.WarmupShare) * drawn);
            }

            double architecture = Median(
                i =>
                    InStep(
                        parallel,
                        () => step.Run(context.Options.Search.Update, images, labels, new Random(i), Rate)
                    ),
                context.CancellationToken
            );
            int[] path = new ArchitectureParameters(network.Blocks.Select(block => block.Candidates.Count)).Sample(
                new Random(context.TrainingSeed)
            );
            return new SearchTiming(
                weight,
                architecture,
                OfScore(context, network, images, path),
                OfTraining(context, context.Space.Architecture(path, context.Classes, "timed"), parallel)
            );
        }
    }

    /// <summary>Seconds per score: forward passes of as many images of either kind, always the same ones.</summary>
    private static double OfScore(RunContext context, SuperNetwork network, Tensor images, int[] path)
    {
        using var withoutGraph = no_grad();
        int batch = context.Loaders.BatchSize;
        (long statistics, long judged) = PathScorer.ImagesOf(
            batch,
            context.Images.Weights.Count / batch,
            context.Images.Architecture.Count,
            context.Space
        );
        double Pass(NormPass norms) =>
            Median(
                _ =>
                {
                    using Tensor logits = network.Forward(images, path, norms);
                    using Tensor sum = logits.sum();
                    WithScalar.ToDouble(sum);
                },
                context.CancellationToken
            );

        // Several processes divide the images of a score as they divide those of a step.
        return ((Pass(NormPass.Frozen) * statistics) + (Pass(NormPass.Evaluation) * judged)) / batch;
    }

    /// <summary>Seconds per training step of one network; the median.</summary>
    /// <param name="context">Images and options.</param>
    /// <param name="architecture">The network.</param>
    /// <param name="parallel">The processes that share the steps.</param>
    public static double OfTraining(RunContext context, Architecture architecture, DataParallel parallel)
    {
        using var network = new CompactNetwork(architecture, context.NetworkOptions);
        using var loss = new ClassificationLoss(0.1, null, context.Device);
        using var optimizer = new SgdOptimizer { Kernels = context.NetworkOptions.Kernels };
        NetworkTensor[] tensors = [.. network.Tensors];
        (Tensor images, Tensor labels) = FirstBatch(context, context.Images.Training, parallel);
        using (images)
        using (labels)
        {
            return Median(
                _ =>
                    InStep(
                        parallel,
                        () =>
                        {
                            using Tensor logits = network.Forward(images, NormPass.Training);
                            using Tensor value = loss.Of(logits, labels);
                            parallel.Backward(value, tensors, tensors, loss.ShareOf(labels));
                            optimizer.Step(tensors, Rate);
                            return WithScalar.ToDouble(value);
                        }
                    ),
                context.CancellationToken
            );
        }
    }

    private static double Median(Action<int> step, CancellationToken cancellationToken)
    {
        var seconds = new List<double>();
        for (int i = 0; i < WarmUp + Measured; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long start = Stopwatch.GetTimestamp();
            step(i);
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return Measurement.SampleStatistics.Median(seconds.Skip(WarmUp));
    }

    private static void InStep<T>(DataParallel parallel, Func<T> step)
    {
        parallel.BeginStep();
        step();
        parallel.EndStep();
    }

    private static (Tensor Images, Tensor Labels) FirstBatch(RunContext context, ImageSet set, DataParallel parallel)
    {
        using BatchLoader loader = context.LoadersOf(parallel.Part).Training(set, RandomUse.WeightImages);
        using Batch batch = loader.Epoch(0).First();
        using Tensor images = batch.Images.to(context.Device);
        return (MemoryLayout.ChannelsLast(images), batch.Labels.to(context.Device, copy: true));
    }
}

/// <summary>Seconds of the steps of a search.</summary>
/// <param name="Weight">A weight step, including the wider ones of the warm-up.</param>
/// <param name="Architecture">An architecture step for one target.</param>
/// <param name="Score">A score of a network with the shared weights.</param>
/// <param name="Training">A training step of one network.</param>
internal sealed record SearchTiming(double Weight, double Architecture, double Score, double Training);
