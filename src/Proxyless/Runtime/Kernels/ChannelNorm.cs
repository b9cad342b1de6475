namespace Proxyless.Runtime.Kernels;

/// <summary>
/// A batch norm and its activation as one function per channel: clamp(y * scale + shift), and what its gradient needs.
/// Batch norm: Ioffe, Szegedy, arXiv 1502.03167, algorithm 1; its gradient: section 3.
/// </summary>
internal sealed class ChannelNorm
{
    private readonly long _pixels;

    private ChannelNorm(float[] gamma, float[] beta, float[] mean, float[] inverse, long pixels, float low, float high)
    {
        Inverse = inverse;
        _pixels = pixels;
        Mean = mean;
        Low = low;
        High = high;
        Scale = new float[gamma.Length];
        Shift = new float[gamma.Length];
        for (int c = 0; c < gamma.Length; c++)
        {
            Scale[c] = gamma[c] * inverse[c];
            Shift[c] = beta[c] - (mean[c] * Scale[c]);
        }
    }

    /// <summary>gamma / sqrt(variance + epsilon).</summary>
    public float[] Scale { get; }

    /// <summary>beta - mean * scale.</summary>
    public float[] Shift { get; }

    /// <summary>1 / sqrt(variance + epsilon).</summary>
    public float[] Inverse { get; }

    /// <summary>The mean that is subtracted.</summary>
    public float[] Mean { get; }

    /// <summary>The activation's lowest value, minus infinity for none.</summary>
    public float Low { get; }

    /// <summary>The activation's highest value, infinity for none.</summary>
    public float High { get; }

    /// <summary>Number of channels.</summary>
    public int Channels => Scale.Length;

    /// <summary>With the statistics of a batch.</summary>
    /// <param name="gamma">Scale.</param>
    /// <param name="beta">Shift.</param>
    /// <param name="sums">Sums over the batch.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="low">The activation's lowest value.</param>
    /// <param name="high">The activation's highest value.</param>
    public static ChannelNorm OfBatch(
        float[] gamma,
        float[] beta,
        ChannelSums sums,
        double epsilon,
        float low,
        float high
    )
    {
        var mean = new float[gamma.Length];
        var inverse = new float[gamma.Length];
        for (int c = 0; c < gamma.Length; c++)
        {
            mean[c] = (float)sums.Mean(c);
            inverse[c] = (float)(1 / Math.Sqrt(sums.Variance(c) + epsilon));
        }

        return new ChannelNorm(gamma, beta, mean, inverse, sums.Pixels, low, high);
    }

    /// <summary>With fixed statistics, which no gradient flows through.</summary>
    public static ChannelNorm OfRunning(
        float[] gamma,
        float[] beta,
        float[] mean,
        float[] variance,
        double epsilon,
        float low,
        float high
    ) => new(gamma, beta, mean, [.. variance.Select(value => (float)(1 / Math.Sqrt(value + epsilon)))], 0, low, high);

    /// <summary>An activation without a norm.</summary>
    public static ChannelNorm Identity(int channels, float low, float high)
    {
        var zero = new float[channels];
        var one = new float[channels];
        Array.Fill(one, 1);
        return new ChannelNorm(one, zero, zero, one, 0, low, high);
    }

    /// <summary>
    /// Computes, from the sums over the gradient, how the gradient of y follows from that of the output, and those of
    /// gamma and beta.
    /// </summary>
    /// <param name="sums">
    /// sum g and sum g (y - reference), where g is the gradient where the activation lets it through.
    /// </param>
    public ChannelNormGradient Gradient(ChannelSums sums)
    {
        var gradient = new ChannelNormGradient(Channels);
        for (int c = 0; c < Channels; c++)
        {
            double centered = sums.Second[c] - ((Mean[c] - sums.Reference[c]) * sums.First[c]);
            double gamma = Inverse[c] * centered;
            gradient.Gamma[c] = (float)gamma;
            gradient.Beta[c] = (float)sums.First[c];
            gradient.OfOutput[c] = Scale[c];
            if (_pixels == 0)
            {
                // Mean and variance are constants.
                continue;
            }

            gradient.OfDistance[c] = (float)(-Scale[c] * Inverse[c] * gamma / _pixels);
            gradient.Constant[c] = (float)(-Scale[c] * sums.First[c] / _pixels);
        }

        return gradient;
    }
}

/// <summary>The gradient of a batch norm: dL/dy = OfOutput * g + OfDistance * (y - mean) + Constant.</summary>
internal sealed class ChannelNormGradient(int channels)
{
    /// <summary>dL/dgamma.</summary>
    public float[] Gamma { get; } = new float[channels];

    /// <summary>dL/dbeta.</summary>
    public float[] Beta { get; } = new float[channels];

    /// <summary>The factor of the output's gradient g.</summary>
    public float[] OfOutput { get; } = new float[channels];

    /// <summary>The factor of y - mean.</summary>
    public float[] OfDistance { get; } = new float[channels];

    /// <summary>The constant.</summary>
    public float[] Constant { get; } = new float[channels];
}
