using System.Text.Json;
using System.Text.Json.Serialization;

namespace Proxyless.Inference;

/// <summary>
/// How an image becomes the input of a model. It is stored as JSON in the model's metadata (<see cref="MetadataKey"/>),
/// and everything that feeds the model follows it: the evaluation, the prediction, the check of an export, and programs
/// that use the model.
/// </summary>
/// <remarks>
/// An image is decoded in full and turned upright by EXIF. Colors are red, green, blue without a color profile, or gray
/// by ITU-R BT.601. Transparency is composited on white. The crop is scaled to a square by the filter. A value v in 0
/// to 255 becomes (v / 255 * <see cref="Range"/> - mean) / deviation.
/// </remarks>
public sealed record PreprocessingRecipe
{
    /// <summary>The key of the recipe in the metadata of a model.</summary>
    public const string MetadataKey = "preprocessing";

    /// <summary>Share of the shorter side that a center crop keeps: 224 of 256, as is usual.</summary>
    private const double UsualCropRatio = 0.875;

    /// <summary>Side of the square in pixels.</summary>
    public required int Resolution { get; init; }

    /// <summary>1 for gray, 3 for red, green and blue.</summary>
    public required int Channels { get; init; }

    /// <summary>
    /// Side of the square that is cropped from the center, as a share of the shorter side, in (0, 1]. Null if the whole
    /// image is scaled to the square, whatever its shape.
    /// </summary>
    public required double? CropRatio { get; init; }

    /// <summary>The filter that scales.</summary>
    public required ImageFilter Filter { get; init; }

    /// <summary>Whether scaled values are rounded to whole numbers in 0 to 255, as in an image of 8 bits.</summary>
    public required bool Rounds { get; init; }

    /// <summary>The value of white before mean and deviation: 1 or 255.</summary>
    public required double Range { get; init; }

    /// <summary>Subtracted from each channel; zeros if the model normalizes by itself.</summary>
    public required IReadOnlyList<float> Mean { get; init; }

    /// <summary>Divides each channel; ones if the model normalizes by itself.</summary>
    public required IReadOnlyList<float> Deviation { get; init; }

    /// <summary>Values of one input: channels x resolution x resolution.</summary>
    [JsonIgnore]
    public int Length => Channels * Resolution * Resolution;

    /// <summary>The same in words.</summary>
    [JsonIgnore]
    public string Description =>
        CropRatio is { } ratio
            ? FormattableString.Invariant(
                $"shorter side to {Math.Round(Resolution / ratio)}, {FilterInWords}, center crop {Resolution}"
            )
            : $"whole image to {Resolution}x{Resolution}, {FilterInWords}";

    private string FilterInWords => Filter == ImageFilter.Bicubic ? "antialiased bicubic" : "antialiased bilinear";

    /// <summary>
    /// The recipe of models that Proxyless trains on photographs: the center of the image, values in [0, 1].
    /// </summary>
    /// <param name="resolution">Side of the square in pixels.</param>
    /// <param name="channels">1 for gray, 3 for color.</param>
    public static PreprocessingRecipe ForPhotographs(int resolution, int channels) =>
        InUnitRange(resolution, channels) with
        {
            CropRatio = UsualCropRatio,
        };

    /// <summary>
    /// The recipe of models that Proxyless trains on small squares: the whole image in whole numbers, then in [0, 1].
    /// </summary>
    /// <param name="resolution">Side of the square in pixels.</param>
    /// <param name="channels">1 for gray, 3 for color.</param>
    public static PreprocessingRecipe ForSmallImages(int resolution, int channels) =>
        InUnitRange(resolution, channels) with
        {
            Rounds = true,
        };

    /// <summary>Reads a recipe from JSON.</summary>
    /// <exception cref="FormatException">The text is not a recipe, or one of a newer version.</exception>
    public static PreprocessingRecipe Parse(string json)
    {
        try
        {
            PreprocessingRecipe recipe =
                JsonSerializer.Deserialize(json, RecipeJson.Default.PreprocessingRecipe)
                ?? throw new FormatException("the recipe is null");
            recipe.Require();
            return recipe;
        }
        catch (JsonException exception)
        {
            throw new FormatException(
                $"'{MetadataKey}' is not a recipe that this version knows: {exception.Message}",
                exception
            );
        }
    }

    /// <summary>Returns the recipe as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, RecipeJson.Default.PreprocessingRecipe);

    /// <summary>Returns the part of an upright image that is scaled.</summary>
    internal Region RegionOf(int width, int height) =>
        CropRatio is { } ratio ? Region.Center(width, height, ratio) : new Region(0, 0, width, height);

    private static PreprocessingRecipe InUnitRange(int resolution, int channels) =>
        new()
        {
            Resolution = resolution,
            Channels = channels,
            CropRatio = null,
            Filter = ImageFilter.Triangle,
            Rounds = false,
            Range = 1,
            Mean = new float[channels],
            Deviation = [.. Enumerable.Repeat(1f, channels)],
        };

    private void Require()
    {
        static void That(bool holds, string name, object? value)
        {
            if (!holds)
            {
                throw new FormatException(
                    FormattableString.Invariant($"'{MetadataKey}' says {name} {value}, which is not possible")
                );
            }
        }

        // The largest square of a byte image that fits in memory.
        const int LargestResolution = 16384;
        That(Resolution is >= 1 and <= LargestResolution, "resolution", Resolution);
        That(Channels is 1 or 3, "channels", Channels);
        That(CropRatio is null or (> 0 and <= 1), "crop_ratio", CropRatio);
        That(Enum.IsDefined(Filter), "filter", Filter);
        That(Range is 1 or 255, "range", Range);
        That(Mean?.Count == Channels && Mean.All(float.IsFinite), "mean", string.Join(", ", Mean ?? []));
        That(
            Deviation?.Count == Channels && Deviation.All(value => float.IsFinite(value) && value > 0),
            "deviation",
            string.Join(", ", Deviation ?? [])
        );
    }
}

/// <summary>Reads and writes recipes without reflection. Unknown entries are rejected, not ignored.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    UseStringEnumConverter = true
)]
[JsonSerializable(typeof(PreprocessingRecipe))]
internal sealed partial class RecipeJson : JsonSerializerContext;
