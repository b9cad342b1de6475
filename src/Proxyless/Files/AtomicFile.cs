using System.Text;

namespace Proxyless.Files;

/// <summary>
/// Writes a file beside its place and moves it there, so that a reader sees the old file or the new one, whole.
/// </summary>
internal static class AtomicFile
{
    private const string TemporaryEnding = ".proxyless-tmp";
    private static int _count;

    /// <summary>Replaces <paramref name="path"/> by what <paramref name="write"/> writes.</summary>
    /// <exception cref="IOException">
    /// The disk is full or the folder cannot be written; the old file is untouched.
    /// </exception>
    public static void Write(string path, Action<Stream> write) => Write(path, write, ownerOnly: false, previous: null);

    /// <summary>
    /// The same, and the old file is kept under another name. A process that is killed in between leaves it under that
    /// name alone.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes it.</param>
    /// <param name="previous">Where the old file goes, in the same folder; null: it is dropped.</param>
    /// <exception cref="IOException">
    /// The disk is full or the folder cannot be written; the old file is as it was.
    /// </exception>
    internal static void Write(string path, Action<Stream> write, string? previous) =>
        Write(path, write, ownerOnly: false, previous);

    /// <summary>
    /// Replaces <paramref name="path"/> by <paramref name="text"/>, readable by its owner alone where the system can.
    /// </summary>
    public static void WritePrivateText(string path, string text) =>
        WritePrivateBytes(path, Encoding.UTF8.GetBytes(text));

    /// <summary>
    /// Replaces <paramref name="path"/> by <paramref name="bytes"/>, readable by its owner alone where the system can.
    /// </summary>
    public static void WritePrivateBytes(string path, ReadOnlyMemory<byte> bytes) =>
        Write(path, stream => stream.Write(bytes.Span), ownerOnly: true, previous: null);

    /// <summary>Whether it is the half-written file of a process that was killed, or still writes it.</summary>
    /// <param name="path">A file.</param>
    internal static bool IsLeftover(string path) => path.EndsWith(TemporaryEnding, StringComparison.Ordinal);

    /// <summary>Removes the half-written files of processes that were killed while they wrote.</summary>
    /// <param name="folder">The folder. No other process may be writing there.</param>
    public static void RemoveLeftovers(string folder)
    {
        var all = new EnumerationOptions { AttributesToSkip = FileAttributes.ReparsePoint };
        foreach (string file in Directory.EnumerateFiles(folder, $".*{TemporaryEnding}", all).ToArray())
        {
            File.Delete(file);
        }
    }

    private static void Write(string path, Action<Stream> write, bool ownerOnly, string? previous)
    {
        ArgumentNullException.ThrowIfNull(write);
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        string temporary = Path.Combine(
            folder,
            $".{Path.GetFileName(path)}.{Environment.ProcessId}.{Interlocked.Increment(ref _count)}{TemporaryEnding}"
        );
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
            };
            if (ownerOnly && !OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using (var stream = new FileStream(temporary, options))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            if (previous is not null && File.Exists(path))
            {
                File.Move(path, previous, overwrite: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            if (previous is not null && !File.Exists(path) && File.Exists(previous))
            {
                File.Move(previous, path);
            }

            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Replaces <paramref name="path"/> by <paramref name="bytes"/>.</summary>
    public static void WriteAllBytes(string path, ReadOnlyMemory<byte> bytes) =>
        Write(path, stream => stream.Write(bytes.Span));

    /// <summary>
    /// Replaces <paramref name="path"/> by <paramref name="text"/> in UTF-8 without a byte order mark.
    /// </summary>
    public static void WriteAllText(string path, string text) => WriteAllBytes(path, Encoding.UTF8.GetBytes(text));
}
