using Proxyless.Architectures;
using Proxyless.Inference;

namespace Proxyless.Pretrained;

/// <summary>How a photograph becomes the input of a pretrained network.</summary>
/// <param name="CropRatio">Side of the middle square, as a share of the shorter side.</param>
/// <param name="Filter">The filter that scales.</param>
/// <param name="Mean">The mean of each channel, of pixels in [0, 1].</param>
/// <param name="Deviation">The standard deviation of each channel, of pixels in [0, 1].</param>
internal sealed record PretrainedInput(
    double CropRatio,
    ImageFilter Filter,
    IReadOnlyList<float> Mean,
    IReadOnlyList<float> Deviation
)
{
    // 224 of 256, as is usual.
    private const double UsualCrop = 0.875;

    // How much larger images are than their middle square in EfficientNet's code.
    private const double CropPadding = 32;

    /// <summary>Bilinear, with the mean and deviation of ImageNet.</summary>
    public static PretrainedInput Usual { get; } =
        new(UsualCrop, ImageFilter.Triangle, [0.485f, 0.456f, 0.406f], [0.229f, 0.224f, 0.225f]);

    /// <summary>The same, bicubic.</summary>
    public static PretrainedInput Bicubic { get; } = Usual with { Filter = ImageFilter.Bicubic };

    /// <summary>Bicubic, to values in [-1, 1].</summary>
    public static PretrainedInput Centered { get; } =
        Bicubic with
        {
            Mean = [0.5f, 0.5f, 0.5f],
            Deviation = [0.5f, 0.5f, 0.5f],
        };

    /// <summary>Bicubic, (v - 127) / 128 of pixels v in 0 to 255.</summary>
    public static PretrainedInput OfEfficientNetLite(int resolution) =>
        new(
            resolution / (resolution + CropPadding),
            ImageFilter.Bicubic,
            [127 / 255f, 127 / 255f, 127 / 255f],
            [128 / 255f, 128 / 255f, 128 / 255f]
        );

    /// <summary>The input of the pretrained weights that a network began with.</summary>
    /// <param name="architecture">The network, with its metadata.</param>
    /// <returns>Null if it did not begin with any.</returns>
    public static PretrainedInput? Of(Architecture architecture) =>
        architecture.Metadata.TryGetValue(PretrainedNetworks.MetadataKey, out string? name)
            ? PretrainedNetworks.Networks.FirstOrDefault(network => network.Architecture.Name == name)?.Input ?? Usual
            : null;

    /// <summary>The recipe of a model that normalizes by itself.</summary>
    /// <param name="resolution">Side of its input in pixels.</param>
    public PreprocessingRecipe RecipeAt(int resolution) =>
        PreprocessingRecipe.ForPhotographs(resolution, 3) with
        {
            CropRatio = CropRatio,
            Filter = Filter,
            Rounds = true,
        };
}
