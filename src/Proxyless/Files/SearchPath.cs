using System.Runtime.InteropServices;

namespace Proxyless.Files;

/// <summary>The system's search path for programs, on Unix.</summary>
internal static partial class SearchPath
{
    // X_OK of unistd.h.
    private const int Executable = 1;

    /// <summary>Finds a program as a shell does: the first file of its name that this user may execute.</summary>
    /// <param name="program">Its name, without a folder.</param>
    /// <param name="path">The folders, as the variable <c>PATH</c> lists them; empty ones are left out.</param>
    /// <returns>Its full path; null if there is none.</returns>
    public static string? Find(string program, string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(Path.GetFullPath(folder), program))
            .FirstOrDefault(file => !Directory.Exists(file) && Access(file, Executable) == 0);
    }

    [LibraryImport("libc", EntryPoint = "access", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string file, int mode);
}
