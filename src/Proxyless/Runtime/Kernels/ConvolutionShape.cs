namespace Proxyless.Runtime.Kernels;

/// <summary>The shape of a convolution over channels-last memory that connects every input with every output.</summary>
/// <param name="Images">Images of the batch.</param>
/// <param name="Height">Rows of the input.</param>
/// <param name="Width">Columns of the input.</param>
/// <param name="Inputs">Channels of the input.</param>
/// <param name="Outputs">Channels of the output.</param>
/// <param name="Kernel">Side of the kernel.</param>
/// <param name="Stride">1 or 2.</param>
/// <param name="Before">Zeros before the first row and the first column.</param>
/// <param name="After">Zeros behind the last ones.</param>
internal readonly record struct ConvolutionShape(
    int Images,
    int Height,
    int Width,
    int Inputs,
    int Outputs,
    int Kernel,
    int Stride,
    int Before,
    int After
)
{
    /// <summary>Rows of the output.</summary>
    public int OutputHeight => ((Height + Before + After - Kernel) / Stride) + 1;

    /// <summary>Columns of the output.</summary>
    public int OutputWidth => ((Width + Before + After - Kernel) / Stride) + 1;

    /// <summary>Pixels of the output, all images together.</summary>
    public int OutputPixels => Images * OutputHeight * OutputWidth;

    /// <summary>Numbers of the input that a pixel of the output depends on: a patch [kernel, kernel, inputs].</summary>
    public int PatchLength => Kernel * Kernel * Inputs;
}
