using Proxyless.Files;
using Proxyless.Inference;

namespace Proxyless.Data;

/// <summary>
/// Lists image folders: a folder for each class, at the top or under <c>train/</c>, <c>val/</c> (also <c>valid/</c>,
/// <c>validation/</c>) and <c>test/</c>. Folders within a class belong to it. What <see cref="FolderListing"/> does not
/// list is ignored.
/// </summary>
internal static class FolderLayout
{
    private const int MostSplits = 3;
    private const int NamedFiles = 3;

    /// <summary>Allowed names of a folder of validation images.</summary>
    internal static readonly string[] ValidationNames = ["val", "valid", "validation"];

    /// <summary>Usual names of splits, also those that are not allowed.</summary>
    internal static readonly string[] SplitNames = ["train", "training", "test", "testing", .. ValidationNames];

    /// <summary>Lists the folder once.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="maxPixels">The most pixels of an image that is read.</param>
    /// <exception cref="InvalidInputException">
    /// No images, an empty class, fewer than two classes, a class without training images.
    /// </exception>
    public static DatasetLayout Read(string folder, long maxPixels)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        var warnings = new List<string>();
        string training = Path.Combine(folder, "train");
        if (!Directory.Exists(training))
        {
            string[] classes = ListClasses(folder);
            RequireNoSplits(folder, classes, warnings);
            AddAboutLoose(folder, warnings);
            FileSource images = ListImages(folder, classes, classes, mustBeFull: true, maxPixels, warnings);
            return new DatasetLayout(name, classes, 3, images, null, null, warnings);
        }

