using System.Net.Sockets;
using Proxyless.Cli.Commands;

namespace Proxyless.Cli.Watch;

/// <summary>The page of runs while a command goes on; it ends with the command.</summary>
internal sealed class OpenPage : IDisposable
{
    private readonly WatchServer _server;

    private OpenPage(WatchServer server) => _server = server;

    /// <summary>Its address.</summary>
    public string Address => _server.Address.AbsoluteUri;

    /// <summary>Opens the page and says its address.</summary>
    /// <param name="folders">The run folders; they may come later.</param>
    /// <param name="port">The port, or 0 for any that is free.</param>
    /// <param name="hint">What is said behind the address.</param>
    /// <param name="session">Is told the address.</param>
    /// <param name="isQuiet">Whether the address would not be shown.</param>
    /// <exception cref="InvalidInputException">The port is in use, or nobody would see the address.</exception>
    public static OpenPage Of(
        IReadOnlyList<string> folders,
        int port,
        string hint,
        CommandSession session,
        bool isQuiet
    )
    {
        ArgumentNullException.ThrowIfNull(session);
        if (isQuiet)
        {
            throw new InvalidInputException(
                "--quiet would leave out the address of the page, without which nobody can open it; leave --quiet out"
            );
        }

        try
        {
            var page = new OpenPage(
                WatchServer.StartAsync(folders, port, session.Cancellation).GetAwaiter().GetResult()
            );
            session.Observer.Message($"open {page.Address} ({hint})");
            return page;
        }
        catch (Exception exception) when (exception is IOException or SocketException && port > 0)
        {
            throw new InvalidInputException(
                $"--port {port} cannot be used: {exception.Message}; choose another, or 0 for any that is free",
                exception
            );
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _server.DisposeAsync().AsTask().GetAwaiter().GetResult();
}
