using System.Globalization;
using Proxyless.Data;
using Proxyless.Export;
using Proxyless.Files;
using Proxyless.Inference;

namespace Proxyless.Runs;

/// <summary>
/// What a model's metadata says about the images it was trained on, so that an evaluation can tell images it has seen
/// from images it has not.
/// </summary>
/// <param name="Name">Their name in reports.</param>
/// <param name="Fingerprint"><see cref="ImageDataset.Fingerprint"/>; empty if the model does not state it.</param>
/// <param name="Small">Whether they are small images, which are resized without a crop.</param>
/// <param name="Seed">The seed of the splits.</param>
/// <param name="ValidationShare">Share of the training images that was held out.</param>
/// <param name="TestShare">Share of the images that became the test set.</param>
/// <param name="MaxPixels">The most pixels of an image that was read; null if the model does not state it.</param>
internal sealed record ModelImages(
    string Name,
    string Fingerprint,
    bool Small,
    int Seed,
    double ValidationShare,
    double TestShare,
    long? MaxPixels
)
{
    private const string NameKey = "data";
    private const string FingerprintKey = "data_fingerprint";
    private const string SmallKey = OnnxClassifier.SmallImagesKey;
    private const string SeedKey = "seed";
    private const string ValidationShareKey = "validation_share";
    private const string TestShareKey = "test_share";
    private const string MaxPixelsKey = "max_pixels";

    /// <summary>Returns the images of a run.</summary>
    public static ModelImages Of(RunContext context) =>
        new(
            context.Images.Name,
            context.Images.Fingerprint,
            context.SmallImages,
            context.Options.Seed,
            context.Options.Data.ValidationShare,
            context.Options.Data.TestShare,
            context.Options.Data.MaxPixels
        );

    /// <summary>Returns the images that a model says it was trained on.</summary>
    public static ModelImages Of(OnnxClassifier model)
    {
        var defaults = new RunOptions();
        string Text(string key) => model.Metadata.GetValueOrDefault(NetworkExporter.ProvenancePrefix + key) ?? "";
        double Share(string key, double otherwise) =>
            double.TryParse(Text(key), CultureInfo.InvariantCulture, out double share) ? share : otherwise;
        return new ModelImages(
            Text(NameKey),
            Text(FingerprintKey),
            Text(SmallKey) == "true",
            int.TryParse(Text(SeedKey), CultureInfo.InvariantCulture, out int seed) ? seed : defaults.Seed,
            Share(ValidationShareKey, defaults.Data.ValidationShare),
            Share(TestShareKey, defaults.Data.TestShare),
            long.TryParse(Text(MaxPixelsKey), CultureInfo.InvariantCulture, out long pixels)
            && pixels is > 0 and <= DatasetOptions.MostPixels
                ? pixels
                : null
        );
    }

    /// <summary>Returns the same as entries of the metadata.</summary>
    public IEnumerable<KeyValuePair<string, string>> ToMetadata() =>
        [
            new(NameKey, Name),
            new(FingerprintKey, Fingerprint),
            new(SmallKey, Small ? "true" : "false"),
            new(SeedKey, Seed.ToString(CultureInfo.InvariantCulture)),
            new(ValidationShareKey, ValidationShare.ToString("R", CultureInfo.InvariantCulture)),
            new(TestShareKey, TestShare.ToString("R", CultureInfo.InvariantCulture)),
            new(MaxPixelsKey, MaxPixels?.ToString(CultureInfo.InvariantCulture) ?? ""),
        ];

    /// <summary>
    /// Returns options that divide images as for the training; <see cref="DataOptions.MaxPixels"/> only if it is at its
    /// default.
    /// </summary>
    public RunOptions DividedAlike(RunOptions options) =>
        options with
        {
            Seed = Seed,
            Data = options.Data with
            {
                ValidationShare = ValidationShare,
                TestShare = TestShare,
                MaxPixels =
                    options.Data.MaxPixels == DatasetOptions.DefaultMaxPixels && MaxPixels is { } pixels
                        ? pixels
                        : options.Data.MaxPixels,
            },
        };

    /// <summary>
    /// Returns the images of a location that the model was not trained on, with classes numbered by the model's
    /// outputs.
    /// </summary>
    /// <param name="options">The images, divided as for the training.</param>
    /// <param name="classes">The model's classes.</param>
    /// <param name="identifiers">Their identifiers; empty if they have none.</param>
    /// <param name="observer">Is told which images they are.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="InvalidInputException">
    /// There are no images, or the model lacks some of their classes.
    /// </exception>
    public ImageSet UnseenOf(
        DatasetOptions options,
        IReadOnlyList<string> classes,
        IReadOnlyList<string> identifiers,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        var images = LabeledImages.List(options.Location, classes, identifiers, options.MaxPixels);
        bool hasAllClasses = images.TrainingClasses.Select(ClassName.Key).SequenceEqual(classes.Select(ClassName.Key));
        ImageDataset? divided =
            images.IsTestSet || !hasAllClasses ? null : TryDivide(options, observer, cancellationToken);
        if (divided is not null && divided.HasFingerprint(Fingerprint))
        {
            return divided.Test;
        }

        ImageSet all =
            divided is null ? images.Open(options, observer, cancellationToken)
            : images.IsValidationSet ? divided.Validation
            : divided.All;
        string which = images.Split is { } split
            ? Invariant($"the {all.Count:N0} images of its {split}/")
            : Invariant($"all its {all.Count:N0} images");
        if (!images.IsTestSet && hasAllClasses)
        {
            // Names say nothing: folders are renamed, and images added and removed.
            observer.Warning(
                $"'{options.Location}' has no test/ and is not as the images were when the model was trained on "
                    + $"'{ControlCharacters.Visible(Name)}': {which} are evaluated, and if the model was trained on "
                    + "any of them, the accuracy is too high"
            );
        }
        else if (!images.IsTestSet)
        {
            observer.Message($"'{options.Location}' has no test/: {which} are evaluated");
        }

        string[] missing = [.. classes.Where((_, label) => all.ClassCounts()[label] == 0)];
        if (missing.Length > 0)
        {
            observer.Message(
                $"'{options.Location}' has no images of {missing.Length} of the model's {classes.Count} classes: "
                    + $"{LabeledImages.Enumerate(missing)}"
            );
        }

        return all;
    }

    /// <summary>
    /// Divides the images as for the training; null if they are too few for that, so that they were not trained on.
    /// </summary>
    private static ImageDataset? TryDivide(
        DatasetOptions options,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return ImageDataset.Open(options, forTraining: false, observer, cancellationToken);
        }
        catch (InvalidInputException)
        {
            return null;
        }
    }
}
