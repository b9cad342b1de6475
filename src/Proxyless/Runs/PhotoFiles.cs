using Proxyless.Data;
using Proxyless.Files;
using Proxyless.Inference;

namespace Proxyless.Runs;

/// <summary>Finds the requested photos: files, and the files of folders.</summary>
internal static class PhotoFiles
{
    /// <summary>Returns the files, those of a folder sorted; unreadable entries are listed with the reason.</summary>
    /// <param name="paths">Files and folders.</param>
    /// <param name="observer">Is told how many files of a folder are ignored because they are no images.</param>
    public static IReadOnlyList<(string Path, string? Error)> Of(IEnumerable<string> paths, IRunObserver observer) =>
        [.. paths.SelectMany(path => Directory.Exists(path) ? OfFolder(path, observer) : [(path, ErrorOf(path))])];

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

    /// <summary>Lists image files of the folder and the folders in it, as training lists those of a class.</summary>
    private static IEnumerable<(string Path, string? Error)> OfFolder(string folder, IRunObserver observer)
    {
        var found = new List<(string Path, string? Error)>();
        int others = 0;
        foreach (string file in FolderListing.FilesWithin(folder, AddUnlisted))
        {
            if (!ImageDecoder.IsImageName(file))
            {
                others++;
                continue;
            }

            string path = Path.Combine(folder, file);
            found.Add((path, ErrorOf(path)));
        }

        if (others > 0)
        {
            observer.Warning(FolderLayout.DescribeIgnored(folder, others));
        }

        return found.Count == 0
            ? [(folder, $"{folder}: the folder holds no JPEG, PNG, WebP, BMP or GIF")]
            : found.OrderBy(file => file.Path, StringComparer.Ordinal);

        void AddUnlisted(string path, Exception exception) =>
            found.Add((path, $"{path} cannot be listed: {EncodedName.Explain(exception.Message)}"));
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
