using System.IO.Enumeration;

namespace Proxyless.Data;

/// <summary>
/// Lists image folders: a folder for each class, at the top or under <c>train/</c>, <c>val/</c> (also <c>valid/</c>,
/// <c>validation/</c>) and <c>test/</c>. Folders within a class belong to it. Hidden files and folders are passed over.
/// </summary>
internal static class FolderLayout
{
    private const int MostSplits = 3;
    internal static readonly string[] ValidationNames = ["val", "valid", "validation"];
    private static readonly string[] SplitNames = ["train", "training", "test", "testing", .. ValidationNames];

    /// <summary>Lists the folder once.</summary>
    /// <exception cref="InvalidInputException">No images, an empty class, fewer than two classes, a class without training images.</exception>
    public static DatasetLayout Read(string folder)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        var warnings = new List<string>();
        string training = Path.Combine(folder, "train");
        if (!Directory.Exists(training))
        {
            string[] classes = ListClasses(folder);
            RequireNoSplits(folder, classes, warnings);
            return new DatasetLayout(name, classes, 3, ListImages(folder, classes, mustBeFull: true, warnings), null, null, warnings);
        }

        string[] trainingClasses = ListClasses(training);
        string? validation = ValidationNames.Select(split => Path.Combine(folder, split)).FirstOrDefault(Directory.Exists);
        string test = Path.Combine(folder, "test");
        string[] ignored = [.. VisibleFolders(folder)
            .Where(other => other != "train" && other != "test" && other != Path.GetFileName(validation))];
        if (ignored.Length > 0)
        {
            warnings.Add($"{folder}: {string.Join(", ", ignored)} beside train/ is not used; splits are train/, val/ and test/.");
        }

        return new DatasetLayout(
            name,
            trainingClasses,
            3,
            ListImages(training, trainingClasses, mustBeFull: true, warnings),
            validation is null ? null : ListSplit(validation, trainingClasses, warnings),
            Directory.Exists(test) ? ListSplit(test, trainingClasses, warnings) : null,
            warnings);
    }

    /// <summary>Splits under other names would be taken for classes, and what a network learns would be which split an image is of.</summary>
    private static void RequireNoSplits(string folder, string[] classes, List<string> warnings)
    {
        if (classes.FirstOrDefault(name => SplitNames.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } split)
        {
            throw new InvalidInputException(
                $"{Path.Combine(folder, split)} looks like a split, and there is no {Path.Combine(folder, "train")}: name the splits train, val and test, in small letters; a class of that name needs another.");
        }

        if (classes.Length > MostSplits)
        {
            return;
        }

        string[][] within = [.. classes.Select(name => VisibleFolders(Path.Combine(folder, name)))];
        if (within[0].Length > 1 && within.All(names => names.SequenceEqual(within[0])))
        {
            warnings.Add($"{folder}: {string.Join(", ", classes)} are taken for the classes, though all of them hold the folders {within[0][0]}, {within[0][1]}{(within[0].Length > 2 ? " and others" : "")}; if they are splits, name them train, val and test.");
        }
    }

    private static FileSource ListSplit(string folder, string[] classes, List<string> warnings)
    {
        string? unknown = VisibleFolders(folder).FirstOrDefault(name => Array.IndexOf(classes, name) < 0);
        if (unknown is not null)
        {
            throw new InvalidInputException(
                $"{Path.Combine(folder, unknown)} is a class without training images: add train/{unknown}, or remove it.");
        }

        FileSource images = ListImages(folder, classes, mustBeFull: false, warnings);
        if (images.Count == 0)
        {
            throw new InvalidInputException($"{folder} holds no images: put a folder for each class in it, or remove it.");
        }

        return images;
    }

    private static string[] ListClasses(string folder)
    {
        string[] classes = VisibleFolders(folder);
        if (classes.Length == 0)
        {
            throw new InvalidInputException(
                $"{folder} holds no folder of a class: put the images of each class in a folder of its own, such as "
                + $"{Path.Combine(folder, "cat")} and {Path.Combine(folder, "dog")}.");
        }

        if (classes.Length == 1)
        {
            throw new InvalidInputException(
                $"{folder} holds one class, '{classes[0]}': a classifier needs two or more folders of classes.");
        }

        return classes;
    }

    internal static string[] VisibleFolders(string folder) => [.. Guard(folder, () => Directory.GetDirectories(folder))
        .Select(path => Path.GetFileName(path))
        .Where(name => name[0] != '.')
        .Order(StringComparer.Ordinal)];

    internal static FileSource ListImages(string root, string[] classes, bool mustBeFull, List<string> warnings)
    {
        var files = new List<string>();
        var lengths = new List<long>();
        var labels = new List<int>();
        int others = 0;
        for (int label = 0; label < classes.Length; label++)
        {
            string folder = Path.Combine(root, classes[label]);
            int before = files.Count;
            if (Directory.Exists(folder))
            {
                foreach ((string file, long length) in Guard(folder, () => ListFiles(folder)))
                {
                    if (!ImageDecoder.IsImageName(file))
                    {
                        others++;
                        continue;
                    }

                    files.Add(file);
                    lengths.Add(length);
                    labels.Add(label);
                }
            }

            if (files.Count == before && mustBeFull)
            {
                throw new InvalidInputException($"{folder} holds no images: add some, or remove the folder of this class.");
            }

            if (files.Count == before)
            {
                warnings.Add($"{folder} holds no images: nothing is known about class '{classes[label]}' there.");
            }
        }

        if (others > 0)
        {
            warnings.Add($"{root}: files passed over because they are no JPEG, PNG, WebP, BMP or GIF: {others}.");
        }

        return new FileSource(root, classes, [.. files], [.. lengths], [.. labels]);
    }

    private static (string File, long Length)[] ListFiles(string folder)
    {
        int prefix = folder.Length + 1;
        var listing = new FileSystemEnumerable<(string File, long Length)>(
            folder,
            (ref FileSystemEntry entry) => (entry.ToFullPath()[prefix..], LengthOf(ref entry)),
            new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.System, IgnoreInaccessible = false })
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory && entry.FileName[0] != '.',
            ShouldRecursePredicate = (ref FileSystemEntry entry) => entry.FileName[0] != '.',
        };
        return [.. listing.OrderBy(entry => entry.File, StringComparer.Ordinal)];
    }

    // An entry that is a link has the length of the link.
    private static long LengthOf(ref FileSystemEntry entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint)
        ? entry.Length
        : File.ResolveLinkTarget(entry.ToFullPath(), returnFinalTarget: true) is FileInfo { Exists: true } target ? target.Length : 0;

    private static T Guard<T>(string folder, Func<T> list)
    {
        try
        {
            return list();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{folder} cannot be listed: {exception.Message}", exception);
        }
    }
}
