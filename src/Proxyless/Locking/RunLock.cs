using System.Globalization;
using System.Text.Json;
using Proxyless.Files;

namespace Proxyless.Locking;

/// <summary>
/// Locks a run folder for one job. Two jobs in one folder would mix two runs, so a second one is rejected while the
/// first one works, whichever process it is in.
/// </summary>
/// <remarks>
/// The lock itself is the operating system's, on an empty file, so that it ends with its process in any case. Its
/// holder is recorded in a second file, because a locked file cannot be read: for the message, for file systems without
/// locks, and for other hosts, whose locks a shared file system may not pass on. Only one job can create that file.
/// </remarks>
internal sealed class RunLock : IDisposable
{
    private const string LockName = ".lock";
    private const string HolderName = WrittenFiles.Holder;
    private const int Attempts = 100;
    private const int RecordAttempts = 10;

    private static readonly TimeSpan RecordPause = TimeSpan.FromSeconds(0.1);

    private readonly string _host = Environment.MachineName;
    private readonly FileStream _file;
    private readonly bool _madeFolder;

    private RunLock(string folder, FileStream file, bool madeFolder)
    {
        Folder = folder;
        _file = file;
        _madeFolder = madeFolder;
    }

    /// <summary>The run folder.</summary>
    public string Folder { get; }

    /// <summary>
    /// The earlier job that ended without releasing the folder, possibly killed; null if there was none.
    /// </summary>
    public RunHolder? Dead { get; private init; }

    /// <summary>Whether a file belongs to the lock and not to the run.</summary>
    /// <param name="path">A path in a run folder.</param>
    public static bool IsOwn(string path) => Path.GetFileName(path) is LockName or HolderName;

    /// <summary>
    /// Whether a folder holds anything other than a lock and incomplete files of a job that was killed at its very
    /// beginning.
    /// </summary>
    /// <exception cref="InvalidInputException">The folder cannot be listed.</exception>
    public static bool HoldsSomething(string folder)
    {
        try
        {
            return Directory.Exists(folder)
                && Directory
                    .EnumerateFileSystemEntries(folder)
                    .Any(entry => !IsOwn(entry) && !AtomicFile.IsLeftover(entry));
        }
        catch (DirectoryNotFoundException)
        {
            // A job that released it has just removed it.
            return false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException(
                $"RunOptions.Out = '{folder}' cannot be read: {exception.Message}; choose another folder",
                exception
            )
            {
                File = folder,
            };
        }
    }

    /// <summary>
    /// Locks a new folder that is named by the time of day, and by a number if another job has begun in the same
    /// second.
    /// </summary>
    /// <param name="parent">The parent of the new folder.</param>
    /// <exception cref="InvalidInputException">It cannot be created.</exception>
    public static RunLock AcquireNew(string parent)
    {
        string name = DateTime.Now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        for (int i = 1; ; i++)
        {
            string folder = Path.Combine(parent, i == 1 ? name : $"{name}-{i}");
            if (HoldsSomething(folder) || TryAcquire(folder, out _) is not { } held)
            {
                continue;
            }

            if (!HoldsSomething(folder))
            {
                return held;
            }

            // A job has begun and ended there between the two checks.
            held.Dispose();
        }
    }

    /// <summary>The job that works in a folder, as far as its record says; null if there is none.</summary>
    /// <remarks>Touches nothing, unlike an attempt to lock the folder.</remarks>
    /// <param name="folder">The run folder.</param>
    public static RunHolder? HolderOf(string folder) =>
        ReadHolder(folder) is { } holder && (!holder.IsHere || holder.IsAlive()) ? holder : null;

    /// <summary>Locks the folder; creates it if it is missing.</summary>
    /// <param name="folder">The run folder.</param>
    /// <exception cref="InvalidInputException">
    /// Another job holds it, which the message names, or it cannot be created or written.
    /// </exception>
    public static RunLock Acquire(string folder) =>
        TryAcquire(folder, out RunHolder? holder)
        ?? throw new InvalidInputException(
            holder is null
                ? $"'{folder}' is in use by another run; wait for it, or choose another RunOptions.Out"
                : $"'{folder}' is in use by {holder}; wait for it, or choose another RunOptions.Out"
                    + (
                        holder.IsHere
                            ? ""
                            : $". If it no longer runs there, remove '{Path.Combine(folder, HolderName)}'"
                    )
        );

    /// <summary>Locks the folder, or returns null if another job holds it.</summary>
    /// <param name="folder">The run folder; created if it is missing.</param>
    /// <param name="holder">The holder, as far as it is known.</param>
    /// <exception cref="InvalidInputException">The folder cannot be created or written.</exception>
    public static RunLock? TryAcquire(string folder, out RunHolder? holder) =>
        TryAcquire(folder, out holder, WorkClaim.TryCreate);

