namespace Proxyless.Quantization;

/// <summary>
/// What calibration sees of one tensor: its ends, a histogram between them, and the mean of each channel.
/// </summary>
internal sealed class TensorStatistics
{
    private const int Bins = 4096;
    private const double Percentile = 1e-5;

    // Ranges that are tried, as shares of the whole.
    private const int Shares = 100;
    private const int LeastShare = 20;

    private double[] _sums = [];
    private long _perChannel;
    private long[]? _counts;

    /// <summary>The smallest number; 0 if all are above it.</summary>
    public float Low { get; private set; }

    /// <summary>The largest number; 0 if all are below it.</summary>
    public float High { get; private set; }

    /// <summary>Whether all numbers are finite.</summary>
    public bool IsFinite => double.IsFinite(_sums.Sum()) && float.IsFinite(High - Low);

    /// <summary>The mean of each channel.</summary>
    public IReadOnlyList<double> Means => [.. _sums.Select(sum => sum / Math.Max(1, _perChannel))];

    /// <summary>The first look: ends and means.</summary>
    /// <param name="shape">[N, C, ...].</param>
    /// <param name="values">The numbers, row-major.</param>
    public void Bound(long[] shape, ReadOnlySpan<float> values)
    {
        int channels = (int)shape[1];
        if (_sums.Length == 0)
        {
            _sums = new double[channels];
        }

        int pixels = values.Length / (int)(shape[0] * channels);
        _perChannel += shape[0] * pixels;
        for (int i = 0; i < values.Length / pixels; i++)
        {
            ReadOnlySpan<float> one = values.Slice(i * pixels, pixels);
            _sums[i % channels] += System.Numerics.Tensors.TensorPrimitives.Sum(one);
            High = Math.Max(High, System.Numerics.Tensors.TensorPrimitives.Max(one));
            Low = Math.Min(Low, System.Numerics.Tensors.TensorPrimitives.Min(one));
        }
    }

    /// <summary>The second look: the histogram.</summary>
    public void Count(ReadOnlySpan<float> values)
    {
        _counts ??= new long[Bins];
        float scale = Bins / Math.Max(High - Low, float.Epsilon);
        if (!float.IsFinite(scale))
        {
            return;
        }

        foreach (float value in values)
        {
            _counts[Math.Clamp((int)((value - Low) * scale), 0, Bins - 1)]++;
        }
    }

    /// <summary>The range of the tensor's integers.</summary>
    /// <param name="method">How it is chosen.</param>
    public QuantizedRange RangeBy(RangeMethod method) =>
        (_counts, method) switch
        {
            (null, _) or (_, RangeMethod.MinMax) => QuantizedRange.Of(Low, High),
            (_, RangeMethod.Percentile) => QuantizedRange.Of(ValueAt(Percentile), ValueAt(1 - Percentile)),
            _ => Enumerable
                .Range(LeastShare, Shares - LeastShare + 1)
                .Select(share => QuantizedRange.Of(Low * share / Shares, High * share / Shares))
                .MinBy(ErrorOf),
        };

    private float Width => (High - Low) / Bins;

    private float ValueAt(double share)
    {
        double wanted = share * _counts!.Sum();
        long seen = 0;
        for (int i = 0; i < Bins; i++)
        {
            seen += _counts![i];
            if (seen >= wanted)
            {
                return Low + ((share < 0.5 ? i : i + 1) * Width);
            }
        }

        return High;
    }

    /// <summary>The sum of the squared errors of the numbers in the middle of the bins.</summary>
    private double ErrorOf(QuantizedRange range)
    {
        double error = 0;
        double rounding = (double)range.Scale * range.Scale / 12;
        for (int i = 0; i < Bins; i++)
        {
            // Most numbers behind an activation are exactly 0, which has an integer.
            if (_counts![i] == 0 || (i == 0 && Low == 0))
            {
                continue;
            }

            float value = Low + ((i + 0.5f) * Width);
            double outside = Math.Max(Math.Max(value - range.High, range.Low - value), 0);
            error += _counts[i] * (outside > 0 ? outside * outside : rounding);
        }

        return error;
    }
}
