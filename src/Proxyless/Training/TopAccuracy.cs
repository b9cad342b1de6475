using static TorchSharp.torch;

namespace Proxyless.Training;

/// <summary>Counts how often the correct class is the first, or among the first five.</summary>
internal sealed class TopAccuracy
{
    /// <summary>How many numbers are counted.</summary>
    public const int Counts = 3;

    private long _first;
    private long _firstFive;

    /// <summary>Number of images counted.</summary>
    public long Images { get; private set; }

    /// <summary>Share of images whose class scored highest; 0 without images.</summary>
    public double Top1 => Images == 0 ? 0 : (double)_first / Images;

    /// <summary>Share of images whose class is among the five highest scores.</summary>
    public double Top5 => Images == 0 ? 0 : (double)_firstFive / Images;

    /// <summary>Copies the counts.</summary>
    /// <param name="counts">Room for <see cref="Counts"/>.</param>
    public void CopyTo(Span<double> counts) => (counts[0], counts[1], counts[2]) = (_first, _firstFive, Images);

    /// <summary>Replaces the counts.</summary>
    /// <param name="counts">In the order of <see cref="CopyTo"/>.</param>
    public void Take(ReadOnlySpan<double> counts) =>
        (_first, _firstFive, Images) = ((long)counts[0], (long)counts[1], (long)counts[2]);

    /// <summary>Counts one image by its scores. A tie goes to the class with the lower index.</summary>
    /// <param name="scores">A score for each class.</param>
    /// <param name="label">The correct class.</param>
    public void Add(ReadOnlySpan<float> scores, int label)
    {
        int better = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            if (scores[i] > scores[label] || (scores[i] == scores[label] && i < label))
            {
                better++;
            }
        }

        bool valid = float.IsFinite(scores[label]);
        _first += valid && better == 0 ? 1 : 0;
        _firstFive += valid && better < 5 ? 1 : 0;
        Images++;
    }

    /// <summary>Counts a batch.</summary>
    /// <param name="logits">[N, classes].</param>
    /// <param name="labels">[N], int64.</param>
    public void Add(Tensor logits, Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(labels);
        using Tensor detached = logits.detach();
        using Tensor localLogits = detached.to(float32, CPU);
        using Tensor packed = localLogits.contiguous();
        using Tensor localLabels = labels.cpu();
        ReadOnlySpan<float> scores = packed.data<float>().ToArray();
        long[] targets = localLabels.data<long>().ToArray();
        int classes = (int)logits.shape[1];
        for (int i = 0; i < targets.Length; i++)
        {
            Add(scores.Slice(i * classes, classes), (int)targets[i]);
        }
    }
}
