using System.Collections.Concurrent;
using System.Text.Json;
using Proxyless.Files;

namespace Proxyless.Locking;

/// <summary>
/// The claim of one process to a piece of work that any of several could do, on this host or on others that see the
/// same folder. It is a file that only one process can create; it is changed every few seconds, and a process that has
/// not done so for a while has lost it.
/// </summary>
/// <remarks>
/// What is relied on: a file can be created by one process only (O_EXCL, which NFS has since version 3), and a process
/// that opens a file reads what others have written and closed (close-to-open consistency). A claim that is taken over
/// gets the next number, and numbers are not used again until the work is done, so neither can two processes take over
/// the same one, nor can one that stood still take a later claim for its own. It may still write when it goes on,
/// before it looks: its files must have names of its own, for which there is <see cref="Number"/>.
/// </remarks>
internal sealed class WorkClaim : IDisposable
{
    private const string Prefix = ".claim-";
    private const string Suffix = ".json";

    // ERROR_FILE_EXISTS and EEXIST.
    private const int Exists = unchecked((int)0x80070050);
    private const int ExistsOnUnix = 17;

    // The claims of this process that it has not given up: another one of it is a release that could not be written.
    private static readonly ConcurrentDictionary<Guid, bool> Held = new();

    private readonly string _folder;
    private readonly Lock _access = new();
    private readonly CancellationTokenSource _lost = new();
    private readonly Timer _beat;
    private Record _record;
    private bool _isCompleted;

    private WorkClaim(string folder, int number, Record record, TimeSpan interval)
    {
        _folder = folder;
        Number = number;
        _record = record;
        _beat = new Timer(_ => Beat(), null, interval, interval);
    }

    /// <summary>The number of this claim: later claims to the same work have higher ones.</summary>
    public int Number { get; }

    /// <summary>
    /// Is canceled if another process has taken over: this one was stopped for longer than the lease.
    /// </summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Whether the work of a folder was ever claimed, and is not completed.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public static bool IsIn(string folder) => LastIn(folder) > 0;

    /// <summary>Whether a process has the work of a folder, and shows life.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="watch">What this process has seen of other claims.</param>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public static bool IsHeldIn(string folder, ClaimWatch watch) =>
        LastIn(folder) is > 0 and var last && !IsFree(PathOf(folder, last), watch);

    /// <summary>Whether a file belongs to a claim and not to the work.</summary>
    /// <param name="path">A path in the folder.</param>
    public static bool IsOwn(string path) => Path.GetFileName(path).StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Claims the work of a folder; null if another process has it.</summary>
    /// <param name="folder">The folder; created if it is missing.</param>
    /// <param name="watch">What this process has seen of other claims.</param>
    /// <exception cref="InvalidInputException">The folder cannot tell who was first.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static WorkClaim? TryTake(string folder, ClaimWatch watch) =>
        TryTake(folder, watch, RunHolder.Current(), TryCreate);

    /// <summary>The same for another process, or with another file system.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="watch">What the process has seen of other claims.</param>
    /// <param name="holder">The process.</param>
    /// <param name="create">Creates a file with a content, and returns whether it is new.</param>
    internal static WorkClaim? TryTake(
        string folder,
        ClaimWatch watch,
        RunHolder holder,
        Func<string, byte[], bool> create
    )
    {
        Directory.CreateDirectory(folder);
        int last = LastIn(folder);
        if (last > 0 && !IsFree(PathOf(folder, last), watch))
        {
            return null;
        }

        var record = new Record(holder, Guid.NewGuid(), 0, false);
        Held[record.Id] = true;
        bool isTaken = false;
        try
        {
            isTaken = TryTake(folder, last + 1, record, create);
            return isTaken ? new WorkClaim(folder, last + 1, record, watch.Beat) : null;
        }
        finally
        {
            if (!isTaken)
            {
                Held.TryRemove(record.Id, out _);
            }
        }
    }

    private static bool TryTake(string folder, int number, Record record, Func<string, byte[], bool> create)
    {
        string path = PathOf(folder, number);
        if (!create(path, record.ToBytes()))
        {
            return false;
        }

        if (create(path, record.ToBytes()))
        {
            throw new InvalidInputException(
                $"'{folder}' is on a file system where two processes can create the same file, so they cannot share "
                    + "work there; use another folder, or one process alone"
            );
        }

        if (Numbers(folder).Any(other => other > number))
        {
            // The folder's listing was old; it is new since this process has created a file there.
            File.Delete(path);
            return false;
        }

        foreach (int earlier in Numbers(folder).Where(earlier => earlier < number))
        {
            File.Delete(PathOf(folder, earlier));
        }

        return true;
    }

    /// <summary>Whether the claim is still this process's, by its file and not by the last look at it.</summary>
    /// <exception cref="IOException">The folder or the file cannot be read, which says nothing.</exception>
    public bool IsHeld()
    {
        // Else this process could read what it is just writing.
        lock (_access)
        {
            return LastIn(_folder) == Number && Record.Read(PathOf(_folder, Number))?.Id == _record.Id;
        }
    }

