using Proxyless.Files;

namespace Proxyless.Cli.Options;

/// <summary>
/// Checks files and folders that a command writes: rejected before the work if they cannot be written, or if their name
/// says that they are something else.
/// </summary>
internal static class OutputFile
{
    /// <summary>Checks the name of a file to write.</summary>
    /// <param name="option">The option that names it.</param>
    /// <param name="path">The file as given; null for none.</param>
    /// <param name="what">What is written.</param>
    /// <param name="extensions">The allowed ones, the usual one first.</param>
    /// <exception cref="InvalidInputException">
    /// It is a folder, has another extension, or may not be written there.
    /// </exception>
    public static void Check(string option, string? path, string what, params IReadOnlyList<string> extensions)
    {
        if (path is null)
        {
            return;
        }

        if (Directory.Exists(path))
        {
            throw new InvalidInputException(
                $"{option} '{path}' is a folder; give a file such as {Path.Combine(path, "file" + extensions[0])}"
            );
        }

        RequirePermission(option, path, RequireFolders(option, path));
        RequireShortName(option, path);
        if (!extensions.Contains(Path.GetExtension(path).ToLowerInvariant()))
        {
            throw new InvalidInputException(
                $"{option} '{path}': the file will be {what}; its name must end in "
                    + $"{string.Join(" or ", extensions)}, such as {Path.ChangeExtension(path, extensions[0])}"
            );
        }
    }

    /// <summary>
    /// Checks a folder to write into: one that is there, or otherwise the nearest one above, in which it is made.
    /// </summary>
    /// <param name="option">The option that names it.</param>
    /// <param name="path">The folder as given.</param>
    /// <exception cref="InvalidInputException">It is a file, or nothing may be written there.</exception>
    public static void CheckFolder(string option, string path) =>
        RequirePermission(option, path, RequireFolders(option, Path.Combine(path, "file")));

    /// <summary>Checks that a file to write is none that the command reads: it would be lost.</summary>
    /// <param name="option">The option that names it.</param>
    /// <param name="path">The file as given; null for none.</param>
    /// <param name="inputs">What is read, and its file; null for none.</param>
    /// <exception cref="InvalidInputException">It is one of them.</exception>
    public static void RequireOther(
        string option,
        string? path,
        params IReadOnlyList<(string What, string? File)> inputs
    )
    {
        if (path is null || !File.Exists(path))
        {
            return;
        }

        foreach ((string what, string? file) in inputs)
        {
            if (file is not null && File.Exists(file) && RealPath.Same(path, file))
            {
                throw new InvalidInputException(
                    $"{option} '{path}' is the file of {what}, which would be lost; give another path"
                );
            }
        }
    }

    /// <summary>Tries whether a file can be created: a file is replaced by another one beside it.</summary>
    private static void RequirePermission(string option, string path, string folder)
    {
        try
        {
            FolderProbe.CreateFile(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            string reason = exception is UnauthorizedAccessException ? "permission denied" : exception.Message;
            throw new InvalidInputException(
                $"{option} '{path}' cannot be written: no file can be created in '{folder}' ({reason}); "
                    + "give another path",
                exception
            );
        }
    }

    /// <summary>Rejects a name that the file system does not take, which the place alone does not tell.</summary>
    private static void RequireShortName(string option, string path)
    {
        try
        {
            File.GetAttributes(path);
        }
        catch (PathTooLongException exception)
        {
            throw new InvalidInputException(
                $"{option} '{path}' cannot be written: its name is too long; give a shorter one",
                exception
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It is not there, as is usual of a file to write.
        }
    }

    /// <summary>Checks that no file is where a folder must be.</summary>
    /// <param name="option">The option that names the path.</param>
    /// <param name="path">A file or folder to write.</param>
    /// <returns>The nearest folder above the path that exists.</returns>
    /// <exception cref="InvalidInputException">There is one; the message names it.</exception>
    public static string RequireFolders(string option, string path)
    {
        string above = Path.GetDirectoryName(Path.GetFullPath(path)) ?? Path.GetFullPath(path);
        while (!Directory.Exists(above) && Path.GetDirectoryName(above) is { } next)
        {
            if (File.Exists(above))
            {
                throw new InvalidInputException(
                    $"{option} '{path}': '{above}' is a file, not a folder; give another path"
                );
            }

            above = next;
        }

        return above;
    }
}
