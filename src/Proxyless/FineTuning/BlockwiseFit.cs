using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.FineTuning;

/// <summary>
/// Fits the projections of a narrow network, block after block, so that each block's output is that of the whole
/// network although its input no longer is (He et al., arXiv 1707.06168, section 3.2): an error of earlier blocks is
/// corrected as far as it can be. No label is used.
/// </summary>
internal static class BlockwiseFit
{
    // A fraction of the mean variance of a hidden channel, which pulls the weights toward their old values.
    private const double Ridge = 1e-3;
    private const double LeastPenalty = 1e-12;
    private const double LeastLength = 1e-8;

    // Neighboring pixels carry nearly the same information.
    private const int MostPixels = 144;

    private static readonly long[] OfRows = [0];
    private static readonly long[] OfColumns = [1];

    /// <summary>Fits the network.</summary>
    /// <param name="network">A network of the space that the whole one spans; its projections are overwritten.</param>
    /// <param name="whole">The whole network; not changed.</param>
    /// <param name="batches">Images [N, C, H, W]; not disposed of.</param>
    /// <param name="cancellationToken">Stops between two blocks.</param>
    public static void Apply(
        CompactNetwork network,
        CompactNetwork whole,
        IReadOnlyList<Tensor> batches,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(whole);
        ArgumentNullException.ThrowIfNull(batches);
        using var withoutGraph = no_grad();
        using var scope = NewDisposeScope();
        List<Tensor> inputs = [.. batches.Select(images => Begin(network, images))];
        List<Tensor> wanted = [.. batches.Select(images => Begin(whole, images))];
        for (int i = 0; i < network.Blocks.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            wanted = Next(whole.Blocks[i], wanted);
            if (network.Blocks[i] is { Depthwise: not null } path)
            {
                Fit(path, inputs, wanted);
            }

            inputs = Next(network.Blocks[i], inputs);
        }
    }

    private static Tensor Begin(CompactNetwork network, Tensor images)
    {
        using Tensor local = images.to(network.Options.Device);
        return network.Stem.Forward(local, NormPass.Evaluation);
    }

    private static List<Tensor> Next(BlockPath path, List<Tensor> inputs) =>
        [
            .. inputs.Select(x =>
            {
                using Tensor input = x;
                return path.Forward(input, NormPass.Evaluation);
            }),
        ];

    private static void Fit(BlockPath path, List<Tensor> inputs, List<Tensor> wanted)
    {
        using var scope = NewDisposeScope();
        (Tensor meanHidden, Tensor meanOutput, Tensor covariance, Tensor cross) = Statistics(path, inputs, wanted);
        ConvolutionLayer projection = path.Project!;
        Tensor weights = projection.Weight.Value.to(float64);
        Tensor old = weights.reshape(weights.shape[0], weights.shape[1]);
        Tensor units = Units(projection);
        Tensor before = (old * units).t();
        Tensor diagonal = covariance.diagonal();
        Tensor meanVariance = diagonal.mean();
        double penalty = Math.Max(Ridge * WithScalar.ToDouble(meanVariance), LeastPenalty);
        Tensor identity = eye(covariance.shape[0], dtype: float64, device: covariance.device);
        Tensor hessian = WithScalar.Sum(covariance, WithScalar.Times(identity, penalty));
        Tensor reached = covariance.matmul(before);
        Tensor step = linalg.solve(hessian, cross - reached);
        Write(projection, WithScalar.Sum(before, step).t(), Lengths(old), meanHidden, meanOutput, covariance);
    }

    /// <summary>
    /// Means and covariances, over images and pixels, of the hidden channels and of what they must give.
    /// </summary>
    private static (Tensor MeanHidden, Tensor MeanOutput, Tensor Covariance, Tensor Cross) Statistics(
        BlockPath path,
        List<Tensor> inputs,
        List<Tensor> wanted
    )
    {
        Tensor[]? sums = null;
        long count = 0;
        for (int n = 0; n < inputs.Count; n++)
        {
            using var ofBatch = NewDisposeScope();
            Tensor expanded = path.Expand?.Forward(inputs[n], NormPass.Evaluation) ?? inputs[n];
            Tensor hidden = HiddenStatistics.Rows(path.Depthwise!.Forward(expanded, NormPass.Evaluation), MostPixels);
            Tensor output = path.Block.HasShortcut ? wanted[n] - inputs[n] : wanted[n];
            Tensor outputs = HiddenStatistics.Rows(output, MostPixels);
            Tensor columns = hidden.t();
            Tensor[] batch = [hidden.sum(OfRows), outputs.sum(OfRows), columns.matmul(hidden), columns.matmul(outputs)];
            count += hidden.shape[0];
            sums =
            [
                .. batch.Select(
                    (sum, k) => (sums is null ? sum : WithScalar.Sum(sums[k], sum)).MoveToOuterDisposeScope()
                ),
            ];
        }

        Tensor[] means = [.. sums!.Select(sum => WithScalar.Times(sum, 1.0 / count))];
        Tensor left = means[0].unsqueeze(1);
        Tensor covariance = means[2] - left.matmul(means[0].unsqueeze(0));
        Tensor cross = means[3] - left.matmul(means[1].unsqueeze(0));
        return (means[0], means[1], covariance, cross);
    }

    /// <summary>
    /// Writes the weights of the linear map. Their rows keep the length that they had, and the batch norm gets their
    /// mean and variance and makes up for the rest: a network whose norm is trained goes on as it is.
    /// </summary>
    private static void Write(
        ConvolutionLayer projection,
        Tensor rows,
        Tensor oldLengths,
        Tensor meanHidden,
        Tensor meanOutput,
        Tensor covariance
    )
    {
        Tensor units = WithScalar.Clamp(Lengths(rows).div(oldLengths), LeastLength, double.MaxValue);
        Tensor weights = rows.div(units.unsqueeze(1));
        Tensor variances = (weights.matmul(covariance) * weights).sum(OfColumns);
        Tensor positive = WithScalar.Clamp(variances, 0, double.MaxValue);
        Tensor deviations = WithScalar.Plus(positive, BatchNorm.Epsilon).sqrt();
        projection.Weight.CopyFrom(weights.reshape(projection.Weight.Value.shape));
        projection.Mean.CopyFrom(weights.mv(meanHidden));
        projection.Variance.CopyFrom(positive);
        projection.Scale.CopyFrom(units * deviations);
        projection.Shift.CopyFrom(meanOutput);
    }

    private static Tensor Lengths(Tensor rows) =>
        WithScalar.Clamp((rows * rows).sum(OfColumns).sqrt(), LeastLength, double.MaxValue);

    /// <summary>The factor of the batch norm for each output, as a column.</summary>
    private static Tensor Units(ConvolutionLayer projection)
    {
        Tensor deviations = WithScalar.Plus(projection.Variance.Value.to(float64), BatchNorm.Epsilon).sqrt();
        return projection.Scale.Value.to(float64).div(deviations).unsqueeze(1);
    }
}
