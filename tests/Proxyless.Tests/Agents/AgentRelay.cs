using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Proxyless.Tests.Agents;

/// <summary>
/// Stands before an agent. Connections are handed on to it, but for one at a time that is answered as by a server that
/// shuts down: what was asked over it was not looked at and may be asked anew (RFC 9113, 6.8).
/// </summary>
internal sealed class AgentRelay : IDisposable
{
    private const byte Data = 0;
    private const byte EndOfStream = 1;
    private const int PrefaceBytes = 24;
    private const int FrameHeaderBytes = 9;
    private static readonly byte[] Settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    private static readonly byte[] GoAway = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    private readonly AgentProcess _agent;
    private readonly X509Certificate2 _certificate;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();

    public AgentRelay(AgentProcess agent)
    {
        _agent = agent;
        _certificate = X509CertificateLoader.LoadPkcs12FromFile(
            Path.Combine(agent.Folder, "certificate.pfx"),
            password: null
        );
        _listener.Start();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Hands the next connection on, in the background.</summary>
    /// <returns>The connection; whoever disposes it breaks it off.</returns>
    public async Task<TcpClient> HandOnAsync()
    {
        TcpClient caller = await _listener.AcceptTcpClientAsync(_stop.Token);
        var agent = new TcpClient();
        await agent.ConnectAsync(IPAddress.Loopback, _agent.Port, _stop.Token);
        _ = CopyAsync(caller, agent);
        _ = CopyAsync(agent, caller);
        return caller;
    }

    /// <summary>Takes the next connection and turns away what is asked over it.</summary>
    /// <param name="whole">Once it has come to its end, or else once its first bytes have come.</param>
    /// <returns>The connection, on which nothing is answered any more.</returns>
    public async Task<TcpClient> TurnAwayAsync(bool whole)
    {
        TcpClient caller = await _listener.AcceptTcpClientAsync(_stop.Token);
        var stream = new SslStream(caller.GetStream());
        await stream.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = _certificate,
                ApplicationProtocols = [SslApplicationProtocol.Http2],
            },
            _stop.Token
        );
        await stream.WriteAsync(Settings, _stop.Token);
        await stream.ReadExactlyAsync(new byte[PrefaceBytes], _stop.Token);
        byte[] header = new byte[FrameHeaderBytes];
        do
        {
            await stream.ReadExactlyAsync(header, _stop.Token);
            await stream.ReadExactlyAsync(new byte[(header[0] << 16) | (header[1] << 8) | header[2]], _stop.Token);
        } while (header[3] != Data || (whole && (header[4] & EndOfStream) == 0));

        await stream.WriteAsync(GoAway, _stop.Token);
        return caller;
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _certificate.Dispose();
        _stop.Dispose();
    }

    private async Task CopyAsync(TcpClient from, TcpClient to)
    {
        try
        {
            await from.GetStream().CopyToAsync(to.GetStream(), _stop.Token);
        }
        catch (Exception exception)
            when (exception is IOException or OperationCanceledException or InvalidOperationException)
        {
            // One side has gone; so does the other.
        }
        finally
        {
            from.Dispose();
            to.Dispose();
        }
    }
}