    /// <summary>Whether another process's claim was read: one that is gone or damaged is nobody's.</summary>
    /// <exception cref="IOException">The folder or the file cannot be read, which says nothing.</exception>
    public bool IsTakenOver()
    {
        lock (_access)
        {
            return LastIn(_folder) > Number
                || (Record.Read(PathOf(_folder, Number)) is { } found && found.Id != _record.Id);
        }
    }

    /// <summary>
    /// Notes that the work is done: nobody will claim it any more, and no trace of the claim is left.
    /// </summary>
    public void Complete() => _isCompleted = true;

    /// <summary>Gives up the claim, so that another process can take the work at once.</summary>
    public void Dispose()
    {
        using var ended = new ManualResetEvent(false);
        if (_beat.Dispose(ended))
        {
            // One that is going on would write the file again.
            ended.WaitOne();
        }

        _lost.Dispose();
        Held.TryRemove(_record.Id, out _);
        try
        {
            if (!IsHeld())
            {
                return;
            }

            if (_isCompleted)
            {
                File.Delete(PathOf(_folder, Number));
            }
            else
            {
                Write(_record with { IsReleased = true });
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // For others it is nobody's after the lease, for this process at once.
        }
    }

    /// <summary>
    /// Whether a claim was given up or its holder is no longer there: at once where this process can see that, and
    /// otherwise once it has shown no life for the lease. One that is seen may stand still, too: it was stopped, or
    /// waits for its disk.
    /// </summary>
    private static bool IsFree(string path, ClaimWatch watch)
    {
        byte[]? content;
        try
        {
            content = Record.TryReadBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It was removed while it was read: NFS and Windows say it in their own ways.
            return false;
        }

        if (content is null)
        {
            // Completed, or taken over, since the folder was listed.
            return false;
        }

        return Record.Of(content) switch
        {
            { IsReleased: true } => true,
            { Holder.IsCurrent: true, Id: var id } => !Held.ContainsKey(id),
            { Holder: { IsSeen: true } holder } when !holder.IsAlive() => true,
            _ => watch.IsSilent(path, content),
        };
    }

    /// <summary>Creates a file that is not there; false if it is.</summary>
    internal static bool TryCreate(string path, byte[] content)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (IOException exception) when (exception.HResult is Exists or ExistsOnUnix)
        {
            return false;
        }
        catch (UnauthorizedAccessException) when (OperatingSystem.IsWindows() && File.Exists(path))
        {
            // It is being deleted.
            return false;
        }

        try
        {
            using (file)
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }

            return true;
        }
        catch (IOException)
        {
            // On a full disk: an empty claim would keep everyone waiting.
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Shows life, or notes that the claim is lost; called every few seconds.</summary>
    internal void Beat()
    {
        try
        {
            lock (_access)
            {
                if (IsHeld())
                {
                    _record = _record with { Beat = _record.Beat + 1 };
                    Write(_record);
                    return;
                }
            }

            _lost.Cancel();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next one may succeed; after the lease the claim is another's, which is seen here.
        }
    }

    /// <summary>Writes the claim in place: one that was taken over must not come back.</summary>
    private void Write(Record record)
    {
        byte[] content = record.ToBytes();
        using var file = new FileStream(
            PathOf(_folder, Number),
            FileMode.Open,
            FileAccess.Write,
            FileShare.ReadWrite | FileShare.Delete
        );
        file.Write(content);
        file.SetLength(content.Length);
    }

    private static string PathOf(string folder, int number) =>
        Path.Combine(folder, Invariant($"{Prefix}{number}{Suffix}"));

    private static int[] Numbers(string folder)
    {
        try
        {
            return NumberedNames.In(Directory.EnumerateFiles(folder, $"{Prefix}*{Suffix}"), Prefix, Suffix);
        }
        catch (DirectoryNotFoundException)
        {
            // Only this: after an error of a file server, the claims may well be there.
            return [];
        }
    }

    /// <summary>The number of the last claim in a folder; 0 if there is none.</summary>
    private static int LastIn(string folder) => Numbers(folder).DefaultIfEmpty(0).Max();

    /// <summary>What a claim's file holds.</summary>
    /// <param name="Holder">The process.</param>
    /// <param name="Id">Tells this claim from every other one.</param>
    /// <param name="Beat">How often the holder has shown life.</param>
    /// <param name="IsReleased">Whether it has given up the claim.</param>
    private sealed record Record(RunHolder Holder, Guid Id, long Beat, bool IsReleased)
    {
        /// <summary>Reads a claim; null if it is gone, or just being written.</summary>
        public static Record? Read(string path) => TryReadBytes(path) is { } content ? Of(content) : null;

        /// <summary>Reads a claim's file, while it may be written; null if there is none.</summary>
        public static byte[]? TryReadBytes(string path)
        {
            try
            {
                using var file = new FileStream(
                    path,
                    FileMode.Open,
                    FileAccess.Read,
                    FileShare.ReadWrite | FileShare.Delete
                );
                byte[] content = new byte[file.Length];
                file.ReadExactly(content);
                return content;
            }
            catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
            {
                return null;
            }
            catch (EndOfStreamException)
            {
                // It has just been made shorter.
                return [];
            }
        }

        public static Record? Of(byte[] content)
        {
            try
            {
                return JsonSerializer.Deserialize<Record>(content, JsonLines.Options);
            }
            catch (JsonException)
            {
                return null;
            }
        }

        public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, JsonLines.Options);
    }
}
