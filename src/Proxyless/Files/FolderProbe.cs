namespace Proxyless.Files;

/// <summary>
/// Tries what permissions alone do not say: read-only file systems, full ones, folders of the system.
/// </summary>
internal static class FolderProbe
{
    /// <summary>Creates a file in a folder and removes it.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="IOException">No file can be created there.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may create none there.</exception>
    public static void CreateFile(string folder)
    {
        using FileStream probe = new(
            Path.Combine(folder, $".{Guid.NewGuid():N}"),
            FileMode.CreateNew,
            FileAccess.Write,
            FileShare.None,
            1,
            FileOptions.DeleteOnClose
        );
    }
}
