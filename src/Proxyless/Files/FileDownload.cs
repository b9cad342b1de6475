using System.Net;
using System.Net.Http.Headers;

namespace Proxyless.Files;

/// <summary>Downloads a file over HTTP; an interrupted download is continued if the server supports it.</summary>
internal static class FileDownload
{
    private const int BufferBytes = 1 << 16;

    // Beside what has arrived: the entity tag of the server's file, which changes with its content.
    private const string TagEnding = ".etag";

    // Time without a byte after which a connection is given up.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Downloads a file and checks it.</summary>
    /// <param name="client">Sends the request.</param>
    /// <param name="location">Where the file is.</param>
    /// <param name="path">
    /// The destination; existing bytes are taken for the beginning of the file. Nobody else may write there.
    /// </param>
    /// <param name="digest">The file's digest; null if none is published.</param>
    /// <param name="byHand">What to do otherwise, for messages.</param>
    /// <param name="observer">Receives progress reports, in bytes.</param>
    /// <param name="cancellationToken">Stops it; what has arrived stays.</param>
    /// <exception cref="IOException">
    /// The download failed, and what has arrived stays; or the file is damaged, and is removed.
    /// </exception>
    public static async Task FetchAsync(
        HttpClient client,
        Uri location,
        string path,
        FileDigest? digest,
        string byHand,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        try
        {
            if (!await TryReceiveAsync(client, location, path, observer, cancellationToken).ConfigureAwait(false))
            {
                // The existing bytes are not the beginning of the file.
                File.Delete(path);
                await TryReceiveAsync(client, location, path, observer, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (IsFailedDownload(exception, cancellationToken))
        {
            throw new IOException($"{location} cannot be downloaded: {exception.Message}; {byHand}", exception);
        }

        File.Delete(path + TagEnding);
        if (digest is not null && digest.Of(path) is var found && found != digest.Digits)
        {
            File.Delete(path);
            throw new IOException(
                $"{location} arrived damaged ({digest.Name} {found} instead of {digest.Digits}); try again, or {byHand}"
            );
        }
    }

    /// <summary>Receives a file, or the rest of it; false if the server does not have as many bytes.</summary>
    private static async Task<bool> TryReceiveAsync(
        HttpClient client,
        Uri location,
        string path,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        long done = File.Exists(path) ? new FileInfo(path).Length : 0;
        using var request = new HttpRequestMessage(HttpMethod.Get, location);
        if (done > 0)
        {
            request.Headers.Range = new RangeHeaderValue(done, null);

            // The server sends all of a file that has changed.
            request.Headers.IfRange = ReadTag(path) is { } tag ? new RangeConditionHeaderValue(tag) : null;
        }

        using HttpResponseMessage response = await client
            .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
            .ConfigureAwait(false);
        if (done > 0 && response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            return false;
        }

        response.EnsureSuccessStatusCode();
        bool continues =
            response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == done;
        if (response.StatusCode == HttpStatusCode.PartialContent && !continues)
        {
            return false;
        }

        // A server that cannot continue sends all of it.
        done = continues ? done : 0;
        using Stream source = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var destination = new FileStream(path, continues ? FileMode.Append : FileMode.Create, FileAccess.Write);
        if (!continues)
        {
            // Only now: with a new tag, the old bytes would be taken for the beginning of the new file.
            WriteTag(path, response.Headers.ETag);
        }

        long? total = response.Content.Headers.ContentLength + done;
        var progress = new Progress(observer, "download", done, total);
        byte[] buffer = new byte[BufferBytes];
        while (await ReadAsync(source, buffer, cancellationToken).ConfigureAwait(false) is var count and > 0)
        {
            await destination.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            done += count;
            progress.Report(done, Invariant($"{Path.GetFileName(location.LocalPath)}, {done / 1e6:F1} MB"));
        }

        return true;
    }

    private static EntityTagHeaderValue? ReadTag(string path)
    {
        string? text = File.Exists(path + TagEnding) ? File.ReadAllText(path + TagEnding) : null;
        return EntityTagHeaderValue.TryParse(text, out EntityTagHeaderValue? tag) ? tag : null;
    }

    private static void WriteTag(string path, EntityTagHeaderValue? tag)
    {
        // Files with the same weak tag may differ in their bytes.
        if (tag is { IsWeak: false })
        {
            AtomicFile.WriteAllText(path + TagEnding, tag.ToString());
        }
        else
        {
            File.Delete(path + TagEnding);
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
            // With the token that the caller knows, not with the one that timed out.
            throw new OperationCanceledException(cancellationToken);
        }
        catch (IOException exception)
        {
            throw new HttpRequestException(exception.Message, exception);
        }
    }
}
