using System.Globalization;
using System.Text.Json;
using Proxyless.Files;

namespace Proxyless.Runs;

/// <summary>
/// The claim of one process to a piece of work that any of several could do, on this host or on others that see the
/// same folder. It is a file that only one process can create; it is written again every few seconds, and a process
/// that has not done so for a while has lost it.
/// </summary>
/// <remarks>
/// What is relied on: a file can be created by one process only (O_EXCL, which NFS has since version 3), and all
/// modification times of a folder come from one clock, its server's. The clocks of the hosts are not compared. A claim
/// that is taken over gets the next number, so two processes cannot take over the same one.
/// </remarks>
internal sealed class WorkClaim : IDisposable
{
    private const string Prefix = ".claim-";
    private const string Suffix = ".json";
    private const int BeatsPerLease = 6;

    private readonly string _folder;
    private readonly int _number;
    private readonly byte[] _content;
    private readonly CancellationTokenSource _lost = new();
    private readonly Timer _beat;

    private WorkClaim(string folder, int number, byte[] content, TimeSpan lease)
    {
        _folder = folder;
        _number = number;
        _content = content;
        TimeSpan interval = lease / BeatsPerLease;
        _beat = new Timer(_ => Beat(), null, interval, interval);
    }

    /// <summary>How long a process on another host may be silent before its claim can be taken over.</summary>
    public static TimeSpan Lease { get; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Is canceled if another process has taken over: this one was stopped for longer than the lease.
    /// </summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Whether a process works in a folder, or has been killed there.</summary>
    public static bool IsIn(string folder) => Numbers(folder).Any();

    /// <summary>Claims the work of a folder; null if another process has it.</summary>
    /// <param name="folder">The folder; created if it is missing.</param>
    /// <param name="lease">As <see cref="Lease"/>.</param>
    /// <exception cref="InvalidInputException">The folder cannot be written, or cannot tell who was first.</exception>
    public static WorkClaim? TryTake(string folder, TimeSpan lease) => TryTake(folder, lease, TryCreate);

    /// <summary>The same with another file system.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="lease">As <see cref="Lease"/>.</param>
    /// <param name="create">Creates a file with a content, and returns whether it is new.</param>
    internal static WorkClaim? TryTake(string folder, TimeSpan lease, Func<string, byte[], bool> create)
    {
        try
        {
            Directory.CreateDirectory(folder);
            int last = Numbers(folder).DefaultIfEmpty(0).Max();
            if (last > 0 && IsAlive(folder, last, lease))
            {
                return null;
            }

            byte[] content = JsonSerializer.SerializeToUtf8Bytes(RunHolder.Current(), JsonLines.Options);
            string path = PathOf(folder, last + 1);
            if (!create(path, content))
            {
                return null;
            }

            if (create(path, content))
            {
                throw new InvalidInputException(
                    $"'{folder}' is on a file system where two processes can create the same file, so they cannot "
                        + "share work there; use another folder, or one process alone"
                );
            }

            if (Numbers(folder).Max() > last + 1)
            {
                // Its folder's listing was old.
                File.Delete(path);
                return null;
            }

            foreach (int dead in Numbers(folder).Where(number => number <= last).ToArray())
            {
                File.Delete(PathOf(folder, dead));
            }

            if (last > 0)
            {
                // What the killed process was just writing.
                RunLock.RemoveLeftovers(folder);
            }

            return new WorkClaim(folder, last + 1, content, lease);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"'{folder}' cannot be written: {exception.Message}", exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        using var ended = new ManualResetEvent(false);
        if (_beat.Dispose(ended))
        {
            // One that is going on would write the file again.
            ended.WaitOne();
        }

        _lost.Dispose();
        try
        {
            File.Delete(PathOf(_folder, _number));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // After the lease it is nobody's.
        }
    }

    /// <summary>Whether the holder of a claim is there: on this host its process, on others a sign of life.</summary>
    private static bool IsAlive(string folder, int number, TimeSpan lease)
    {
        string path = PathOf(folder, number);
        RunHolder? holder = null;
        try
        {
            holder = JsonSerializer.Deserialize<RunHolder>(File.ReadAllBytes(path), JsonLines.Options);
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            // It is just being written, or was given up.
        }

        return holder is { IsHere: true } ? holder.IsAlive() : Age(folder, path) < lease;
    }

    /// <summary>The time since a file was written, by the clock of its file system.</summary>
    private static TimeSpan Age(string folder, string path)
    {
        string probe = Path.Combine(folder, $"{Prefix}{Guid.NewGuid():N}-tmp");
        File.WriteAllText(probe, "");
        try
        {
            return File.GetLastWriteTimeUtc(probe) - File.GetLastWriteTimeUtc(path);
        }
        finally
        {
            File.Delete(probe);
        }
    }

    private static bool TryCreate(string path, byte[] content)
    {
        try
        {
            using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite);
            file.Write(content);
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            return false;
        }
    }

    private void Beat()
    {
        try
        {
            if (Numbers(_folder).DefaultIfEmpty(0).Max() != _number)
            {
                _lost.Cancel();
                return;
            }

            // The same bytes in place: readers never see half a claim, and the server sets the time.
            using var file = new FileStream(
                PathOf(_folder, _number),
                FileMode.Open,
                FileAccess.Write,
                FileShare.ReadWrite
            );
            file.Write(_content);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next one may succeed; after the lease the claim is another's, which is seen here.
        }
    }

    private static string PathOf(string folder, int number) =>
        Path.Combine(folder, Invariant($"{Prefix}{number}{Suffix}"));

    private static IEnumerable<int> Numbers(string folder) =>
        Directory.Exists(folder)
            ? Directory
                .EnumerateFiles(folder, $"{Prefix}*{Suffix}")
                .Select(path => Path.GetFileName(path)[Prefix.Length..^Suffix.Length])
                .Where(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                .Select(text => int.Parse(text, CultureInfo.InvariantCulture))
            : [];
}
