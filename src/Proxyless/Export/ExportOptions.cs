using Proxyless.Inference;

namespace Proxyless.Export;

/// <summary>What a model file holds besides the network.</summary>
internal sealed record ExportOptions
{
    /// <summary>The mean of each channel that is subtracted inside the model, of pixels in [0, 1].</summary>
    public required IReadOnlyList<float> Mean { get; init; }

    /// <summary>The standard deviation of each channel that the model divides by, of pixels in [0, 1].</summary>
    public required IReadOnlyList<float> Deviation { get; init; }

    /// <summary>The names of the classes in the order of the outputs.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>Identifiers of the classes in the same order; empty if they have none.</summary>
    public IReadOnlyList<string> ClassIdentifiers { get; init; } = [];

    /// <summary>How a photo becomes the model's input; null in a model that is only timed.</summary>
    public PreprocessingRecipe? Preprocessing { get; init; }

    /// <summary>Where the model comes from, by name: data set, space, run, accuracy.</summary>
    public IReadOnlyDictionary<string, string> Provenance { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// The options of an untrained network that is exported to be timed: a normalization much like ImageNet's, classes
    /// without names.
    /// </summary>
    /// <param name="channels">3 for color, 1 for gray.</param>
    /// <param name="classes">Number of classes.</param>
    public static ExportOptions Untrained(int channels, int classes) =>
        new()
        {
            Mean = [.. Enumerable.Repeat(0.45f, channels)],
            Deviation = [.. Enumerable.Repeat(0.225f, channels)],
            Classes = [.. Enumerable.Range(0, classes).Select(i => $"class {i}")],
        };
}
