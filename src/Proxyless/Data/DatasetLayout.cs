namespace Proxyless.Data;

/// <summary>The contents of a location, before anything is checked or divided.</summary>
/// <param name="Name">The name of the images in reports.</param>
/// <param name="Classes">Names of the classes, by label.</param>
/// <param name="Channels">Channels of the format: 1 or 3.</param>
/// <param name="Training">The images to learn from; all images if the user made no splits.</param>
/// <param name="Validation">The user's validation images, or null.</param>
/// <param name="Test">The user's test images, or null.</param>
/// <param name="Warnings">Anything unusual about it.</param>
internal sealed record DatasetLayout(
    string Name,
    IReadOnlyList<string> Classes,
    int Channels,
    ImageSource Training,
    ImageSource? Validation,
    ImageSource? Test,
    IReadOnlyList<string> Warnings
)
{
    /// <summary>The existing sources, training first.</summary>
    public IReadOnlyList<ImageSource> Sources => [.. new[] { Training, Validation, Test }.OfType<ImageSource>()];

    /// <summary>Recognizes the format of a location and lists its images.</summary>
    /// <param name="location">As in <see cref="DatasetOptions.Location"/>.</param>
    /// <param name="maxPixels">The most pixels of an image that is read.</param>
    /// <exception cref="InvalidInputException">Nothing is there, or nothing in a known format.</exception>
    public static DatasetLayout Read(string location, long maxPixels)
    {
        if (location == SampleImages.Name)
        {
            DatasetLayout sample = FolderLayout.Read(SampleImages.Cached(), maxPixels);
            return sample with
            {
                Name = SampleImages.Name,
                Warnings = Directory.Exists(SampleImages.Name)
                    ?
                    [
                        .. sample.Warnings,
                        $"'{SampleImages.Name}' are the built-in images; the folder of that name here is "
                            + $"{Path.Combine(".", SampleImages.Name)}.",
                    ]
                    : sample.Warnings,
            };
        }

        string folder = Path.GetFullPath(location);
        if (!Directory.Exists(folder))
        {
            throw new InvalidInputException(
                File.Exists(folder)
                    ? $"{location} is a file: give the folder that holds the images."
                    : $"{location} does not exist: give a folder of images, or '{SampleImages.Name}' for the "
                        + $"built-in ones."
            );
        }

        return Cifar10Files.TryRead(folder) ?? IdxFiles.TryRead(folder) ?? FolderLayout.Read(folder, maxPixels);
    }
}
