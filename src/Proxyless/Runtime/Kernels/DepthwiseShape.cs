namespace Proxyless.Runtime.Kernels;

/// <summary>
/// The shape of a depthwise convolution over channels-last memory: the output has a pixel for each of the input, or for
/// every other one, and zeros behind the input are added as needed.
/// </summary>
/// <param name="Images">Images of the batch.</param>
/// <param name="Height">Rows of the input.</param>
/// <param name="Width">Columns of the input.</param>
/// <param name="Channels">Channels of input and output.</param>
/// <param name="Kernel">Side of the kernel, odd.</param>
/// <param name="Stride">1 or 2.</param>
/// <param name="Before">Zeros before the first row and the first column: at most half the kernel.</param>
internal readonly record struct DepthwiseShape(
    int Images,
    int Height,
    int Width,
    int Channels,
    int Kernel,
    int Stride,
    int Before
)
{
    /// <summary>Rows of the output.</summary>
    public int OutputHeight => ((Height - 1) / Stride) + 1;

    /// <summary>Columns of the output.</summary>
    public int OutputWidth => ((Width - 1) / Stride) + 1;

    /// <summary>Pixels of the input, all images together.</summary>
    public int Pixels => Images * Height * Width;

    /// <summary>Pixels of the output, all images together.</summary>
    public int OutputPixels => Images * OutputHeight * OutputWidth;
}
