namespace Proxyless.Files;

/// <summary>The operating system's lock on a file, which ends with its process in any case.</summary>
internal static class FileLock
{
    /// <summary>Opens a file for one holder alone; creates it if it is missing.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The file, locked until it is closed; null if another holder has it.</returns>
    /// <exception cref="IOException">The file cannot be created or opened.</exception>
    public static FileStream? TryTake(string path)
    {
        try
        {
            // On Unix this is flock(2), which is released when the process ends.
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (IsHeld(exception))
        {
            return null;
        }
    }

    /// <summary>EWOULDBLOCK on Linux and on macOS, and ERROR_SHARING_VIOLATION.</summary>
    private static bool IsHeld(IOException exception) => exception.HResult is 11 or 35 or unchecked((int)0x80070020);
}