    /// <summary>The same with another file system.</summary>
    /// <param name="folder">The run folder; created if it is missing.</param>
    /// <param name="holder">The holder, as far as it is known.</param>
    /// <param name="create">Creates a file with a content, and returns whether it is new.</param>
    internal static RunLock? TryAcquire(string folder, out RunHolder? holder, Func<string, byte[], bool> create)
    {
        string path = Path.Combine(folder, LockName);
        bool isNew = !Directory.Exists(folder);
        for (int attempt = 1; ; attempt++)
        {
            FileStream? file = Open(folder, path);
            holder = ReadHolder(folder);
            if (file is null)
            {
                return null;
            }

            // A job that releases the folder may have deleted the file after it was opened and before it was locked
            // here.
            if (attempt < Attempts && !FileLock.IsAt(file, path))
            {
                file.Dispose();
                continue;
            }

            if (holder is not null && (!holder.IsHere || holder.IsAlive()))
            {
                file.Dispose();
                return null;
            }

            var held = new RunLock(folder, file, isNew) { Dead = holder };
            try
            {
                if (holder is not null)
                {
                    RemoveLeftovers(folder);
                }

                if (TryRecord(Path.Combine(folder, HolderName), holder, create))
                {
                    return held;
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                held.Dispose();
                throw new InvalidInputException(
                    $"RunOptions.Out = '{folder}' cannot be written: {exception.Message}",
                    exception
                );
            }

            // A job of another host was first: its lock is not seen here, but its record is.
            file.Dispose();
        }
    }

    /// <summary>Records this job as the holder; false if another one has just done so.</summary>
    /// <param name="path">The holder's file.</param>
    /// <param name="dead">The job that ended without releasing the folder; null if there was none.</param>
    /// <param name="create">Creates a file with a content, and returns whether it is new.</param>
    private static bool TryRecord(string path, RunHolder? dead, Func<string, byte[], bool> create)
    {
        byte[] record = JsonSerializer.SerializeToUtf8Bytes(RunHolder.Current(), JsonLines.Options);
        for (int attempt = 1; !create(path, record); attempt++)
        {
            RunHolder? there = ReadRecord(path);
            if (there is not null && there != dead)
            {
                return false;
            }

            if (there is null && attempt < RecordAttempts)
            {
                // Another job may be writing it.
                Thread.Sleep(RecordPause);
                continue;
            }

            File.Delete(path);
        }

        return true;
    }

    /// <summary>
    /// Removes the incomplete files of the dead job, but not in subfolders that another job holds: those of a search's
    /// targets, and those of trainings that several processes divide among them.
    /// </summary>
    internal static void RemoveLeftovers(string folder)
    {
        AtomicFile.RemoveLeftovers(folder);
        foreach (
            string within in Directory
                .EnumerateDirectories(folder)
                .Where(within => !File.Exists(Path.Combine(within, HolderName)) && !WorkClaim.IsIn(within))
        )
        {
            RemoveLeftovers(within);
        }
    }

    /// <summary>Reports if an earlier job was killed here whose run is continued.</summary>
    /// <param name="observer">Receives the report.</param>
    public void Report(IRunObserver observer)
    {
        if (Dead is not null)
        {
            observer.Message(
                $"'{Folder}' was left by {Dead}, which ended without releasing it; its files are complete"
            );
        }
    }

    /// <summary>Releases the folder; one that was created for the lock and is otherwise empty is removed.</summary>
    public void Dispose()
    {
        string holder = Path.Combine(Folder, HolderName);
        Try(() =>
        {
            // If somebody has removed it, another job may have recorded itself. A host can change its name meanwhile.
            if (
                ReadRecord(holder) is { } record
                && record.Process == Environment.ProcessId
                && record.Kernel == KernelProcess.Current
                && record.Host == _host
            )
            {
                File.Delete(holder);
            }
        });
        FileLock.Remove(_file);
        if (_madeFolder)
        {
            // Not a recursive deletion: a folder that is not empty stays.
            Try(() => Directory.Delete(Folder));
        }
    }

    private static void Try(Action delete)
    {
        try
        {
            delete();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It is in use again, holds something, or the folder is gone or cannot be written any more: this does not
            // affect the job's result.
        }
    }

    private static FileStream? Open(string folder, string path)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                Directory.CreateDirectory(folder);
                return FileLock.TryTake(path);
            }
            catch (IOException exception) when (attempt < Attempts && WasRemovedMeanwhile(folder, exception))
            {
                // The earlier job has just removed its empty folder.
            }
            catch (Exception exception)
                when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
            {
                throw new InvalidInputException(
                    $"RunOptions.Out = '{folder}' cannot be created or written: {exception.Message}",
                    exception
                );
            }
        }
    }

    /// <summary>
    /// Whether a folder was gone when the file in it was opened, or existed when it was to be created (EEXIST on Linux
    /// and macOS, ERROR_ALREADY_EXISTS) and was gone at the next check. Opening a file that is created if it is missing
    /// fails with "not found" only if its folder was missing, and existed again when .NET looked for the reason.
    /// </summary>
    internal static bool WasRemovedMeanwhile(string folder, IOException exception) =>
        exception is DirectoryNotFoundException or FileNotFoundException
            ? Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(folder)))
            : exception.HResult is 17 or unchecked((int)0x800700B7) && !File.Exists(folder);

    private static RunHolder? ReadHolder(string folder)
    {
        try
        {
            return ReadRecord(Path.Combine(folder, HolderName));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Reads the holder's file; null if it is missing or damaged.</summary>
    private static RunHolder? ReadRecord(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<RunHolder>(File.ReadAllText(path), JsonLines.Options);
        }
        catch (Exception exception)
            when (exception is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }
}
