namespace Proxyless.Inference;

/// <summary>
/// How pixels are weighted when an image is scaled. Both filters widen with the reduction, to avoid aliasing.
/// </summary>
public enum ImageFilter
{
    /// <summary>A triangle: bilinear, as Pillow and torchvision compute it with antialiasing.</summary>
    Triangle,

    /// <summary>
    /// Keys' cubic with a = -0.5, as Pillow computes it. R. Keys: Cubic convolution interpolation, IEEE TASSP 1981.
    /// </summary>
    Bicubic,
}
