namespace Proxyless.Architectures;

/// <summary>The first 3x3 convolution with batch norm and activation.</summary>
/// <param name="InputChannels">3 for color, 1 for gray.</param>
/// <param name="Width">Output channels.</param>
/// <param name="Stride">1 or 2.</param>
/// <param name="InputResolution">Side of the square image in pixels.</param>
public sealed record Stem(int InputChannels, int Width, int Stride, int InputResolution)
{
    /// <summary>Side of the square output in pixels.</summary>
    public int OutputResolution => (InputResolution + Stride - 1) / Stride;

    /// <summary>The shapes in one line, the key of latency tables.</summary>
    public string Key => $"stem {InputChannels}x{InputResolution}x{InputResolution} {Width} s{Stride}";
}
