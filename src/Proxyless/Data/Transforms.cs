using Proxyless.Inference;

namespace Proxyless.Data;

/// <summary>The processing of an image for a batch.</summary>
internal sealed record Transforms
{
    private static readonly float[] ColorMean = [0.485f, 0.456f, 0.406f];
    private static readonly float[] ColorDeviation = [0.229f, 0.224f, 0.225f];

    private Transforms(Framing framing, int resolution, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(resolution);
        if (channels is not (1 or 3))
        {
            throw new ArgumentOutOfRangeException(nameof(channels), channels, "1 for gray, 3 for color.");
        }

        Framing = framing;
        Resolution = resolution;
        Channels = channels;
        Mean = channels == 3 ? [.. ColorMean] : [0.5f];
        Std = channels == 3 ? [.. ColorDeviation] : [0.25f];
    }

    /// <summary>How an image becomes a square.</summary>
    public Framing Framing { get; }

    /// <summary>How evaluation makes a square from an image; null for training.</summary>
    public PreprocessingRecipe? Recipe { get; private init; }

    /// <summary>Side of the square in pixels.</summary>
    public int Resolution { get; }

    /// <summary>1 for gray, 3 for color.</summary>
    public int Channels { get; }

    /// <summary>Subtracted from each channel in [0, 1]: ImageNet's for color, 0.5 for gray.</summary>
    public float[] Mean { get; init; }

    /// <summary>Divides each channel after the mean is subtracted: ImageNet's for color, 0.25 for gray.</summary>
    public float[] Std { get; init; }

    /// <summary>
    /// Smallest share of the area that <see cref="Framing.RandomResizedCrop"/> keeps; 0.25 by default, 0.08 is usual
    /// for ImageNet.
    /// </summary>
    public double MinimumScale { get; init; } = 0.25;

    /// <summary>
    /// Widest aspect ratio of <see cref="Framing.RandomResizedCrop"/>; its inverse is the narrowest; 4/3 by default.
    /// </summary>
    public double MaximumRatio { get; init; } = 4.0 / 3.0;

    /// <summary>Black border of <see cref="Framing.PadAndCrop"/> in pixels.</summary>
    public int Padding { get; init; }

    /// <summary>Whether every other image is mirrored; off for digits and letters.</summary>
    public bool Flip { get; init; }

    /// <summary>Changes of brightness, contrast and saturation; none by default.</summary>
    public ColorJitter Jitter { get; init; } = ColorJitter.None;

    /// <summary>
    /// Whether each image gets one random change of random strength (<see cref="Data.TrivialAugment"/>); the colors are
    /// then not changed by <see cref="Jitter"/> as well. False by default.
    /// </summary>
    public bool TrivialAugment { get; init; }

    /// <summary>
    /// Share of the training images from which a rectangle of 2 to 33 % of the area is erased; 0 by default.
    /// </summary>
    public double Erase { get; init; }

    /// <summary>
    /// Shorter side, in pixels, of the copies that stand for much larger images (<see cref="ImageCopies"/>); 0, the
    /// default, for the images themselves.
    /// </summary>
    public int CopySide { get; init; }

    /// <summary>Values in one image: resolution x resolution x channels.</summary>
    public int Length => Resolution * Resolution * Channels;

    /// <summary>
    /// The usual augmentation: for photographs random resized crop, mirror image and color jitter; for small images pad
    /// and crop, mirror image.
    /// </summary>
    /// <param name="resolution">Side of the square in pixels.</param>
    /// <param name="smallImages">
    /// The images are small squares (<see cref="ImageDataset.NativeResolution"/> is not 0).
    /// </param>
    /// <param name="channels">1 for gray, 3 for color.</param>
    /// <param name="flip">
    /// Mirror every other image; false where left and right differ in meaning (digits, letters).
    /// </param>
    public static Transforms ForTraining(int resolution, bool smallImages, int channels = 3, bool flip = true) =>
        smallImages
            ? new Transforms(Framing.PadAndCrop, resolution, channels) { Padding = resolution / 8, Flip = flip }
            : new Transforms(Framing.RandomResizedCrop, resolution, channels)
            {
                Flip = flip,
                Jitter = ColorJitter.Moderate,
            };

    /// <summary>
    /// What the deployed model does: photographs are scaled and center-cropped, small images are used whole.
    /// </summary>
    /// <param name="resolution">Side of the square in pixels.</param>
    /// <param name="smallImages">
    /// The images are small squares (<see cref="ImageDataset.NativeResolution"/> is not 0).
    /// </param>
    /// <param name="channels">1 for gray, 3 for color.</param>
    public static Transforms ForEvaluation(int resolution, bool smallImages, int channels = 3) =>
        ForEvaluation(
            smallImages
                ? PreprocessingRecipe.ForSmallImages(resolution, channels)
                : PreprocessingRecipe.ForPhotographs(resolution, channels)
        );

    /// <summary>
    /// What a model that is deployed with a recipe does, with the mean and the deviation of networks trained here.
    /// </summary>
    /// <param name="recipe">The recipe of a model that normalizes by itself.</param>
    internal static Transforms ForEvaluation(PreprocessingRecipe recipe) =>
        new(Framing.Recipe, recipe.Resolution, recipe.Channels) { Recipe = recipe };

    /// <summary>The input of a model, as its recipe says.</summary>
    internal static Transforms ForModel(PreprocessingRecipe recipe) =>
        ForEvaluation(recipe) with
        {
            Mean = [.. recipe.Mean.Select(mean => (float)(mean / recipe.Range))],
            Std = [.. recipe.Deviation.Select(deviation => (float)(deviation / recipe.Range))],
        };

