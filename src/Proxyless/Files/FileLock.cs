namespace Proxyless.Files;

/// <summary>The operating system's lock on a file, which ends with its process in any case.</summary>
internal static class FileLock
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.5);

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

    /// <summary>The same, but waits as long as another holder has it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="waiting">What to say, once, if there is a wait.</param>
    /// <param name="observer">Is told it.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <exception cref="IOException">The file cannot be created or opened.</exception>
    public static async Task<FileStream> TakeAsync(
        string path,
        string waiting,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        bool isTold = false;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TryTake(path) is { } held)
            {
                if (IsAt(held, path))
                {
                    return held;
                }

                // The holder before has removed it after it was opened here, and another one may have made it anew.
                await held.DisposeAsync().ConfigureAwait(false);
                continue;
            }

            if (!isTold)
            {
                observer.Message(waiting);
                isTold = true;
            }

            await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Ends a lock and removes its file.</summary>
    /// <param name="held">The locked file.</param>
    public static void Remove(FileStream held)
    {
        ArgumentNullException.ThrowIfNull(held);
        try
        {
            if (OperatingSystem.IsWindows())
            {
                // An open file cannot be deleted there, nor one that another holder has just opened.
                held.Dispose();
            }

            // Elsewhere while it is locked: nobody can lock it in between.
            File.Delete(held.Name);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The holder that has it now removes it, or its folder is gone.
        }
        finally
        {
            held.Dispose();
        }
    }

    /// <summary>
    /// Whether the file still exists under its name: a time that is set by its handle is read by the name.
    /// </summary>
    public static bool IsAt(FileStream file, string path)
    {
        // Even seconds of this century: as coarse as the times of any file system.
        DateTime mark = new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(2 * Random.Shared.Next(1 << 29));
        try
        {
            File.SetLastWriteTimeUtc(file.SafeFileHandle, mark);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It belongs to another user: the answer is unknown, and hardly ever no.
            return true;
        }

        return File.GetLastWriteTimeUtc(path) == mark;
    }

    /// <summary>EWOULDBLOCK on Linux and on macOS, and ERROR_SHARING_VIOLATION.</summary>
    private static bool IsHeld(IOException exception) => exception.HResult is 11 or 35 or unchecked((int)0x80070020);
}