        RequireNoClass(training);
        string[] trainingClasses = ListClasses(training);
        string? validation = ValidationNames
            .Select(split => Path.Combine(folder, split))
            .FirstOrDefault(Directory.Exists);
        string test = Path.Combine(folder, "test");
        AddAboutOthers(folder, "train", warnings);
        AddAboutLoose(folder, warnings);
        AddAboutLoose(training, warnings);
        return new DatasetLayout(
            name,
            trainingClasses,
            3,
            ListImages(training, trainingClasses, trainingClasses, mustBeFull: true, maxPixels, warnings),
            validation is null ? null : ListSplit(validation, trainingClasses, maxPixels, warnings),
            Directory.Exists(test) ? ListSplit(test, trainingClasses, maxPixels, warnings) : null,
            warnings
        );
    }

    /// <summary>Warns of folders beside a split that are none.</summary>
    /// <param name="folder">The folder that holds the splits.</param>
    /// <param name="split">The split that is used.</param>
    /// <param name="warnings">Receives the warning.</param>
    internal static void AddAboutOthers(string folder, string split, List<string> warnings)
    {
        string[] folders = VisibleFolders(folder);
        string? validation = ValidationNames.FirstOrDefault(name => folders.Contains(name));
        string[] others = [.. folders.Where(name => name is not ("train" or "test") && name != validation)];
        if (others.Length > 0)
        {
            warnings.Add(
                $"{folder}: {string.Join(", ", others)} beside {split}/ is not used; splits are train/, val/ and test/."
            );
        }
    }

    /// <summary>Warns of images beside the folders of classes.</summary>
    /// <param name="folder">The folder that holds the classes, or the splits.</param>
    /// <param name="warnings">Receives the warning.</param>
    internal static void AddAboutLoose(string folder, List<string> warnings)
    {
        int loose = CountLoose(folder);
        if (loose > 0)
        {
            warnings.Add($"{folder}: images ignored because they are in no folder of a class: {loose}.");
        }
    }

    private static int CountLoose(string folder) =>
        Guard(folder, () => FolderListing.FilesOf(folder).Count(name => ImageDecoder.IsImageName(name)));

    /// <summary>Images directly in train/ are those of a class of that name, or are in no class yet.</summary>
    private static void RequireNoClass(string training)
    {
        if (VisibleFolders(training).Length == 0 && CountLoose(training) > 0)
        {
            throw new InvalidInputException(
                $"{training} is taken for the split of that name, but holds images and no folder of a class: put the "
                    + "images of each class in a folder of its own there; a class of that name needs another."
            );
        }
    }

    /// <summary>
    /// Splits under other names would be taken for classes, and the network would learn which split an image is in.
    /// </summary>
    private static void RequireNoSplits(string folder, string[] classes, List<string> warnings)
    {
        RequireNoSplit(folder, classes);
        if (classes.Length > MostSplits)
        {
            return;
        }

        string[][] within = [.. classes.Select(name => VisibleFolders(Path.Combine(folder, name)))];
        if (within[0].Length > 1 && within.All(names => names.SequenceEqual(within[0])))
        {
            warnings.Add(
                $"{folder}: {string.Join(", ", classes)} are taken for the classes, though all of them hold the "
                    + $"folders {within[0][0]}, {within[0][1]}{(within[0].Length > 2 ? " and others" : "")}; if they "
                    + $"are splits, name them train, val and test."
            );
        }
    }

    private static void RequireNoSplit(string folder, string[] classes)
    {
        if (classes.FirstOrDefault(name => SplitNames.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } split)
        {
            throw new InvalidInputException(
                $"{Path.Combine(folder, split)} looks like a split, and there is no {Path.Combine(folder, "train")}: "
                    + $"name the splits train, val and test, in lower case; a class of that name needs another."
            );
        }
    }

    private static FileSource ListSplit(string folder, string[] classes, long maxPixels, List<string> warnings)
    {
        string[] found = ClassFolders(folder);
        Dictionary<string, string> byKey = found.ToDictionary(ClassName.Key, StringComparer.Ordinal);
        string?[] folders = [.. classes.Select(name => byKey.GetValueOrDefault(ClassName.Key(name)))];
        string? unknown = found.Except(folders).FirstOrDefault();
        if (unknown is not null)
        {
            throw new InvalidInputException(
                $"{Path.Combine(folder, unknown)} is a class without training images: add train/{unknown}, or remove "
                    + $"it."
            );
        }

        AddAboutLoose(folder, warnings);
        FileSource images = ListImages(folder, classes, folders, mustBeFull: false, maxPixels, warnings);
        if (images.Count == 0)
        {
            throw new InvalidInputException(
                DescribeWithoutClasses(folder, classes[0], ", or move the folder elsewhere")
            )
            {
                File = folder,
            };
        }

        return images;
    }

    private static string[] ListClasses(string folder)
    {
        string[] classes = ClassFolders(folder);
        if (classes.Length == 0)
        {
            throw new InvalidInputException(
                $"{folder} holds no folder of a class: put the images of each class in a folder of its own, such as "
                    + $"{Path.Combine(folder, "cat")} and {Path.Combine(folder, "dog")}."
            );
        }

        if (classes.Length == 1)
        {
            RequireNoSplit(folder, classes);
            throw new InvalidInputException(
                $"{folder} holds one class, '{classes[0]}': a classifier needs two or more folders of classes."
            );
        }

        return classes;
    }

    private static string[] VisibleFolders(string folder) => Guard(folder, () => FolderListing.Folders(folder));

    /// <summary>
    /// Folders that can be classes, in an order that does not depend on the encoding of accents. Two names that differ
    /// only in it are not allowed: they look the same everywhere.
    /// </summary>
    internal static string[] ClassFolders(string folder)
    {
        string[] names = [.. VisibleFolders(folder).OrderBy(ClassName.Key, StringComparer.Ordinal)];
        var byKey = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string name in names)
        {
            ClassName.RequireOneLine(folder, name);
            if (!byKey.TryAdd(ClassName.Key(name), name))
            {
                throw new InvalidInputException(
                    $"{folder} holds two folders that are both called '{name}' and differ only in how its accents are "
                        + $"encoded (on Linux and on a Mac): move the images of one into the other."
                );
            }
        }

        return names;
    }

    internal static FileSource ListImages(
        string root,
        string[] classes,
        string?[] folders,
        bool mustBeFull,
        long maxPixels,
        List<string> warnings
    )
    {
        var files = new List<string>();
        var lengths = new List<long>();
        var labels = new List<int>();
        int others = 0;
        for (int label = 0; label < classes.Length; label++)
        {
            string folder = Path.Combine(root, classes[label]);
            int before = files.Count;
            var othersOfClass = new List<string>();
            if (folders[label] is { } name)
            {
                foreach ((string file, long length) in Guard(folder, () => FolderListing.Files(root, name)))
                {
                    if (!ImageDecoder.IsImageName(file))
                    {
                        othersOfClass.Add(file);
                        continue;
                    }

                    files.Add(file);
                    lengths.Add(length);
                    labels.Add(label);
                }
            }

            others += othersOfClass.Count;
            string what =
                files.Count > before ? ""
                : othersOfClass.Count == 0 ? "holds no images"
                : $"holds no images, for {DescribeOthers(othersOfClass)} no JPEG, PNG, WebP, BMP or GIF";
            if (files.Count == before && mustBeFull)
            {
                throw new InvalidInputException($"{folder} {what}: add some, or remove the folder of this class.")
                {
                    File = folder,
                };
            }

            if (files.Count == before)
            {
                warnings.Add($"{folder} {what}: nothing is known about class '{classes[label]}' there.");
            }
        }

        if (others > 0)
        {
            warnings.Add(DescribeIgnored(root, others));
        }

        // A split without a folder for a class has no image of it.
        return new FileSource(
            root,
            [.. folders.Select(name => name ?? "")],
            [.. files],
            [.. lengths],
            [.. labels],
            maxPixels
        );
    }

    /// <summary>The warning about files that are no images.</summary>
    /// <param name="folder">The folder that holds them.</param>
    /// <param name="files">Their number.</param>
    internal static string DescribeIgnored(string folder, int files) =>
        $"{folder}: files ignored because they are not JPEG, PNG, WebP, BMP or GIF: {files}.";

    /// <summary>Why no image of a folder has a class, and the remedy.</summary>
    /// <param name="folder">The folder, which should hold one for each class.</param>
    /// <param name="className">A class, for the example.</param>
    /// <param name="orElse">Another remedy, which goes on with the sentence; empty for none.</param>
    internal static string DescribeWithoutClasses(string folder, string className, string orElse = "")
    {
        string example = Path.Combine(folder, ControlCharacters.Visible(className));
        string remedy = $"put those of each class in a folder of its name, such as {example}{orElse}";
        int loose = CountLoose(folder);
        return loose == 0
            ? $"{folder} holds no images: {remedy}."
            : $"{folder} holds {(loose == 1 ? "1 image that is" : $"{loose} images that are")} in no folder of a "
                + $"class: {remedy}; ProxylessRun.Predict takes images without classes.";
    }

    private static string DescribeOthers(List<string> files) =>
        $"{NameList.Of(files, NamedFiles)} {(files.Count == 1 ? "is" : "are")}";

    /// <summary>Lists a folder.</summary>
    /// <exception cref="InvalidInputException">It cannot be listed.</exception>
    internal static T Guard<T>(string folder, Func<T> list)
    {
        try
        {
            return list();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException(
                $"{folder} cannot be listed: {EncodedName.Explain(exception.Message)}",
                exception
            )
            {
                File = folder,
            };
        }
    }
}