    /// <summary>
    /// Draws the part of an image that is used. It is drawn first, so that only what is needed is decoded.
    /// </summary>
    internal Region ChooseRegion(int width, int height, ref SplitMix64 random) =>
        Framing switch
        {
            Framing.RandomResizedCrop => RandomResizedCrop.Draw(
                width,
                height,
                MinimumScale,
                1,
                MaximumRatio,
                ref random
            ),
            _ => new Region(0, 0, width, height),
        };

    /// <summary>
    /// For training, the strongest reduction (1, 2, 4 or 8) at which the part still has as many pixels as the square.
    /// </summary>
    internal int Denominator(Region region) => Denominator(Math.Min(region.Width, region.Height), Resolution);

    /// <summary>The strongest reduction (1, 2, 4 or 8) at which something keeps at least a number of pixels.</summary>
    internal static int Denominator(double pixels, int needed) =>
        (pixels / needed) switch
        {
            >= 8 => 8,
            >= 4 => 4,
            >= 2 => 2,
            _ => 1,
        };

    /// <summary>Transforms a decoded image.</summary>
    /// <param name="image">The image, possibly decoded at a fraction of its size.</param>
    /// <param name="width">Its width at full size.</param>
    /// <param name="height">Its height at full size.</param>
    /// <param name="region">The part to use, at full size.</param>
    /// <param name="destination">[Resolution, Resolution, Channels], normalized.</param>
    /// <param name="random">The stream that the part was drawn from.</param>
    internal void Apply(
        DecodedImage image,
        int width,
        int height,
        Region region,
        Span<float> destination,
        ref SplitMix64 random
    )
    {
        if (Recipe is { } recipe)
        {
            Preprocessor.Scale(image, recipe, destination[..Length]);
            Finish(destination[..Length], ref random);
            return;
        }

        image = ChannelConversion.Convert(image, Channels);
        if (Framing == Framing.PadAndCrop)
        {
            ApplySmall(Resize(image).Pixels, destination, ref random);
            return;
        }

        Region scaled = region.Scale(image.Width / (double)width, image.Height / (double)height);
        Resampler.Resample(
            image.Pixels,
            image.Width,
            image.Height,
            Channels,
            scaled,
            Resolution,
            destination[..Length]
        );
        Finish(destination[..Length], ref random);
    }

    /// <summary>Transforms the decoded part of an image.</summary>
    /// <param name="part">Decoded for this crop.</param>
    /// <param name="destination">[Resolution, Resolution, Channels], normalized.</param>
    /// <param name="random">The stream that the crop was drawn from.</param>
    internal void Apply(DecodedPart part, Span<float> destination, ref SplitMix64 random)
    {
        Span<float> square = destination[..Length];
        part.ScaleTo(Resolution, ImageFilter.Triangle, square);
        Finish(square, ref random);
    }

    /// <summary>The steps after scaling: mirror image, random change, normalization, erasing.</summary>
    /// <param name="square">[Resolution, Resolution, Channels] in 0 to 255; normalized afterwards.</param>
    /// <param name="random">The image's random stream.</param>
    internal void Finish(Span<float> square, ref SplitMix64 random)
    {
        if (Flip && random.NextDouble() < 0.5)
        {
            Mirroring.Apply(square, Resolution, Channels);
        }

        if (TrivialAugment)
        {
            Data.TrivialAugment.Apply(square, Resolution, Channels, ref random);
        }
        else
        {
            Jitter.Apply(square, Channels, ref random);
        }

        Normalization.Apply(square, Mean, Std);
        RandomErasing.Apply(square, Resolution, Channels, Erase, ref random);
    }

    /// <summary>
    /// Transforms an image that has the right size and channels: no resampling, bytes go straight to floats.
    /// </summary>
    /// <param name="pixels">[Resolution, Resolution, Channels].</param>
    /// <param name="destination">[Resolution, Resolution, Channels], normalized.</param>
    /// <param name="random">The image's random stream.</param>
    internal void ApplySmall(ReadOnlySpan<byte> pixels, Span<float> destination, ref SplitMix64 random)
    {
        int shiftX = Padding == 0 ? 0 : random.Below(2 * Padding + 1) - Padding;
        int shiftY = Padding == 0 ? 0 : random.Below(2 * Padding + 1) - Padding;
        Span<float> square = destination[..Length];
        int firstColumn = Math.Max(0, -shiftX);
        int columns = Resolution - Math.Abs(shiftX);
        for (int y = 0; y < Resolution; y++)
        {
            Span<float> row = square.Slice(y * Resolution * Channels, Resolution * Channels);
            int sourceRow = y + shiftY;
            if (sourceRow < 0 || sourceRow >= Resolution)
            {
                row.Clear();
                continue;
            }

            row[..(firstColumn * Channels)].Clear();
            row[((firstColumn + columns) * Channels)..].Clear();
            ReadOnlySpan<byte> source = pixels.Slice(
                (sourceRow * Resolution + firstColumn + shiftX) * Channels,
                columns * Channels
            );
            Span<float> target = row.Slice(firstColumn * Channels, columns * Channels);
            for (int i = 0; i < source.Length; i++)
            {
                target[i] = source[i];
            }
        }

        Finish(square, ref random);
    }

    /// <summary>
    /// Scales the whole image to a square of <see cref="Resolution"/>; returns it as it is if it is one.
    /// </summary>
    internal DecodedImage Resize(DecodedImage image)
    {
        if (image.Width == Resolution && image.Height == Resolution)
        {
            return image;
        }

        var scaled = new float[Length];
        Preprocessor.Scale(image, PreprocessingRecipe.ForSmallImages(Resolution, Channels), scaled);
        return new DecodedImage(Resolution, Resolution, Channels, [.. scaled.Select(value => (byte)value)]);
    }
}
