using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Proxyless.Reports;

namespace Proxyless.Cli.Watch;

/// <summary>
/// Serves the reports of runs to browsers on this machine. It listens on the loopback address alone, answers only to
/// those who know the token in its address, and writes nothing.
/// </summary>
internal sealed class WatchServer : IAsyncDisposable
{
    // More than a few browsers is somebody's mistake.
    private const int MostConnections = 100;
    private const int TokenBytes = 16;
    private const int HttpPort = 80;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    // A report of somebody else's run may hold any script: in this server's name it runs none but our own.
    private static readonly string ReportPolicy =
        ReportScript.Policy + "; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

    private readonly WebApplication _application;
    private readonly CancellationTokenSource _stopping = new();
    private readonly IReadOnlyList<WatchedRun> _runs;
    private readonly byte[] _token;

    private WatchServer(WebApplication application, IReadOnlyList<WatchedRun> runs)
    {
        _application = application;
        _runs = runs;
        Token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenBytes));
        _token = Encoding.ASCII.GetBytes(Token);
    }

    /// <summary>The address of the page, with its token.</summary>
    public Uri Address => new(new Uri($"http://127.0.0.1:{Port}"), $"{Token}/");

    private string Token { get; }

    private int Port { get; set; }

    /// <summary>Starts to serve.</summary>
    /// <param name="folders">The run folders.</param>
    /// <param name="port">The port, or 0 for any that is free.</param>
    /// <param name="cancellationToken">Stops the start.</param>
    /// <exception cref="IOException">The port is in use.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The port is not permitted.</exception>
    public static async Task<WatchServer> StartAsync(
        IReadOnlyList<string> folders,
        int port,
        CancellationToken cancellationToken
    )
    {
        // Empty: no settings of the environment or of a file of the working folder open another address.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(options =>
            {
                options.Listen(IPAddress.Loopback, port);
                options.AddServerHeader = false;
                options.Limits.MaxConcurrentConnections = MostConnections;
                options.Limits.MaxRequestBodySize = 0;
            });
        WebApplication application = builder.Build();
        var server = new WatchServer(application, [.. folders.Select(folder => new WatchedRun(folder))]);
        application.Run(server.AnswerAsync);
        try
        {
            await application.StartAsync(cancellationToken);
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }

        string address = application
            .Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!
            .Addresses.Single();
        server.Port = new Uri(address).Port;
        return server;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _application.StopAsync();
        await _application.DisposeAsync();
        _stopping.Dispose();
    }

    private Task AnswerAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        IHeaderDictionary headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";

        // The token is in the address: no other site is told of it.
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";

        // Another name for this address in a browser is another site that wants to read the page.
        if (request.Host.Host is not ("127.0.0.1" or "localhost") || (request.Host.Port ?? HttpPort) != Port)
        {
            return RefuseAsync(context, StatusCodes.Status400BadRequest);
        }

        if (!HttpMethods.IsGet(request.Method))
        {
            headers.Allow = HttpMethods.Get;
            return RefuseAsync(context, StatusCodes.Status405MethodNotAllowed);
        }

        string[] parts = (request.Path.Value ?? "").Split('/');
        if (
            parts.Length < 2
            || parts[0].Length > 0
            || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(parts[1]), _token)
        )
        {
            return RefuseAsync(context, StatusCodes.Status404NotFound);
        }

        if (parts.Length == 2)
        {
            // Copied without its last stroke: the page's relative addresses need it.
            context.Response.Redirect(Address.AbsoluteUri);
            return Task.CompletedTask;
        }

        return parts[2..] switch
        {
            [""] => PageAsync(context, WholePage(), WatchPage.Policy),
            ["events"] => EventsAsync(context),
            ["runs", var number]
                when int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int i)
                    && i < _runs.Count => PageAsync(context, _runs[i].Page(), ReportPolicy),
            _ => RefuseAsync(context, StatusCodes.Status404NotFound),
        };
    }

    private static async Task RefuseAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        await context.Response.CompleteAsync();
    }

    private static async Task PageAsync(HttpContext context, byte[] html, string policy)
    {
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.ContentSecurityPolicy = policy;
        context.Response.ContentLength = html.Length;
        await context.Response.Body.WriteAsync(html, context.RequestAborted);
    }

    private byte[] WholePage() =>
        Encoding.UTF8.GetBytes(WatchPage.Html([.. _runs.Select(run => (run.Name, run.State().Version))]));

    private async Task EventsAsync(HttpContext context)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stopping.Token);
        context.Response.ContentType = "text/event-stream";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        string before = "";
        TimeSpan silent = TimeSpan.Zero;
        try
        {
            while (true)
            {
                string now = JsonSerializer.Serialize(
                    _runs
                        .Select(run => run.State())
                        .Select(state => new
                        {
                            text = state.Text,
                            version = state.Version.ToString(CultureInfo.InvariantCulture),
                        })
                );
                silent = now == before ? silent + Interval : TimeSpan.Zero;
                if (now != before || silent >= KeepAlive)
                {
                    string message = now == before ? ":\n\n" : $"data: {now}\n\n";
                    silent = TimeSpan.Zero;
                    before = now;
                    await context.Response.WriteAsync(message, either.Token);
                    await context.Response.Body.FlushAsync(either.Token);
                }

                await Task.Delay(Interval, either.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The browser has gone, or the command ends.
        }
    }
}
