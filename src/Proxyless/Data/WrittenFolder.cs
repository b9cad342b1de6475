using Proxyless.Files;
using Proxyless.Inference;

namespace Proxyless.Data;

/// <summary>
/// Recognizes folders that the program itself wrote, by their contents. They are among the images if a run is started
/// in the folder of the images, and are never a class.
/// </summary>
internal static class WrittenFolder
{
    private static readonly HashSet<string> DefaultParents = new(StringComparer.Ordinal) { "runs", "comparisons" };

    // Links are not followed: they may lead in circles, and the program makes none.
    private static readonly EnumerationOptions Entries = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    /// <summary>Whether a folder is a run or a comparison, or holds only such folders.</summary>
    public static bool Is(string folder)
    {
        try
        {
            return IsRunOrComparison(folder) || HoldsNothingElse(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The caller that lists it reports the error.
            return false;
        }
    }

    private static bool IsRunOrComparison(string folder)
    {
        bool Holds(string name) => File.Exists(Path.Combine(folder, name));

        // A job that has just begun has only said that it works there.
        return (Holds(WrittenFiles.RunConfig) && Holds(WrittenFiles.RunPlan))
            || Holds(WrittenFiles.ComparisonPlan)
            || Holds(WrittenFiles.Holder);
    }

    private static bool HoldsNothingElse(string folder)
    {
        bool isDefault = DefaultParents.Contains(Path.GetFileName(folder));
        bool empty = true;
        foreach (FileSystemInfo entry in new DirectoryInfo(folder).EnumerateFileSystemInfos("*", Entries))
        {
            if (entry.Name[0] == '.')
            {
                continue;
            }

            empty = false;
            if (entry is not DirectoryInfo || entry.LinkTarget is not null)
            {
                return false;
            }

            // Its own full name is empty where a path is longer than the system allows.
            string path = Path.Combine(folder, entry.Name);
            if (!Is(path) && !(isDefault && HasOnlyBegun(path)))
            {
                return false;
            }
        }

        return !empty || isDefault;
    }

    /// <summary>Whether a run may have been stopped here before its plan was written.</summary>
    private static bool HasOnlyBegun(string folder)
    {
        string[] entries =
        [
            .. Directory
                .EnumerateFileSystemEntries(folder, "*", Entries)
                .Select(path => Path.GetFileName(path))
                .Where(name => name[0] != '.'),
        ];
        return (
                entries.Length == 0
                || entries.Contains(WrittenFiles.RunConfig)
                || entries.All(name => name.EndsWith(".lock", StringComparison.Ordinal))
            ) && !entries.Any(name => ImageDecoder.IsImageName(name));
    }
}
