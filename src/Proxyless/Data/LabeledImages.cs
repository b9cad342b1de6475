using Proxyless.Files;

namespace Proxyless.Data;

/// <summary>
/// Images for evaluation: their classes, by name, must be among the model's. They need not meet the requirements of a
/// training, such as two classes or several images of each.
/// </summary>
internal sealed class LabeledImages
{
    private const int Named = 12;
    private readonly ImageSource _source;
    private readonly IReadOnlyList<string> _warnings;
    private readonly IReadOnlyList<string> _modelClasses;
    private readonly ClassMatching _matching;
    private readonly string _location;

    private LabeledImages(
        string location,
        string name,
        IReadOnlyList<string> classes,
        ImageSource source,
        bool isTestSet,
        IReadOnlyList<string> modelClasses,
        ClassMatching matching,
        IReadOnlyList<string> warnings
    )
    {
        _location = location;
        _source = source;
        _modelClasses = modelClasses;
        _matching = matching;
        _warnings = warnings;
        Name = name;
        Classes = classes;
        TrainingClasses = classes;
        IsTestSet = isTestSet;
    }

    /// <summary>Their name in reports.</summary>
    public string Name { get; }

    /// <summary>The classes of the folder, in its order.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>
    /// The classes of a training on the folder: those of its <c>train/</c>, of which its <c>val/</c> may lack some.
    /// </summary>
    public IReadOnlyList<string> TrainingClasses { get; private init; }

    /// <summary>
    /// Whether they are the folder's <c>test/</c>, or the test images of its format, which are never trained on.
    /// </summary>
    public bool IsTestSet { get; }

    /// <summary>The folder of the split that they are; null if they are all images of the location.</summary>
    public string? Split { get; private init; }

    /// <summary>Whether they are the folder's <c>val/</c>.</summary>
    public bool IsValidationSet => Split is { } split && FolderLayout.ValidationNames.Contains(split);

    /// <summary>
    /// Lists the images of a location: its <c>test/</c>, otherwise its <c>val/</c>, otherwise its <c>train/</c>,
    /// otherwise its folders of classes.
    /// </summary>
    /// <param name="location">As <see cref="DatasetOptions.Location"/>, without the requirements of a training.</param>
    /// <param name="modelClasses">The classes of the model.</param>
    /// <param name="identifiers">Their identifiers, which folders may be named by; empty if they have none.</param>
    /// <param name="maxPixels">The most pixels of an image that is read.</param>
    /// <exception cref="InvalidInputException">
    /// There are no images, or images of classes that the model does not have.
    /// </exception>
    public static LabeledImages List(
        string location,
        IReadOnlyList<string> modelClasses,
        IReadOnlyList<string> identifiers,
        long maxPixels
    )
    {
        var matching = new ClassMatching(modelClasses, identifiers);
        if (ReadFormat(location, maxPixels) is { } layout)
        {
            return Known(
                new LabeledImages(
                    location,
                    layout.Name,
                    layout.Classes,
                    layout.Test ?? layout.Training,
                    layout.Test is not null,
                    modelClasses,
                    matching,
                    layout.Warnings
                )
            );
        }

        string folder = Path.GetFullPath(location);
        string[] folders = FolderLayout.ClassFolders(folder);

        // Beside a train/, a class may have the name of a split.
        bool IsSplit(string name) =>
            folders.Contains(name) && (folders.Contains("train") || !modelClasses.Contains(name));
        string[] splits = ["test", .. FolderLayout.ValidationNames, "train"];
        string? split = splits.FirstOrDefault(IsSplit);
        string home = split is null ? folder : Path.Combine(folder, split);
        string[] classes = split is null ? folders : FolderLayout.ClassFolders(home);
        var warnings = new List<string>();
        if (split is not null)
        {
            FolderLayout.AddAboutOthers(folder, split, warnings);
            FolderLayout.AddAboutLoose(folder, warnings);
        }

        FolderLayout.AddAboutLoose(home, warnings);
        FileSource images = FolderLayout.ListImages(home, classes, classes, mustBeFull: false, maxPixels, warnings);
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        return images.Count > 0
            ? Known(
                new LabeledImages(location, name, classes, images, split == "test", modelClasses, matching, warnings)
                {
                    TrainingClasses =
                        split != "test" && folders.Contains("train")
                            ? FolderLayout.ClassFolders(Path.Combine(folder, "train"))
                            : classes,
                    Split = split,
                }
            )
            : throw new InvalidInputException(FolderLayout.DescribeWithoutClasses(home, modelClasses[0]));
    }

