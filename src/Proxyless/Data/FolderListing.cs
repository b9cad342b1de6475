using System.IO.Enumeration;
using Proxyless.Files;

namespace Proxyless.Data;

/// <summary>
/// Folders and files as a user sees them: without hidden ones, and without those that file systems, photo servers and
/// the program itself create. Links are followed, and a folder is entered once however many links lead to it.
/// </summary>
internal static class FolderListing
{
    // In the spelling of the programs that create them: a class may be called recycler.
    private static readonly HashSet<string> FoldersOfOthers = new(StringComparer.Ordinal)
    {
        "@eaDir",
        "@Recycle",
        "@Recently-Snapshot",
        "#recycle",
        "#snapshot",
        "$RECYCLE.BIN",
        "RECYCLER",
        "System Volume Information",
        "lost+found",
        "__MACOSX",
        "Network Trash Folder",
        "Temporary Items",
        "Thumbs.db",
    };

    private static readonly HashSet<string> FilesOfOthers = new(StringComparer.OrdinalIgnoreCase)
    {
        "Thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
        "Icon\r",
    };

    private static readonly EnumerationOptions Options = new()
    {
        AttributesToSkip = FileAttributes.System,
        IgnoreInaccessible = false,
    };

    private readonly record struct Entry(string Name, bool IsFolder, bool IsLink, long Length);

    /// <summary>Names of the folders in a folder, in order.</summary>
    /// <exception cref="IOException">The folder cannot be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the folder is denied.</exception>
    public static string[] Folders(string folder)
    {
        string[] above = [.. RealPath.WithParents(RealPath.OfExisting(folder) ?? folder)];
        return
        [
            .. Read(folder)
                .Where(entry => entry.IsFolder && !(entry.IsLink && IsOneOf(above, Path.Combine(folder, entry.Name))))
                .Select(entry => entry.Name)
                .Where(name => !WrittenFolder.Is(Path.Combine(folder, name))),
        ];
    }

    /// <summary>Names of the files in a folder, in order, without those of the folders within.</summary>
    /// <exception cref="IOException">The folder cannot be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the folder is denied.</exception>
    public static IEnumerable<string> FilesOf(string folder) =>
        Read(folder).Where(entry => !entry.IsFolder).Select(entry => entry.Name);

    /// <summary>
    /// Lists files in a class's folder and the folders within, with their length in bytes: 0 if the entry cannot be
    /// read as a file.
    /// </summary>
    /// <param name="root">The folder that holds the classes.</param>
    /// <param name="name">The class's folder.</param>
    /// <returns>Paths relative to the class's folder, in order.</returns>
    /// <exception cref="IOException">A folder cannot be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to a folder is denied.</exception>
    public static (string File, long Length)[] Files(string root, string name)
    {
        // The folder of the classes counts as entered, too: it holds the other classes.
        IEnumerable<string> above = RealPath.WithParents(RealPath.OfExisting(root) ?? root);
        return Walk(Path.Combine(root, name), above, Read);
    }

    /// <summary>
    /// Lists files in a folder and the folders within, as those of a class. A folder that cannot be listed does not
    /// stop the others.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="unlisted">Is told of each folder that cannot be listed, with the reason.</param>
    /// <returns>Paths relative to the folder, in order.</returns>
    public static string[] FilesWithin(string folder, Action<string, Exception> unlisted)
    {
        return [.. Walk(folder, [], ReadOrTell).Select(file => file.File)];

        Entry[] ReadOrTell(string path)
        {
            try
            {
                return Read(path);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                unlisted(path, exception);
                return [];
            }
        }
    }

    /// <summary>Lists files in a folder and the folders within, with their length.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="others">Real paths of folders that count as entered, besides this one and its parents.</param>
    /// <param name="read">Lists one folder.</param>
    /// <returns>Paths relative to the folder, in order.</returns>
    private static (string File, long Length)[] Walk(
        string folder,
        IEnumerable<string> others,
        Func<string, Entry[]> read
    )
    {
        string real = RealPath.OfExisting(folder) ?? folder;
        var entered = new HashSet<string>([.. RealPath.WithParents(real), .. others], StringComparer.Ordinal);
        var files = new List<(string File, long Length)>();
        var links = new Queue<(string Folder, string Real)>();
        Enter(folder, real, "");
        while (links.TryDequeue(out (string Folder, string Real) link))
        {
            if (entered.Add(link.Real))
            {
                Enter(Path.Combine(folder, link.Folder), link.Real, link.Folder);
            }
        }

        return [.. files.OrderBy(file => file.File, StringComparer.Ordinal)];

        // Folders before links, so that a folder that is here is listed under its own name.
        void Enter(string path, string realPath, string relative)
        {
            foreach (Entry entry in read(path))
            {
                string below = Path.Combine(relative, entry.Name);
                if (!entry.IsFolder)
                {
                    files.Add((below, entry.Length));
                }
                else if (WrittenFolder.Is(Path.Combine(path, entry.Name)))
                {
                    continue;
                }
                else if (!entry.IsLink)
                {
                    string realBelow = Path.Combine(realPath, entry.Name);
                    if (entered.Add(realBelow))
                    {
                        Enter(Path.Combine(path, entry.Name), realBelow, below);
                    }
                }
                else if (RealPath.OfExisting(Path.Combine(path, entry.Name)) is { } target)
                {
                    links.Enqueue((below, target));
                }
            }
        }
    }

    /// <summary>Whether an entry is hidden, or one that file systems and photo servers create.</summary>
    private static bool IsPassedOver(ref FileSystemEntry entry) =>
        entry.FileName[0] == '.'
        || (entry.IsDirectory ? FoldersOfOthers : FilesOfOthers)
            .GetAlternateLookup<ReadOnlySpan<char>>()
            .Contains(entry.FileName);

    private static bool IsOneOf(string[] folders, string link) =>
        RealPath.OfExisting(link) is { } target && folders.Contains(target, StringComparer.Ordinal);

    private static Entry[] Read(string folder)
    {
        var listing = new FileSystemEnumerable<Entry>(
            folder,
            (ref FileSystemEntry entry) =>
                new Entry(
                    entry.FileName.ToString(),
                    entry.IsDirectory,
                    entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
                    LengthOf(ref entry)
                ),
            Options
        )
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !IsPassedOver(ref entry),
        };
        return [.. listing.OrderBy(entry => entry.Name, StringComparer.Ordinal)];
    }

    // A link has the length of its own text. Only links are followed: there may be 200,000 files.
    private static long LengthOf(ref FileSystemEntry entry) =>
        entry.IsDirectory ? 0
        : entry.Attributes.HasFlag(FileAttributes.ReparsePoint) ? RegularFile.LengthOf(entry.ToFullPath())
        : entry.Length;
}
