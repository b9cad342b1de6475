namespace Proxyless.Quantization;

/// <summary>
/// How the floats of a tensor become 8-bit integers without sign: q = round(x / scale) + zero point, held within 0 and
/// 255 (Jacob et al., arXiv 1712.05877, equation 1). Zero is exact, so that padding is.
/// </summary>
/// <param name="Scale">The distance of two neighboring numbers, above 0.</param>
/// <param name="ZeroPoint">The integer that stands for 0.</param>
internal readonly record struct QuantizedRange(float Scale, byte ZeroPoint)
{
    private const float Steps = 255;

    // A tensor that is always 0 needs a scale, too.
    private const float Least = 1e-8f;

    /// <summary>The largest number that has an integer.</summary>
    public float High => Scale * (Steps - ZeroPoint);

    /// <summary>The smallest number that has an integer.</summary>
    public float Low => -Scale * ZeroPoint;

    /// <summary>The finest range that holds two numbers, and 0.</summary>
    /// <param name="low">The smallest number.</param>
    /// <param name="high">The largest number.</param>
    public static QuantizedRange Of(float low, float high)
    {
        low = Math.Min(low, 0);
        high = Math.Max(high, 0);
        float scale = Math.Max((high - low) / Steps, Least);
        return new QuantizedRange(scale, (byte)Math.Clamp(MathF.Round(-low / scale), 0, Steps));
    }
}
