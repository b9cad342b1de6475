using System.Security.Cryptography;
using System.Text;

namespace Proxyless.Files;

/// <summary>
/// Writes a file beside its place and moves it there, so that a reader sees either the old file or the complete new
/// one.
/// </summary>
internal static class AtomicFile
{
    private const string TemporaryEnding = ".proxyless-tmp";

    // Of this process alone: containers and machines that share a folder have process numbers in common.
    private static readonly string Own = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    private static int _count;

    /// <summary>Replaces <paramref name="path"/> with what <paramref name="write"/> writes.</summary>
    /// <exception cref="IOException">
    /// The disk is full or the folder cannot be written; the old file is untouched.
    /// </exception>
    public static void Write(string path, Action<Stream> write) => Write(path, write, new Manner());

    /// <summary>
    /// The same as <see cref="WritePrivateBytes"/> without waiting for the disk, for many small files that can be made
    /// again: after a power failure the file may be damaged.
    /// </summary>
    public static void WritePrivateWithoutFlush(string path, ReadOnlyMemory<byte> bytes) =>
        Write(path, stream => stream.Write(bytes.Span), new Manner { IsOwnersOnly = true, IsFlushed = false });

    /// <summary>
    /// The same, but keeps the old file under another name. If the process is killed in between, the file exists only
    /// under that name.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes it.</param>
    /// <param name="previous">Where the old file goes, in the same folder; null: it is deleted.</param>
    /// <exception cref="IOException">
    /// The disk is full or the folder cannot be written; the old file is untouched.
    /// </exception>
    internal static void Write(string path, Action<Stream> write, string? previous) =>
        Write(path, write, new Manner { Previous = previous });

    /// <summary>
    /// Replaces <paramref name="path"/> with <paramref name="text"/>, readable only by its owner where the system can.
    /// </summary>
    public static void WritePrivateText(string path, string text) =>
        WritePrivateBytes(path, Encoding.UTF8.GetBytes(text));

    /// <summary>
    /// Replaces <paramref name="path"/> with <paramref name="bytes"/>, readable only by its owner where the system can.
    /// </summary>
    public static void WritePrivateBytes(string path, ReadOnlyMemory<byte> bytes) =>
        Write(path, stream => stream.Write(bytes.Span), new Manner { IsOwnersOnly = true });

    /// <summary>Whether a file is the incomplete file of a process that was killed, or is still writing it.</summary>
    /// <param name="path">A file.</param>
    internal static bool IsLeftover(string path) => path.EndsWith(TemporaryEnding, StringComparison.Ordinal);

    /// <summary>Removes the incomplete files of processes that were killed while they wrote.</summary>
    /// <param name="folder">The folder. No other process may be writing there.</param>
    public static void RemoveLeftovers(string folder)
    {
        var all = new EnumerationOptions { AttributesToSkip = FileAttributes.ReparsePoint };
        foreach (string file in Directory.EnumerateFiles(folder, $".*{TemporaryEnding}", all).ToArray())
        {
            File.Delete(file);
        }
    }

    private static void Write(string path, Action<Stream> write, Manner manner)
    {
        ArgumentNullException.ThrowIfNull(write);
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);

        // The file's name tells what could not be written, but may have all the letters that a name can have.
        string name = FolderName.Of(Path.GetFileName(path));
        string temporary = Path.Combine(folder, $".{name}.{Own}.{Interlocked.Increment(ref _count)}{TemporaryEnding}");
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
        };
        if (manner.IsOwnersOnly && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        // What cannot be created is not removed below.
        var stream = new FileStream(temporary, options);
        try
        {
            using (stream)
            {
                write(stream);
                stream.Flush(flushToDisk: manner.IsFlushed);
            }

            if (manner.Previous is { } previous && File.Exists(path))
            {
                File.Move(path, previous, overwrite: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            if (manner.Previous is { } previous && !File.Exists(path) && File.Exists(previous))
            {
                File.Move(previous, path);
            }

            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Replaces <paramref name="path"/> with <paramref name="bytes"/>.</summary>
    public static void WriteAllBytes(string path, ReadOnlyMemory<byte> bytes) =>
        Write(path, stream => stream.Write(bytes.Span));

    /// <summary>
    /// Replaces <paramref name="path"/> with <paramref name="text"/> in UTF-8 without a byte order mark.
    /// </summary>
    public static void WriteAllText(string path, string text) => WriteAllBytes(path, Encoding.UTF8.GetBytes(text));

    /// <summary>How a file is written.</summary>
    private readonly record struct Manner()
    {
        /// <summary>Whether only its owner can read it, where the system can tell.</summary>
        public bool IsOwnersOnly { get; init; }

        /// <summary>Whether it is on the disk before it takes its place.</summary>
        public bool IsFlushed { get; init; } = true;

        /// <summary>Where the old file goes; null: it is deleted.</summary>
        public string? Previous { get; init; }
    }
}
