namespace Proxyless.Files;

/// <summary>Removes files that another process may still use.</summary>
internal static class FileRemoval
{
    /// <summary>Removes a file if that is possible; it may be missing.</summary>
    public static void Try(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Why it is removed must not be lost with it; the caller says who removes it then.
        }
    }
}
