using System.Globalization;
using Proxyless.Inference;

namespace Proxyless.Data;

/// <summary>Which images, and how they are divided.</summary>
internal sealed record DatasetOptions
{
    /// <summary>200 million: the largest that phone cameras take, and 0.8 GB while one is decoded.</summary>
    public const long DefaultMaxPixels = ImageDecoder.DefaultMaxPixels;

    /// <summary>
    /// The highest allowed <see cref="MaxPixels"/>: four bytes per pixel fill the largest possible array.
    /// </summary>
    public const long MostPixels = 500_000_000;

    /// <summary>
    /// Where the images are: a folder with a folder for each class; a folder with <c>train/</c> and, if present,
    /// <c>val/</c> and <c>test/</c>; a folder with CIFAR-10's binary files; a folder with IDX files (the MNIST family,
    /// gzip or plain); or <c>sample</c>, the built-in images of <see cref="SampleImages"/>.
    /// </summary>
    public required string Location { get; init; }

    /// <summary>Seed of the splits.</summary>
    public int Seed { get; init; }

    /// <summary>
    /// Share of the training images of each class, after the test images are taken out, on which the architecture
    /// parameters learn. In (0, 0.5], 0.1 by default.
    /// </summary>
    public double ValidationShare { get; init; } = 0.1;

    /// <summary>
    /// Share of the images of each class that becomes the test set where the user's folder has none. In (0, 0.5], 0.15
    /// by default.
    /// </summary>
    public double TestShare { get; init; } = 0.15;

    /// <summary>
    /// Whether an unreadable image is an error instead of a warning and one image less. All images are decoded in full
    /// when they are opened, so that the error comes before hours are spent.
    /// </summary>
    public bool Strict { get; init; }

    /// <summary>
    /// The images are those of a run that has begun, so none can be left out any more; with strict reading, all were
    /// decoded when it began.
    /// </summary>
    internal bool HasBegun { get; init; }

    /// <summary>Whether the network begins with pretrained weights, for which few images are enough.</summary>
    internal bool HasWeights { get; init; }

    /// <summary>Copies that may stand for images that are much larger; null for none.</summary>
    internal ImageCopies? Copies { get; init; }

    /// <summary>
    /// Shorter side of the copies that are made while the images are examined, in pixels; 0: they are made while
    /// batches are.
    /// </summary>
    internal int CopySide { get; init; }

    /// <summary>Threads that read and decode, at least 1; the number of processors by default.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// 1 for gray, 3 for color. Null, the default: as in the format, so 1 for IDX files and 3 for all others.
    /// </summary>
    public int? Channels { get; init; }

    /// <summary>
    /// The most pixels, width times height, of an image that is read; a larger image is unreadable. A file of a few
    /// hundred kilobytes can claim, and fill, gigabytes of memory. 1 to <see cref="MostPixels"/>.
    /// </summary>
    public long MaxPixels { get; init; } = DefaultMaxPixels;

    /// <summary>Checks every value before anything is read.</summary>
    /// <exception cref="InvalidInputException">A value is out of its range; the message names the property.</exception>
    public void Validate()
    {
        if (string.IsNullOrWhiteSpace(Location))
        {
            throw Wrong(
                nameof(Location),
                Location,
                "is empty: give a folder of images, or 'sample' for the built-in ones."
            );
        }

        CheckShare(ValidationShare, nameof(ValidationShare));
        CheckShare(TestShare, nameof(TestShare));
        if (Threads < 1)
        {
            throw Wrong(nameof(Threads), Threads, Invariant($"is {Threads}: give 1 or more."));
        }

        if (MaxPixels is < 1 or > MostPixels)
        {
            throw Wrong(nameof(MaxPixels), MaxPixels, Invariant($"is {MaxPixels}: give 1 to {MostPixels}."));
        }

        if (Channels is not (null or 1 or 3))
        {
            throw Wrong(nameof(Channels), Channels, Invariant($"is {Channels}: give 1 for gray or 3 for color."));
        }
    }

    private static void CheckShare(double share, string name)
    {
        if (!(share is > 0 and <= 0.5))
        {
            throw Wrong(name, share, Invariant($"is {share}: give a share above 0 and up to 0.5."));
        }
    }

    private static InvalidInputException Wrong(string property, object? value, string complaint) =>
        new($"{property} {complaint}")
        {
            Property = property,
            Value = Convert.ToString(value, CultureInfo.InvariantCulture),
        };
}
