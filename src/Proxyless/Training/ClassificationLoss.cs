using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.Training;

/// <summary>
/// Cross entropy with label smoothing (Szegedy et al., arXiv 1512.00567, section 7) and optional class weights, which
/// weight images by their class: sum_i w_{y_i} l_i / sum_i w_{y_i}.
/// </summary>
/// <remarks>
/// libtorch's own weights do not work with smoothing: they scale each class's term of the target too, so that the
/// smoothed share of a class with 40 times the weight outweighs the label of the common one.
/// </remarks>
internal sealed class ClassificationLoss : IDisposable
{
    private readonly double _labelSmoothing;
    private readonly Tensor? _classWeights;

    /// <summary>Creates the loss.</summary>
    /// <param name="labelSmoothing">Share of the target that is spread over all classes.</param>
    /// <param name="classWeights">A weight for each class, or null for equal ones.</param>
    /// <param name="device">The device of the logits.</param>
    public ClassificationLoss(double labelSmoothing, IReadOnlyList<double>? classWeights, Device device)
    {
        _labelSmoothing = labelSmoothing;
        _classWeights = classWeights is null
            ? null
            : tensor(classWeights.Select(weight => (float)weight).ToArray(), device: device).DetachFromDisposeScope();
    }

    /// <summary>Computes the mean loss of a batch, weighted by the images' classes.</summary>
    /// <param name="logits">[N, classes].</param>
    /// <param name="labels">[N], int64.</param>
    /// <returns>A scalar.</returns>
    public Tensor Of(Tensor logits, Tensor labels)
    {
        if (_classWeights is null)
        {
            return nn.functional.cross_entropy(logits, labels, label_smoothing: _labelSmoothing);
        }

        using Tensor losses = nn.functional.cross_entropy(
            logits,
            labels,
            reduction: nn.Reduction.None,
            label_smoothing: _labelSmoothing
        );
        return WeighedMean(losses, _classWeights, labels);
    }

    /// <summary>
    /// Computes the mean cross entropy against the answers of another network (knowledge distillation at temperature 1:
    /// Hinton, Vinyals, Dean, arXiv 1503.02531), weighted by the images' classes.
    /// </summary>
    /// <param name="logits">[N, classes].</param>
    /// <param name="answers">The other network's probabilities, [N, classes], without graph.</param>
    /// <param name="labels">[N], int64; they select the weights of the classes.</param>
    /// <returns>A scalar.</returns>
    public Tensor OfAnswers(Tensor logits, Tensor answers, Tensor labels)
    {
        if (_classWeights is null)
        {
            return nn.functional.cross_entropy(logits, answers);
        }

        using Tensor losses = nn.functional.cross_entropy(logits, answers, reduction: nn.Reduction.None);
        return WeighedMean(losses, _classWeights, labels);
    }

    /// <summary>Computes the loss against the labels, or against a teacher's answers.</summary>
    /// <param name="images">The images that were answered, [N, channels, side, side].</param>
    /// <param name="logits">[N, classes].</param>
    /// <param name="labels">[N], int64.</param>
    /// <param name="teacher">The teacher; null: the labels.</param>
    /// <param name="mixup">How the images were mixed; null: they were not. A teacher answers the mixed ones.</param>
    /// <returns>A scalar.</returns>
    public Tensor Of(Tensor images, Tensor logits, Tensor labels, Teacher? teacher, Mixup? mixup = null)
    {
        if (teacher is null)
        {
            return mixup is null ? Of(logits, labels) : mixup.LossOf(this, logits, labels);
        }

        using Tensor answers = teacher.AnswersTo(images);
        return OfAnswers(logits, answers, labels);
    }

    /// <summary>What a part of a batch counts in the mean loss of the whole.</summary>
    /// <param name="labels">[N], int64.</param>
    public BatchShare ShareOf(Tensor labels)
    {
        long images = labels.shape[0];
        if (_classWeights is null)
        {
            return BatchShare.Of(images);
        }

        using Tensor weights = _classWeights.index_select(0, labels);
        using Tensor sum = weights.sum(ScalarType.Float64);
        return new BatchShare(WithScalar.ToDouble(sum), images);
    }

    /// <summary>Computes the share of correct answers in a batch, each image weighted as in the loss.</summary>
    /// <param name="logits">[N, classes].</param>
    /// <param name="labels">[N], int64.</param>
    public double AccuracyOf(Tensor logits, Tensor labels)
    {
        if (_classWeights is null)
        {
            var accuracy = new TopAccuracy();
            accuracy.Add(logits, labels);
            return accuracy.Top1;
        }

        using Tensor answers = logits.argmax(1);
        using Tensor same = answers.eq(labels);
        using Tensor right = same.to(_classWeights.dtype);
        using Tensor mean = WeighedMean(right, _classWeights, labels);
        return WithScalar.ToDouble(mean);
    }

    private static Tensor WeighedMean(Tensor values, Tensor classWeights, Tensor labels)
    {
        using Tensor weights = classWeights.index_select(0, labels);
        using Tensor weighed = values * weights;
        using Tensor sum = weighed.sum();
        using Tensor total = weights.sum();
        return sum / total;
    }

    /// <summary>Rejects a loss that has diverged.</summary>
    /// <param name="value">The loss.</param>
    /// <param name="step">Its step, from 0.</param>
    /// <param name="rate">The peak learning rate.</param>
    /// <exception cref="TrainingDivergedException">It is infinite or NaN.</exception>
    internal static void RequireFinite(double value, long step, PeakRate rate)
    {
        if (!double.IsFinite(value))
        {
            throw Divergence(Invariant($"the loss became {value}"), step, rate);
        }
    }

    /// <summary>Rejects weights that have diverged, before they are written.</summary>
    /// <param name="tensors">The weights and all tensors that are written with them.</param>
    /// <param name="step">Steps so far.</param>
    /// <param name="rate">The peak learning rate.</param>
    /// <exception cref="TrainingDivergedException">One of them holds a number that is not finite.</exception>
    internal static void RequireFinite(IEnumerable<(string Name, Tensor Value)> tensors, long step, PeakRate rate)
    {
        foreach ((string name, Tensor value) in tensors)
        {
            using var scope = NewDisposeScope();
            if (!value.detach().isfinite().all().item<bool>())
            {
                throw Divergence($"'{name}' holds numbers that are not finite", step, rate);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _classWeights?.Dispose();

    /// <summary>Creates the exception for numbers that are no longer finite.</summary>
    /// <param name="what">What happened to which number.</param>
    /// <param name="step">The weight step, from 0.</param>
    /// <param name="rate">The peak learning rate.</param>
    /// <param name="cause">The exception that was caught, or null.</param>
    internal static TrainingDivergedException Divergence(string what, long step, PeakRate rate, Exception? cause = null)
    {
        string text =
            Invariant($"{what} at step {step}: {rate.Option} = {rate.Value:G3} (at this batch size) is too high ")
            + "for this data; start again with a lower one. The last checkpoint is from before and finite";
        return cause is null ? new TrainingDivergedException(text) : new TrainingDivergedException(text, cause);
    }
}
