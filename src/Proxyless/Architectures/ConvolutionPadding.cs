namespace Proxyless.Architectures;

/// <summary>Where the zeros around the input of a convolution are.</summary>
public enum ConvolutionPadding
{
    /// <summary>Half a kernel on every side.</summary>
    Centered,

    /// <summary>
    /// As TensorFlow's <c>SAME</c>: as few zeros as the output needs; if their number is odd, one more below and on the
    /// right. Differs from <see cref="Centered"/> where a stride of 2 meets an even number of pixels.
    /// </summary>
    Same,
}

/// <summary>The number of zeros of a padding.</summary>
internal static class PaddingMargins
{
    /// <summary>The zeros before and after the pixels along a side.</summary>
    /// <param name="padding">The padding.</param>
    /// <param name="side">Pixels of the input along the side.</param>
    /// <param name="kernel">Side of the kernel, odd.</param>
    /// <param name="stride">1 or 2.</param>
    public static (int Before, int After) Of(ConvolutionPadding padding, int side, int kernel, int stride)
    {
        if (padding == ConvolutionPadding.Centered)
        {
            return (kernel / 2, kernel / 2);
        }

        int outputs = (side + stride - 1) / stride;
        int zeros = Math.Max(((outputs - 1) * stride) + kernel - side, 0);
        return (zeros / 2, zeros - (zeros / 2));
    }
}