    /// <summary>Examines the images and numbers their classes by the model's outputs.</summary>
    /// <param name="options">How they are read.</param>
    /// <param name="observer">Is told of unreadable images.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="InvalidInputException">No image can be read, or one cannot and reading is strict.</exception>
    public ImageSet Open(DatasetOptions options, IRunObserver observer, CancellationToken cancellationToken)
    {
        int channels = options.Channels ?? 3;
        ImageInspection.Result inspection = ImageInspection.Inspect(
            [_source],
            channels,
            options.Strict,
            options.Threads,
            observer,
            cancellationToken
        );
        foreach (string warning in _warnings)
        {
            observer.Warning(warning);
        }

        if (inspection.SizeWarning is { } otherSizes)
        {
            observer.Warning(otherSizes);
        }

        if (inspection.Unreadable.Count > 0)
        {
            observer.Warning(ImageDataset.DescribeUnreadable(inspection.Unreadable.Values, options));
        }

        int[] readable =
        [
            .. Enumerable.Range(0, _source.Count).Where(index => !inspection.Unreadable.ContainsKey((_source, index))),
        ];
        if (readable.Length == 0)
        {
            throw new InvalidInputException($"{_location}: there is no readable image to evaluate the model on.");
        }

        var labeled = new RelabeledSource(_source, Outputs());
        return new ImageSet(labeled, readable, _modelClasses.Count, new UnreadableImages(options.Strict, observer));
    }

    /// <summary>A folder of splits, or a format of its own; null if the folder's contents must decide.</summary>
    private static DatasetLayout? ReadFormat(string location, long maxPixels)
    {
        string folder = Path.GetFullPath(location);
        return location == SampleImages.Name || !Directory.Exists(folder)
            ? DatasetLayout.Read(location, maxPixels)
            : Cifar10Files.TryReadLabeled(folder) ?? IdxFiles.TryReadLabeled(folder);
    }

    private static LabeledImages Known(LabeledImages images)
    {
        IReadOnlyList<string> modelClasses = images._modelClasses;
        var present = new bool[images.Classes.Count];
        for (int i = 0; i < images._source.Count; i++)
        {
            present[images._source.Label(i)] = true;
        }

        // A folder without images is not a class.
        int[] outputs = images.Outputs();
        string[] unknown = [.. images.Classes.Where((_, label) => present[label] && outputs[label] < 0)];
        if (unknown.Length == 0)
        {
            return images;
        }

        string split = unknown.Any(name => FolderLayout.SplitNames.Contains(name, StringComparer.OrdinalIgnoreCase))
            ? " (splits are named test, train and val, in lower case)"
            : "";
        string remedy =
            images._location == SampleImages.Name
                ? "These are the built-in images; give others with DataOptions.Path"
                : "Rename these folders, or leave them out";
        string[] named = [.. unknown.Select(name => $"'{name}'{NearestName.Suggestion(name, modelClasses)}")];
        throw new InvalidInputException(
            $"'{images._location}' has classes that the model does not have: {Enumerate(named)}{split}; "
                + $"the model's are {Enumerate(modelClasses)}. {remedy}"
        );
    }

    /// <summary>Lists some names, and how many more there are. Those of a model may be anything.</summary>
    public static string Enumerate(IReadOnlyList<string> names) =>
        NameList.Of([.. names.Select(ControlCharacters.Visible)], Named);

    private int[] Outputs() => [.. Classes.Select(_matching.OutputOf)];
}
