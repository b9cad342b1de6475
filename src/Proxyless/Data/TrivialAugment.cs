namespace Proxyless.Data;

/// <summary>
/// One random change of random strength for each training image. Müller, Hutter: TrivialAugment, ICCV 2021 (arXiv
/// 2103.10158), with the changes and the wide range of strengths of the paper. The number of a shift is a share of the
/// image's side, since the paper's 32 pixels are of one size of image.
/// </summary>
internal static class TrivialAugment
{
    private static readonly int Changes = Enum.GetValues<ImageChange>().Length;

    private const int Levels = 31;
    private const double MostShear = 0.99;
    private const double MostShift = 32.0 / 224;
    private const double MostDegrees = 135;
    private const double MostFactor = 0.99;
    private const int FewestBits = 2;

    /// <summary>Changes a picture of values in 0 to 255 in place.</summary>
    /// <param name="square">[side, side, channels].</param>
    /// <param name="side">Pixels in a row.</param>
    /// <param name="channels">1 or 3.</param>
    /// <param name="random">The image's random stream.</param>
    public static void Apply(Span<float> square, int side, int channels, ref SplitMix64 random)
    {
        var change = (ImageChange)random.Below(Changes);
        double strength = random.Below(Levels) / (Levels - 1.0);
        double sign = random.NextDouble() < 0.5 ? -1 : 1;
        Apply(square, side, channels, change, strength, sign);
    }

    /// <summary>Makes one change.</summary>
    /// <param name="square">[side, side, channels].</param>
    /// <param name="side">Pixels in a row.</param>
    /// <param name="channels">1 or 3.</param>
    /// <param name="change">The change.</param>
    /// <param name="strength">0 to 1; without effect on changes that have none.</param>
    /// <param name="sign">-1 or 1: the direction, of changes that have two.</param>
    internal static void Apply(
        Span<float> square,
        int side,
        int channels,
        ImageChange change,
        double strength,
        double sign
    )
    {
        double signed = sign * strength;
        float factor = (float)(1 + (MostFactor * signed));
        switch (change)
        {
            case ImageChange.None:
                break;
            case ImageChange.ShearX:
                ImageWarp.Apply(square, side, channels, new(1, MostShear * signed, 0, 0, 1, 0));
                break;
            case ImageChange.ShearY:
                ImageWarp.Apply(square, side, channels, new(1, 0, 0, MostShear * signed, 1, 0));
                break;
            case ImageChange.ShiftX:
                ImageWarp.Apply(square, side, channels, new(1, 0, Math.Round(MostShift * signed * side), 0, 1, 0));
                break;
            case ImageChange.ShiftY:
                ImageWarp.Apply(square, side, channels, new(1, 0, 0, 0, 1, Math.Round(MostShift * signed * side)));
                break;
            case ImageChange.Rotate:
                (double sin, double cos) = Math.SinCos(MostDegrees * signed * Math.PI / 180);
                ImageWarp.Apply(square, side, channels, new(cos, sin, 0, -sin, cos, 0));
                break;
            case ImageChange.Brightness:
                ColorJitter.Apply(square, channels, factor, 1, 1);
                break;
            case ImageChange.Contrast:
                ColorJitter.Apply(square, channels, 1, factor, 1);
                break;
            case ImageChange.Saturation:
                ColorJitter.Apply(square, channels, 1, 1, factor);
                break;
            case ImageChange.Sharpness:
                Sharpness.Apply(square, side, channels, factor);
                break;
            case ImageChange.Posterize:
                ToneChange.Posterize(square, 8 - (int)Math.Round((8 - FewestBits) * strength));
                break;
            case ImageChange.Solarize:
                ToneChange.Solarize(square, 255 * (1 - strength));
                break;
            case ImageChange.AutoContrast:
                ToneChange.AutoContrast(square, channels);
                break;
            case ImageChange.Equalize:
                ToneChange.Equalize(square, channels);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(change), change, "unknown");
        }
    }
}

/// <summary>The changes of <see cref="TrivialAugment"/>.</summary>
internal enum ImageChange
{
    /// <summary>The image stays as it is.</summary>
    None,

    /// <summary>Rows are shifted in proportion to their distance from the middle.</summary>
    ShearX,

    /// <summary>Columns are shifted in proportion to their distance from the middle.</summary>
    ShearY,

    /// <summary>The image is shifted to the left or right.</summary>
    ShiftX,

    /// <summary>The image is shifted up or down.</summary>
    ShiftY,

    /// <summary>The image is turned about its middle.</summary>
    Rotate,

    /// <summary>All values are multiplied.</summary>
    Brightness,

    /// <summary>Distances from the image's mean gray are multiplied.</summary>
    Contrast,

    /// <summary>Distances from the pixel's own gray are multiplied.</summary>
    Saturation,

    /// <summary>Distances from a blurred copy are multiplied.</summary>
    Sharpness,

    /// <summary>Values lose their lowest bits.</summary>
    Posterize,

    /// <summary>Values over a threshold are inverted.</summary>
    Solarize,

    /// <summary>The values of each channel are stretched to the whole range.</summary>
    AutoContrast,

    /// <summary>The values of each channel become equally frequent.</summary>
    Equalize,
}
