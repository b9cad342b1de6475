using System.IO.Enumeration;
using Proxyless.Data;
using Proxyless.Files;
using Proxyless.Inference;

namespace Proxyless.Runs;

/// <summary>Finds the requested photos: files, and the files of folders.</summary>
internal static class PhotoFiles
{
    private static readonly EnumerationOptions Listed = new()
    {
        AttributesToSkip = FileAttributes.System,
        IgnoreInaccessible = false,
    };

    /// <summary>Returns the files, those of a folder sorted; unreadable entries are listed with the reason.</summary>
    /// <param name="paths">Files and folders.</param>
    public static IReadOnlyList<(string Path, string? Error)> Of(IEnumerable<string> paths) =>
        [.. paths.SelectMany(path => Directory.Exists(path) ? OfFolder(path) : [(path, ErrorOf(path))])];

    /// <summary>Uses a photo; one that cannot be read gives the reason.</summary>
    /// <param name="path">The file.</param>
    /// <param name="error">Why it must not be opened (<see cref="Of"/>), or null.</param>
    /// <param name="use">Gets its bytes.</param>
    public static (T? Result, string? Error) Read<T>(string path, string? error, Func<byte[], T> use)
        where T : class
    {
        if (error is not null)
        {
            return (null, error);
        }

        try
        {
            return (use(ImageFile.Read(path)), null);
        }
        catch (UnreadableImageException exception)
        {
            return (null, ImageFile.Refused(exception).Message);
        }
        catch (InvalidInputException exception)
        {
            return (null, exception.Message);
        }
    }

    /// <summary>
    /// Lists image files of the folder and the folders in it; what training passes over, and links to folders, is
    /// skipped.
    /// </summary>
    private static IEnumerable<(string Path, string? Error)> OfFolder(string folder)
    {
        var found = new List<(string Path, string? Error)>();
        Walk(folder, found);
        return found.Count == 0
            ? [(folder, $"{folder}: the folder holds no JPEG, PNG, WebP, BMP or GIF")]
            : found.OrderBy(file => file.Path, StringComparer.Ordinal);
    }

    /// <summary>A folder that cannot be listed does not stop the others.</summary>
    private static void Walk(string folder, List<(string Path, string? Error)> found)
    {
        (string Path, bool IsFolder)[] entries;
        try
        {
            entries =
            [
                .. new FileSystemEnumerable<(string Path, bool IsFolder)>(
                    folder,
                    (ref FileSystemEntry entry) => (entry.ToSpecifiedFullPath(), entry.IsDirectory),
                    Listed
                )
                {
                    ShouldIncludePredicate = (ref FileSystemEntry entry) =>
                        !FolderListing.IsPassedOver(ref entry)
                        && (
                            entry.IsDirectory
                                ? !entry.Attributes.HasFlag(FileAttributes.ReparsePoint)
                                : ImageDecoder.IsImageName(entry.FileName)
                        ),
                },
            ];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            found.Add((folder, $"{folder} cannot be listed: {EncodedName.Explain(exception.Message)}"));
            return;
        }

        foreach ((string path, bool isFolder) in entries)
        {
            if (isFolder)
            {
                Walk(path, found);
            }
            else
            {
                found.Add((path, ErrorOf(path)));
            }
        }
    }

    /// <summary>Why a file must not be opened, or null.</summary>
    private static string? ErrorOf(string path)
    {
        try
        {
            // A pipe or a device has no length; reading it would block, or never end.
            return !File.Exists(path)
                    ? $"{path}: {(EncodedName.IsIn(path) ? EncodedName.Complaint : "there is no such file")}"
                : RegularFile.LengthOf(path) > 0 ? null
                : $"{path}: it is empty, no regular file, or a link to nowhere; remove it or restore it.";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"{path}: {exception.Message}";
        }
    }
}
