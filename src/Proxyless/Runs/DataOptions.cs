using Proxyless.Architectures;
using Proxyless.Data;

namespace Proxyless.Runs;

/// <summary>The images of a run, and how they are divided.</summary>
public sealed record DataOptions
{
    /// <summary>The numbers that each property accepts, by its name.</summary>
    public static IReadOnlyDictionary<string, NumberRange> Ranges { get; } =
        new Dictionary<string, NumberRange>
        {
            [nameof(Resolution)] = new(
                SearchSpace.LeastResolution,
                SearchSpace.MostResolution,
                IsWhole: true,
                Note: "pixels"
            ),
            [nameof(Channels)] = new(1, 3, IsWhole: true, Note: "1 for gray or 3 for color"),
            [nameof(MaxPixels)] = new(1, DatasetOptions.MostPixels, IsWhole: true),
            [nameof(ValidationShare)] = new(1e-6, 0.5),
            [nameof(TestShare)] = new(1e-6, 0.5),
        };

    /// <summary>A folder of images, a folder of CIFAR-10 or IDX files, or <c>sample</c> for generated images.</summary>
    public string Path { get; init; } = SampleImages.Name;

    /// <summary>Side of the square image in pixels; null: as in the space.</summary>
    public int? Resolution { get; init; }

    /// <summary>1 for gray, 3 for color; null: as in the data.</summary>
    public int? Channels { get; init; }

    /// <summary>
    /// Whether an unreadable image is an error instead of being skipped; all images are decoded in full before the work
    /// begins.
    /// </summary>
    public bool Strict { get; init; }

    /// <summary>The most pixels, width times height, of an image that is read; a larger image is unreadable.</summary>
    public long MaxPixels { get; init; } = DatasetOptions.DefaultMaxPixels;

    /// <summary>
    /// Whether training and validation read the photographs themselves; null, the default: no. Otherwise they read
    /// copies of those that are much larger than the network's input, which are made when the photographs are examined,
    /// or first read, and kept in the cache folder, at most 8 GiB in all. The test always reads the photographs.
    /// </summary>
    public bool? NoImageCache { get; init; }

    /// <summary>Share of the training images on which architecture parameters learn.</summary>
    public double ValidationShare { get; init; } = 0.1;

    /// <summary>Share of the images that become the test set if the data has none.</summary>
    public double TestShare { get; init; } = 0.15;

    internal void Validate()
    {
        var ranges = new OptionRanges(nameof(DataOptions), Ranges);
        ranges.Require(nameof(Resolution), Resolution);
        ranges.Require(nameof(Channels), Channels);
        if (Channels == 2)
        {
            throw ranges.Refuse(nameof(Channels), "2", "1 (gray) and 3 (color)");
        }

        ranges.Require(nameof(MaxPixels), MaxPixels);
        ranges.Require(nameof(ValidationShare), ValidationShare);
        ranges.Require(nameof(TestShare), TestShare);
    }
}
