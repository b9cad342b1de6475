namespace Proxyless.Files;

/// <summary>Files that can be read as often as needed, unlike pipes and devices.</summary>
internal static class RegularFile
{
    /// <summary>
    /// The length in bytes of the file that a path leads to: a link has the length of its own text. 0 if nothing is
    /// there, or a folder, a pipe or a device.
    /// </summary>
    public static long LengthOf(string path) =>
        DirectLengthOf(path)
        ?? (RealPath.OfExisting(path) is { } real && new FileInfo(real) is { Exists: true } file ? file.Length : 0);

    /// <summary>Rejects what is no such file before it is opened: a pipe would be waited for.</summary>
    /// <param name="what">What to call it.</param>
    /// <param name="path">The file; it may be missing.</param>
    /// <exception cref="InvalidInputException">It is empty, or a pipe or a device.</exception>
    public static void Require(string what, string path)
    {
        if (File.Exists(path) && RealPath.OfExisting(path) is not null && LengthOf(path) == 0)
        {
            throw new InvalidInputException($"{what} is empty, or not a regular file; give another file")
            {
                File = path,
            };
        }
    }

    /// <summary>
    /// The length of a file, or of one that a link names without '..', which counts from where the link really is: of
    /// 200,000 links not every folder above them is resolved. Null if it takes more to tell.
    /// </summary>
    private static long? DirectLengthOf(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (file.LinkTarget is { } goal)
            {
                if (goal.Contains("..", StringComparison.Ordinal))
                {
                    return null;
                }

                file = new FileInfo(Path.Combine(file.DirectoryName!, goal));
            }

            return file is { Exists: true, LinkTarget: null, Length: > 0 } ? file.Length : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
