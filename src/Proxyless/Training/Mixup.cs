using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.Training;

/// <summary>
/// Mixes each image of a step with another one of it, and the loss with that against the other one's label. Zhang,
/// Cisse, Dauphin, Lopez-Paz: mixup, ICLR 2018 (arXiv 1710.09412). The first image is mixed with the last one, the
/// second with the last but one, and so on: batches are shuffled. Each of several processes that share a step mixes
/// its own part of the images, so that the pairs depend on their number.
/// </summary>
internal sealed class Mixup
{
    private Mixup(double share) => Share = share;

    /// <summary>The share of each image itself, 0 to 1.</summary>
    public double Share { get; }

    /// <summary>Draws the share of a step; the same one in all processes that share the step.</summary>
    /// <param name="alpha">Both parameters of the beta distribution of the share; 0: nothing is mixed.</param>
    /// <param name="seed">The user's seed.</param>
    /// <param name="step">The step.</param>
    /// <returns>Null for no mixing.</returns>
    public static Mixup? Of(double alpha, int seed, long step) =>
        alpha == 0 ? null : new Mixup(SymmetricBeta(alpha, SeedSequence.At(seed, RandomUse.Mixup, step)));

    /// <summary>Mixes images.</summary>
    /// <param name="images">[N, channels, side, side].</param>
    /// <returns>A new tensor of the same shape and layout.</returns>
    public Tensor Of(Tensor images)
    {
        using Tensor reversed = images.flip(0);
        return Sum(images, reversed);
    }

    /// <summary>Computes the loss of mixed images against the labels of both.</summary>
    /// <param name="loss">The loss against one label for each image.</param>
    /// <param name="logits">Of the mixed images, [N, classes].</param>
    /// <param name="labels">Of the images before they were mixed, [N], int64.</param>
    /// <returns>A scalar.</returns>
    public Tensor LossOf(ClassificationLoss loss, Tensor logits, Tensor labels)
    {
        using Tensor others = labels.flip(0);
        using Tensor other = loss.Of(logits, others);
        using Tensor own = loss.Of(logits, labels);
        return Sum(own, other);
    }

    private Tensor Sum(Tensor own, Tensor other)
    {
        using Tensor first = WithScalar.Times(own, Share);
        using Tensor second = WithScalar.Times(other, 1 - Share);
        return WithScalar.Sum(first, second);
    }

    /// <summary>
    /// Draws from the beta distribution with two equal parameters of at most 1 (Jöhnk 1964): the ratio of two powers of
    /// uniform numbers, given that their sum is at most 1. In logarithms, since small parameters make high powers.
    /// </summary>
    internal static double SymmetricBeta(double alpha, Random random)
    {
        while (true)
        {
            double first = Math.Log(1 - random.NextDouble()) / alpha;
            double second = Math.Log(1 - random.NextDouble()) / alpha;
            double larger = Math.Max(first, second);
            if (double.IsNegativeInfinity(larger))
            {
                // Both powers are 0 in any precision: what is left of the distribution are its two ends.
                return random.Next(2);
            }

            double sum = larger + Math.Log(Math.Exp(first - larger) + Math.Exp(second - larger));
            if (sum <= 0)
            {
                return Math.Exp(first - sum);
            }
        }
    }
}
