using System.Globalization;
using Proxyless.Architectures;
using Proxyless.Inference;

namespace Proxyless.Pretrained;

/// <summary>How a photograph becomes the input of a pretrained network.</summary>
/// <param name="Name">What the metadata of a network call it; <see cref="PretrainedInput.ByName"/> finds it.</param>
/// <param name="CropRatio">Side of the middle square, as a share of the shorter side.</param>
/// <param name="Filter">The filter that scales.</param>
/// <param name="Mean">The mean of each channel, of pixels in [0, 1].</param>
/// <param name="Deviation">The standard deviation of each channel, of pixels in [0, 1].</param>
internal sealed record PretrainedInput(
    string Name,
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

    // Before the resolution, which decides how much of an image is cropped.
    private const string LiteName = "efficientnet-lite ";
    private const int MostResolution = 1 << 14;

    /// <summary>Bilinear, with the mean and deviation of ImageNet.</summary>
    public static PretrainedInput Usual { get; } =
        new("usual", UsualCrop, ImageFilter.Triangle, [0.485f, 0.456f, 0.406f], [0.229f, 0.224f, 0.225f]);

    /// <summary>The same, bicubic.</summary>
    public static PretrainedInput Bicubic { get; } = Usual with { Name = "bicubic", Filter = ImageFilter.Bicubic };

    /// <summary>Bicubic, to values in [-1, 1].</summary>
    public static PretrainedInput Centered { get; } =
        Bicubic with
        {
            Name = "centered",
            Mean = [0.5f, 0.5f, 0.5f],
            Deviation = [0.5f, 0.5f, 0.5f],
        };

    /// <summary>Bicubic, (v - 127) / 128 of pixels v in 0 to 255.</summary>
    public static PretrainedInput OfEfficientNetLite(int resolution) =>
        new(
            Invariant($"{LiteName}{resolution}"),
            resolution / (resolution + CropPadding),
            ImageFilter.Bicubic,
            [127 / 255f, 127 / 255f, 127 / 255f],
            [128 / 255f, 128 / 255f, 128 / 255f]
        );

    /// <summary>The recipe of a name.</summary>
    /// <exception cref="InvalidInputException">There is no such name.</exception>
    public static PretrainedInput ByName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        PretrainedInput[] known = [Usual, Bicubic, Centered];
        if (known.FirstOrDefault(one => one.Name == name) is { } input)
        {
            return input;
        }

        bool isLite = name.StartsWith(LiteName, StringComparison.Ordinal);
        ReadOnlySpan<char> side = isLite ? name.AsSpan(LiteName.Length) : "";
        return
            int.TryParse(side, NumberStyles.None, CultureInfo.InvariantCulture, out int resolution)
            && resolution is > 0 and <= MostResolution
            ? OfEfficientNetLite(resolution)
            : throw new InvalidInputException(
                $"the metadata of the network call the input of its weights '{name}', which this version does not know"
            );
    }

    /// <summary>The input of the pretrained weights that a network began with.</summary>
    /// <param name="architecture">The network, with its metadata.</param>
    /// <returns>Null if it did not begin with any.</returns>
    /// <exception cref="InvalidInputException">Its metadata name an input that is not known.</exception>
    public static PretrainedInput? Of(Architecture architecture)
    {
        if (!architecture.Metadata.TryGetValue(PretrainedNetworks.MetadataKey, out string? weights))
        {
            return null;
        }

        return PretrainedNetworks.Networks.FirstOrDefault(network => network.Architecture.Name == weights)?.Input
            ?? (
                architecture.Metadata.TryGetValue(PretrainedNetworks.InputKey, out string? name) ? ByName(name) : Usual
            );
    }

    /// <summary>The recipe in words, for messages.</summary>
    public string ToWords()
    {
        static string Numbers(IReadOnlyList<float> values) =>
            string.Join(", ", values.Select(value => Invariant($"{value:0.###}")));
        string filter = Filter == ImageFilter.Bicubic ? "bicubic" : "bilinear";
        return Invariant($"scaled {filter}, cropped to {CropRatio:0.###}, with the mean ({Numbers(Mean)}) and the ")
            + $"deviation ({Numbers(Deviation)})";
    }

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
