namespace Proxyless.Quantization;

/// <summary>How a model is quantized.</summary>
internal sealed record QuantizationSettings
{
    /// <summary>Bits of a weight.</summary>
    public const int Bits = 8;

    /// <summary>
    /// Bits of a weight where sums of products saturate: the sum of two products of 255 and 64 has 16 bits.
    /// </summary>
    public const int BitsWhereSaturated = 7;

    /// <summary>How the ranges of activations are chosen.</summary>
    public RangeMethod Ranges { get; init; } = RangeMethod.MeanSquaredError;

    /// <summary>
    /// Whether the mean error of rounded weights is taken out of the biases (arXiv 1906.04721, section 4.2).
    /// </summary>
    public bool CorrectsBiases { get; init; } = true;

    /// <summary>Bits of a weight: <see cref="Bits"/> or <see cref="BitsWhereSaturated"/>.</summary>
    public int WeightBits { get; init; } = Bits;

    /// <summary>The largest integer of a weight.</summary>
    public int LargestWeight => WeightBits == Bits ? sbyte.MaxValue : 1 << (WeightBits - 1);

    /// <summary>Names of the layers that stay in float.</summary>
    public IReadOnlySet<string> InFloat { get; init; } = new HashSet<string>();
}
