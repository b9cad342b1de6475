namespace Proxyless.Files;

/// <summary>Removes folders that another process may still use.</summary>
internal static class FolderRemoval
{
    /// <summary>Removes a folder with all that is in it, as far as that is possible; it may be missing.</summary>
    public static void Try(string folder)
    {
        try
        {
            IfThere(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The caller says who removes the rest.
        }
    }

    /// <summary>Removes a folder with all that is in it, if it is there.</summary>
    /// <exception cref="IOException">Something in it is in use.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be removed.</exception>
    public static void IfThere(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
