namespace Proxyless.Architectures;

/// <summary>
/// 1x1 convolution with batch norm and activation, global average pooling, dropout, linear classifier.
/// </summary>
/// <param name="InputWidth">Channels of the last block.</param>
/// <param name="Width">Channels of the 1x1 convolution.</param>
/// <param name="Classes">Outputs of the classifier.</param>
/// <param name="InputResolution">Side of the last feature map in pixels.</param>
public sealed record Head(int InputWidth, int Width, int Classes, int InputResolution)
{
    /// <summary>The 1x1 convolution's shapes in one line, a key of latency tables.</summary>
    public string ConvolutionKey => $"head {InputWidth}x{InputResolution}x{InputResolution} {Width}";

    /// <summary>Pooling and classifier's shapes in one line, a key of latency tables.</summary>
    public string ClassifierKey => $"classifier {Width}x{InputResolution}x{InputResolution} {Classes}";
}
