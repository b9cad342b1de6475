using System.IO.Enumeration;
using Proxyless.Inference;

namespace Proxyless.Runs;

/// <summary>The photos that somebody names: files, and folders that are walked.</summary>
internal static class PhotoFiles
{
    /// <summary>The files, those of a folder sorted; what cannot be read stands among them with the reason.</summary>
    /// <param name="paths">Files and folders.</param>
    public static IReadOnlyList<(string Path, string? Error)> Of(IEnumerable<string> paths) => [.. paths.SelectMany(path =>
        Directory.Exists(path) ? OfFolder(path) : [(path, ErrorOf(path))])];

    /// <summary>Image files of the folder and the folders in it; hidden ones, and links to folders, are passed over.</summary>
    private static IEnumerable<(string Path, string? Error)> OfFolder(string folder)
    {
        string[] files;
        try
        {
            var listing = new FileSystemEnumerable<string>(
                folder,
                (ref FileSystemEntry entry) => entry.ToSpecifiedFullPath(),
                new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.System, IgnoreInaccessible = false })
            {
                ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory && entry.FileName[0] != '.' && ImageDecoder.IsImageName(entry.FileName),
                ShouldRecursePredicate = (ref FileSystemEntry entry) => entry.FileName[0] != '.' && !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
            };
            files = [.. listing.Order(StringComparer.Ordinal)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [(folder, $"{folder} cannot be listed: {exception.Message}")];
        }

        return files.Length == 0
            ? [(folder, $"{folder}: the folder holds no JPEG, PNG, WebP, BMP or GIF")]
            : files.Select(file => (file, ErrorOf(file)));
    }

    /// <summary>Why a file is not to be opened, or null.</summary>
    private static string? ErrorOf(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (file.LinkTarget is not null)
            {
                file = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
            }

            // A pipe or a device has no length; opened, it would be waited for, or never end.
            return !file.Exists ? $"{path}: there is no such file"
                : file.Length == 0 ? $"{path}: the file is empty, or none that holds data; remove it or restore it."
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"{path}: {exception.Message}";
        }
    }
}
