using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;

namespace Proxyless.Data;

/// <summary>Downloads a dataset into a folder, which afterwards exists in full or not at all.</summary>
public static class DatasetDownload
{
    private const int BufferBytes = 1 << 16;

    // Time without a byte after which a connection is given up.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Downloads, checks and unpacks.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="folder">The destination; must be empty or not exist.</param>
    /// <param name="observer">Receives progress reports, in bytes.</param>
    /// <param name="cancellationToken">Stops it; nothing is left.</param>
    /// <exception cref="InvalidInputException">The folder is not empty.</exception>
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
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
        {
            throw new InvalidInputException($"'{folder}' exists and is not empty; give another folder");
        }

        string place = Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar);
        string partial = $"{place}.{Guid.NewGuid():N}.partial";
        Directory.CreateDirectory(partial);
        try
        {
            using var client = new HttpClient(handler, disposeHandler: false);
            foreach (PublicFile file in files)
            {
                string path = Path.Combine(partial, Path.GetFileName(file.Location.LocalPath));
                await FetchAsync(client, file, path, observer, cancellationToken).ConfigureAwait(false);
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
            if (Directory.Exists(place))
            {
                Directory.Delete(place);
            }

            Directory.Move(entries is [string only] && Directory.Exists(only) ? only : partial, place);
        }
        finally
        {
            if (Directory.Exists(partial))
            {
                Directory.Delete(partial, recursive: true);
            }
        }
    }

    private static async Task FetchAsync(
        HttpClient client,
        PublicFile file,
        string path,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        string byHand = $"download {file.Location} yourself and give its folder as DatasetOptions.Location";
        // The publishers give MD5; it shows whether the download is complete, not who made it.
#pragma warning disable CA5351
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, file.Location);
            using HttpResponseMessage response = await client
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
                .ConfigureAwait(false);
            response.EnsureSuccessStatusCode();
            using Stream source = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            using FileStream destination = File.Create(path);
            var progress = new Progress(observer, "download", 0, response.Content.Headers.ContentLength);
            var buffer = new byte[BufferBytes];
            long done = 0;
            while (await ReadAsync(source, buffer, cancellationToken).ConfigureAwait(false) is var count and > 0)
            {
                hash.AppendData(buffer, 0, count);
                await destination.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                done += count;
                progress.Report(done, Invariant($"{Path.GetFileName(path)}, {done / 1e6:F1} MB"));
            }
        }
        catch (Exception exception) when (IsFailedDownload(exception, cancellationToken))
        {
            throw new IOException($"{file.Location} cannot be downloaded: {exception.Message}; {byHand}", exception);
        }

        string md5 = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (md5 != file.Md5)
        {
            throw new IOException(
                $"{file.Location} arrived damaged (MD5 {md5} instead of {file.Md5}); try again, or {byHand}"
            );
        }
    }

    // A client that times out reports a cancellation that nobody requested.
    private static bool IsFailedDownload(Exception exception, CancellationToken cancellationToken) =>
        exception is HttpRequestException
        || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private static async Task<int> ReadAsync(Stream source, byte[] buffer, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            return await source.ReadAsync(buffer, patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // With the caller's token, not the one of the timeout.
            throw new OperationCanceledException(cancellationToken);
        }
        catch (IOException exception)
        {
            throw new HttpRequestException(exception.Message, exception);
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
