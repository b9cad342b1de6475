using System.Numerics.Tensors;

namespace Proxyless.Quantization;

/// <summary>Compares the scores of two models on the same images.</summary>
internal sealed class AnswerComparison
{
    /// <summary>The variance of scores that are all alike, so that the error is finite.</summary>
    public const double LeastVariance = 1e-12;

    private double _squares;
    private double _sum;
    private double _sumOfSquares;
    private long _scores;
    private int _same;
    private int _labeled;
    private int _right;
    private int _expectedRight;

    /// <summary>Number of images.</summary>
    public int Images { get; private set; }

    /// <summary>Share of images for which both give the same class.</summary>
    public double Agreement => Images == 0 ? 1 : (double)_same / Images;

    /// <summary>
    /// The root of the mean squared difference of the scores, over the standard deviation of the expected ones.
    /// </summary>
    public double Error
    {
        get
        {
            double mean = _sum / Math.Max(1, _scores);
            double variance = (_sumOfSquares / Math.Max(1, _scores)) - (mean * mean);
            return _squares == 0 ? 0 : Math.Sqrt(_squares / _scores / Math.Max(variance, LeastVariance));
        }
    }

    /// <summary>Number of labeled images that the expected scores get right, less those that the model does.</summary>
    public int Lost => _expectedRight - _right;

    /// <summary>Share of labeled images that the model gets right; null without labels.</summary>
    public double? Top1 => _labeled == 0 ? null : (double)_right / _labeled;

    /// <summary>Share of labeled images that the expected scores get right; null without labels.</summary>
    public double? ExpectedTop1 => _labeled == 0 ? null : (double)_expectedRight / _labeled;

    /// <summary>Adds an image.</summary>
    /// <param name="expected">The scores of the first model.</param>
    /// <param name="actual">The scores of the second model.</param>
    /// <param name="label">The true class; null if it is unknown.</param>
    public void Add(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, int? label)
    {
        Images++;
        int wanted = TensorPrimitives.IndexOfMax(expected);
        int answer = TensorPrimitives.IndexOfMax(actual);
        _same += answer == wanted ? 1 : 0;
        if (label is { } truth)
        {
            _labeled++;
            _right += answer == truth ? 1 : 0;
            _expectedRight += wanted == truth ? 1 : 0;
        }

        for (int i = 0; i < expected.Length; i++)
        {
            double difference = expected[i] - actual[i];
            _squares += difference * difference;
            _sum += expected[i];
            _sumOfSquares += (double)expected[i] * expected[i];
        }

        _scores += expected.Length;
    }
}
