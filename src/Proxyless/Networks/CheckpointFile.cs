using Proxyless.Files;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// A checkpoint and the previous one. A checkpoint carries a checksum; if the newest is damaged or missing, or the disk
/// cannot read it, the previous one is read.
/// </summary>
/// <param name="path">
/// The newest checkpoint's file; the previous one is beside it as <c>NAME.previous.safetensors</c>.
/// </param>
internal sealed class CheckpointFile(string path)
{
    // The folder of the run; null if it is in none.
    private readonly string? _run = RunOf(path);

    private bool _keepsPrevious;

    /// <summary>The newest checkpoint.</summary>
    public string Newest { get; } = path;

    /// <summary>The previous checkpoint.</summary>
    public string Previous { get; } = Path.ChangeExtension(path, ".previous" + Path.GetExtension(path));

    /// <summary>Whether there is one.</summary>
    public bool Exists => File.Exists(Newest) || File.Exists(Previous);

    /// <summary>Rejects a run whose folder has gone since this was made.</summary>
    /// <exception cref="DirectoryNotFoundException">It is gone.</exception>
    public void RequireRun()
    {
        if (_run is not null)
        {
            RunFolder.Require(_run);
        }
    }

    /// <summary>Writes the newest checkpoint; the former newest becomes the previous one.</summary>
    /// <param name="tensors">Float32 tensors by name.</param>
    /// <param name="metadata">Free text by name.</param>
    /// <exception cref="IOException">
    /// The disk is full or the folder cannot be written; the newest checkpoint is as it was.
    /// </exception>
    public void Write(IReadOnlyList<(string Name, Tensor Value)> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        SafeTensorsFile.Write(Newest, tensors, metadata, _keepsPrevious ? null : Previous);
        _keepsPrevious = false;
    }

    /// <summary>Reads the newest checkpoint that is intact.</summary>
    /// <param name="observer">Is warned if that is not the newest.</param>
    /// <returns>The checkpoint and its file's name for messages.</returns>
    /// <exception cref="InvalidInputException">There is none.</exception>
    /// <exception cref="IOException">The disk cannot be read, and there is no previous one.</exception>
    public (SafeTensorsFile File, string Path) Read(IRunObserver observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        try
        {
            return (SafeTensorsFile.Read(Newest), Newest);
        }
        catch (Exception exception)
            when (exception is InvalidInputException or IOException or UnauthorizedAccessException
                && File.Exists(Previous)
            )
        {
            SafeTensorsFile previous = SafeTensorsFile.Read(Previous);
            bool isGone = exception.InnerException is FileNotFoundException or DirectoryNotFoundException;
            string why =
                isGone ? $"{Newest} does not exist"
                : exception is InvalidInputException ? exception.Message
                : $"{Newest} cannot be read ({exception.Message})";
            string used = $"{why}; the checkpoint before it is used: {Previous}";
            if (!isGone)
            {
                observer.Warning(used);
            }
            else
            {
                // A process was killed between two renames; nothing is lost.
                observer.Message(used);
            }

            _keepsPrevious = true;
            return (previous, Previous);
        }
    }

    /// <summary>Returns the file of the newest checkpoint that is intact; null if there is none.</summary>
    /// <param name="observer">Is warned if that is not the newest.</param>
    /// <exception cref="InvalidInputException">All of them are damaged.</exception>
    public string? Intact(IRunObserver observer) => Exists ? Read(observer).Path : null;

    /// <summary>Copies the newest checkpoint that is intact.</summary>
    /// <param name="other">The destination.</param>
    /// <param name="observer">Is warned if that is not the newest.</param>
    /// <exception cref="InvalidInputException">There is none.</exception>
    public void CopyTo(string other, IRunObserver observer)
    {
        using FileStream whole = File.OpenRead(Read(observer).Path);
        AtomicFile.Write(other, whole.CopyTo);
    }

    /// <summary>Writes a checkpoint, or what goes with it, after another failure, which is the one to report.</summary>
    /// <param name="write">Writes it, or fails and leaves the previous one.</param>
    public static void TryWrite(Action write)
    {
        ArgumentNullException.ThrowIfNull(write);
        try
        {
            write();
        }
        catch (Exception exception) when (exception is ProxylessException or IOException or UnauthorizedAccessException)
        {
            // The disk is full, or the state is not finite.
        }
    }

    private static string? RunOf(string checkpoint) =>
        Path.GetDirectoryName(Path.GetDirectoryName(Path.GetFullPath(checkpoint))) is { } folder && RunFolder.Is(folder)
            ? folder
            : null;
}
