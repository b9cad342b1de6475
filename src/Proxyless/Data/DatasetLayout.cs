namespace Proxyless.Data;

/// <summary>What a location holds, before anything is checked or divided.</summary>
/// <param name="Name">What reports call the images.</param>
/// <param name="Classes">Names of the classes, by label.</param>
/// <param name="Channels">Channels the format holds: 1 or 3.</param>
/// <param name="Training">The images to learn from; those of every split where the user made none.</param>
/// <param name="Validation">The user's validation images, or null.</param>
/// <param name="Test">The user's test images, or null.</param>
/// <param name="Warnings">What is odd about it.</param>
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
    /// <summary>The sources there are, training first.</summary>
    public IReadOnlyList<ImageSource> Sources => [.. new[] { Training, Validation, Test }.OfType<ImageSource>()];

    /// <summary>Recognises the format of a location and lists it.</summary>
    /// <param name="location">As <see cref="DatasetOptions.Location"/> has it.</param>
    /// <param name="maxPixels">The most pixels of an image that is read.</param>
    /// <exception cref="InvalidInputException">Nothing is there, or nothing that is understood.</exception>
    public static DatasetLayout Read(string location, long maxPixels)
    {
        if (location == SampleImages.Name)
        {
            return FolderLayout.Read(SampleImages.Cached(), maxPixels) with { Name = SampleImages.Name };
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
