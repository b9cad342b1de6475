using Proxyless.Files;
using Proxyless.Weights;

namespace Proxyless.Pretrained;

/// <summary>Downloads weights into the cache, where the next call finds them.</summary>
internal static class WeightsDownload
{
    private const string Partial = ".partial";
    private const string Locked = ".lock";

    /// <summary>Returns the file of a network's weights, downloaded if it is not in the cache.</summary>
    /// <param name="name">The network's name.</param>
    /// <param name="source">Where the file is.</param>
    /// <param name="handler">Sends the request.</param>
    /// <param name="observer">Receives progress reports and messages.</param>
    /// <param name="cancellationToken">Stops it; the next call continues.</param>
    /// <exception cref="InvalidInputException">
    /// The file has no address of its own; the message says how to get it.
    /// </exception>
    /// <exception cref="IOException">
    /// The download failed or is damaged; the message says what to do by hand.
    /// </exception>
    public static async Task<string> GetAsync(
        string name,
        PretrainedSource source,
        HttpMessageHandler handler,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        if (source.Location is not { } location)
        {
            throw new InvalidInputException(
                $"the weights of '{name}' have no address of their own: {source.ByHand}; then give the file to "
                    + $"PretrainedModel.Import"
            );
        }

        string folder = PretrainedWeights.FolderOf(name);
        string file = Path.Combine(folder, Path.GetFileName(location.LocalPath));
        if (File.Exists(file))
        {
            observer.Message($"'{file}' is there already");
            return file;
        }

        Directory.CreateDirectory(folder);
        string waiting = $"another process downloads '{file}'; waiting for it";
        FileStream held = await FileLock
            .TakeAsync(file + Locked, waiting, observer, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            // Another process may have downloaded it meanwhile.
            if (!File.Exists(file))
            {
                await DownloadAsync(location, source.Digest, file, handler, observer, cancellationToken)
                    .ConfigureAwait(false);
            }
        }
        finally
        {
            FileLock.Remove(held);
        }

        return file;
    }

    private static async Task DownloadAsync(
        Uri location,
        FileDigest? digest,
        string file,
        HttpMessageHandler handler,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        string byHand = $"download {location} yourself and give the file to PretrainedModel.Import";
        using var client = new HttpClient(handler, disposeHandler: false);
        await FileDownload
            .FetchAsync(client, location, file + Partial, digest, byHand, observer, cancellationToken)
            .ConfigureAwait(false);
        if (digest is null)
        {
            RequireWeights(location, file + Partial, byHand);
            observer.Message($"no digest of {location} is published: the only check is that the file can be read");
        }

        File.Move(file + Partial, file, overwrite: true);
    }

    /// <summary>What cannot be read is removed: else it would be there already from now on.</summary>
    private static void RequireWeights(Uri location, string path, string byHand)
    {
        try
        {
            _ = WeightsFile.Read(path);
        }
        catch (InvalidInputException exception)
            when (exception.InnerException is not (IOException or UnauthorizedAccessException) or EndOfStreamException)
        {
            File.Delete(path);
            throw new IOException(
                $"what arrived from {location} cannot be read as weights ({exception.Message}); try again, or {byHand}",
                exception
            );
        }
    }
}
