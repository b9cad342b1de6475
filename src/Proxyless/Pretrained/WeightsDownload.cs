using Proxyless.Files;

namespace Proxyless.Pretrained;

/// <summary>Downloads weights into the cache, where the next call finds them.</summary>
internal static class WeightsDownload
{
    private const string Partial = ".partial";

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
        using var client = new HttpClient(handler, disposeHandler: false);
        await FileDownload
            .FetchAsync(
                client,
                location,
                file + Partial,
                source.Digest,
                $"download {location} yourself and give the file to PretrainedModel.Import",
                observer,
                cancellationToken
            )
            .ConfigureAwait(false);
        if (source.Digest is null)
        {
            observer.Message(
                $"no digest of {location} is published: that the file is complete is seen when it is read"
            );
        }

        File.Move(file + Partial, file, overwrite: true);
        return file;
    }
}
