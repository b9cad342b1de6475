using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.Search;

/// <summary>
/// The result of a path of the super-network on a batch; its weights and running statistics stay unchanged.
/// </summary>
/// <param name="CrossEntropy">The mean over the batch, weighted by class if the loss is.</param>
/// <param name="Top1">Share of correct answers, weighted in the same way.</param>
internal readonly record struct PathScore(double CrossEntropy, double Top1)
{
    /// <summary>Scores a path with the batch's own statistics.</summary>
    /// <param name="network">The super-network.</param>
    /// <param name="path">A candidate for each block.</param>
    /// <param name="images">[N, C, H, W].</param>
    /// <param name="labels">[N], int64.</param>
    /// <param name="loss">The cross entropy.</param>
    /// <param name="parallel">The processes that share the batch.</param>
    public static PathScore Of(
        SuperNetwork network,
        int[] path,
        Tensor images,
        Tensor labels,
        ClassificationLoss loss,
        DataParallel parallel
    )
    {
        using var withoutGraph = no_grad();
        using Tensor logits = network.Forward(images, path, NormPass.Frozen);
        using Tensor value = loss.Of(logits, labels);
        double[] means = [WithScalar.ToDouble(value), loss.AccuracyOf(logits, labels)];
        parallel.Average(means, loss.ShareOf(labels));
        return new PathScore(means[0], means[1]);
    }
}
