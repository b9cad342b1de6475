using System.Diagnostics;
using Proxyless.Data;
using Proxyless.Networks;
using static TorchSharp.torch;

namespace Proxyless.Training;

/// <summary>Evaluates networks without gradients.</summary>
internal static class NetworkEvaluator
{
    private static readonly TimeSpan QuietTime = TimeSpan.FromSeconds(2);

    /// <summary>Computes top-1 and top-5 over one pass of the images.</summary>
    /// <param name="forward">Returns logits [N, classes] of images [N, C, H, W].</param>
    /// <param name="loader">The images, unshuffled.</param>
    /// <param name="device">The device of the network.</param>
    /// <param name="cancellationToken">Stops between two batches.</param>
    /// <param name="observer">Receives progress reports if it takes more than a moment, or null.</param>
    public static TopAccuracy Evaluate(
        Func<Tensor, Tensor> forward,
        BatchLoader loader,
        Device device,
        IRunObserver? observer = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(forward);
        ArgumentNullException.ThrowIfNull(loader);
        var accuracy = new TopAccuracy();
        var progress = observer is null ? null : new Progress(observer, "judge", 0, loader.BatchesPerEpoch);
        long began = Stopwatch.GetTimestamp();
        int batches = 0;
        using var withoutGraph = no_grad();
        foreach (Batch batch in loader.Epoch(0, 0, cancellationToken))
        {
            using (batch)
            {
                using Tensor images = batch.Images.to(device);
                using Tensor logits = forward(images);
                accuracy.Add(logits, batch.Labels);
            }

            batches++;
            if (Stopwatch.GetElapsedTime(began) > QuietTime)
            {
                progress?.Report(batches, Invariant($"top-1 {accuracy.Top1:P1}"));
            }
        }

        return accuracy;
    }

    /// <summary>The same for a network.</summary>
    /// <param name="network">The network.</param>
    /// <param name="loader">The images, unshuffled.</param>
    /// <param name="observer">Receives progress reports if it takes more than a moment.</param>
    /// <param name="cancellationToken">Stops between two batches.</param>
    public static TopAccuracy Evaluate(
        CompactNetwork network,
        BatchLoader loader,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(network);
        return Evaluate(
            images => network.Forward(images, NormPass.Evaluation),
            loader,
            network.Options.Device,
            observer,
            cancellationToken
        );
    }

    /// <summary>Returns the scores of each image.</summary>
    /// <param name="network">The network.</param>
    /// <param name="loader">The images, unshuffled.</param>
    /// <param name="cancellationToken">Stops between two batches.</param>
    /// <returns>
    /// The image's number in its set, and a logit for each class; nothing for an image that cannot be read.
    /// </returns>
    public static IEnumerable<(int Position, float[] Logits)> Scores(
        CompactNetwork network,
        BatchLoader loader,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(loader);
        return loader
            .Epoch(0, 0, cancellationToken)
            .SelectMany(batch =>
            {
                using (batch)
                {
                    return batch.Positions.Zip(Scores(network, batch));
                }
            });
    }

    private static IEnumerable<float[]> Scores(CompactNetwork network, Batch batch)
    {
        using var withoutGraph = no_grad();
        using Tensor input = batch.Images.to(network.Options.Device);
        using Tensor logits = network.Forward(input, NormPass.Evaluation);
        using Tensor local = logits.to(float32, CPU);
        using Tensor packed = local.contiguous();
        return packed.data<float>().ToArray().Chunk((int)logits.shape[1]);
    }

    /// <summary>
    /// Re-estimates the running statistics of all batch norms of a network on training images. The statistics of a
    /// super-network are of many different networks.
    /// </summary>
    /// <param name="network">Its statistics are overwritten.</param>
    /// <param name="training">Batches of training images; averaged, not disposed of.</param>
    /// <param name="cancellationToken">Stops between two batches.</param>
    public static void ReestimateStatistics(
        CompactNetwork network,
        IEnumerable<Batch> training,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(training);
        using var withoutGraph = no_grad();
        long seen = 0;
        foreach (Batch batch in training)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using Tensor images = batch.Images.to(network.Options.Device);
            seen += batch.Count;
            network.Forward(images, NormPass.Reestimation(batch.Count, seen)).Dispose();
        }
    }
}
