using System.Formats.Tar;
using System.IO.Compression;
using Proxyless.Files;

namespace Proxyless.Data;

/// <summary>
/// Downloads a dataset into a folder, which afterwards exists in full or not at all; one that was there is filled at
/// the end, or stays empty.
/// </summary>
public static class DatasetDownload
{
    // Beside the folder, or in one that is there, under names that nobody else gives: what a killed process leaves
    // there is removed.
    private const string Partial = ".proxyless-partial";
    private const string Locked = ".proxyless-lock";

    /// <summary>Downloads, checks and unpacks.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="folder">The destination; must be empty or not exist.</param>
    /// <param name="observer">Receives progress reports, in bytes.</param>
    /// <param name="cancellationToken">Stops it; nothing is left.</param>
    /// <exception cref="InvalidInputException">The folder is not empty, or cannot be made.</exception>
    /// <exception cref="IOException">
    /// The download failed or is damaged; the message says what to do by hand.
    /// </exception>
    public static async Task RunAsync(
        PublicDataset dataset,
        string folder,
        IRunObserver? observer = null,
        CancellationToken cancellationToken = default
    )
    {
        observer ??= NullRunObserver.Instance;
        ArgumentNullException.ThrowIfNull(dataset);
        using var handler = new HttpClientHandler();
        await RunAsync(dataset.Files, folder, handler, observer, cancellationToken).ConfigureAwait(false);
    }

    internal static async Task RunAsync(
        IReadOnlyList<PublicFile> files,
        string folder,
        HttpMessageHandler handler,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        RequireEmpty(folder);
        string place = Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar);
        Make(
            Path.GetDirectoryName(place)
                ?? throw new InvalidInputException($"'{folder}' is the root of a disk; give a folder in it"),
            place
        );

        // A folder that is there is not replaced: it may be a file system of its own, or where the shell is. Beside it
        // nothing may be writable.
        string start = Directory.Exists(place) ? place + Path.DirectorySeparatorChar : place;
        string waiting = $"another process downloads to '{folder}'; waiting for it";
        FileStream held = await FileLock
            .TakeAsync(start + Locked, waiting, observer, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            // Another process may have filled it meanwhile.
            RequireEmpty(folder);
            await ReceiveAsync(files, place, start + Partial, handler, observer, cancellationToken)
                .ConfigureAwait(false);
        }
        finally
        {
            FileLock.Remove(held);
        }
    }

    private static void Make(string directory, string place)
    {
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException(
                $"'{place}' cannot be made: {exception.Message}; give another folder",
                exception
            )
            {
                File = place,
            };
        }
    }

    private static void RequireEmpty(string folder)
    {
        if (
            File.Exists(folder)
            || (
                Directory.Exists(folder)
                && Directory
                    .EnumerateFileSystemEntries(folder)
                    .Any(entry => Path.GetFileName(entry) is not (Partial or Locked))
            )
        )
        {
            throw new InvalidInputException($"'{folder}' exists and is not empty; give another folder");
        }
    }

    /// <summary>Downloads into a folder, and moves to the place what is complete.</summary>
    private static async Task ReceiveAsync(
        IReadOnlyList<PublicFile> files,
        string place,
        string partial,
        HttpMessageHandler handler,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        FolderRemoval.IfThere(partial);
        Make(partial, place);
        try
        {
            using var client = new HttpClient(handler, disposeHandler: false);
            foreach (PublicFile file in files)
            {
                string path = Path.Combine(partial, Path.GetFileName(file.Location.LocalPath));
                string byHand = $"download {file.Location} yourself and give its folder as DatasetOptions.Location";
                await FileDownload
                    .FetchAsync(
                        client,
                        file.Location,
                        path,
                        new FileDigest(DigestKind.Md5, file.Md5),
                        byHand,
                        observer,
                        cancellationToken
                    )
                    .ConfigureAwait(false);
                if (
                    path.EndsWith(".tgz", StringComparison.Ordinal)
                    || path.EndsWith(".tar.gz", StringComparison.Ordinal)
                )
                {
                    observer.Message($"unpacking {Path.GetFileName(path)}");
                    await UnpackAsync(path, partial, cancellationToken).ConfigureAwait(false);
                    File.Delete(path);
                }
            }

            // An archive of a single folder becomes that folder.
            string[] entries = Directory.GetFileSystemEntries(partial);
            string whole = entries is [string only] && Directory.Exists(only) ? only : partial;
            if (Directory.Exists(place))
            {
                // It may have been made, and filled, meanwhile.
                RequireEmpty(place);
                MoveEntries(whole, place);
            }
            else
            {
                Directory.Move(whole, place);
            }
        }
        finally
        {
            // The next download removes what is left.
            FolderRemoval.Try(partial);
        }
    }

    private static void MoveEntries(string from, string place)
    {
        foreach (string entry in Directory.GetFileSystemEntries(from))
        {
            string to = Path.Combine(place, Path.GetFileName(entry));
            if (Directory.Exists(entry))
            {
                Directory.Move(entry, to);
            }
            else
            {
                File.Move(entry, to);
            }
        }
    }

    private static async Task UnpackAsync(string archive, string folder, CancellationToken cancellationToken)
    {
        using FileStream stream = File.OpenRead(archive);
        using var unpacked = new GZipStream(stream, CompressionMode.Decompress);
        await TarFile
            .ExtractToDirectoryAsync(unpacked, folder, overwriteFiles: false, cancellationToken)
            .ConfigureAwait(false);
    }
}
