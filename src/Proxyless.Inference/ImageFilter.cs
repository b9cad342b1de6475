namespace Proxyless.Inference;

/// <summary>
/// How pixels are weighted when an image is scaled. Both widen with the reduction, so that nothing aliases.
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
