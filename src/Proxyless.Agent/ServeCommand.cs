using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Proxyless.Agent;

/// <summary>Measures until it is stopped.</summary>
internal static class ServeCommand
{
    private const int Megabyte = 1 << 20;

    // Kestrel takes the one of IPv6 for both families.
    private static IPAddress All => Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var folder = Options.Folder();
        var port = Options.Port(least: 0);
        var address = new Option<string>("--address")
        {
            HelpName = "IP",
            Description = "Address to listen on; '::' is all of IPv6 and IPv4, 127.0.0.1 is this device only",
            DefaultValueFactory = _ => All.ToString(),
        };
        var megabytes = Options.InRange("--max-model", "Largest model in megabytes", 256, 1, 2000);
        var seconds = Options.InRange("--max-seconds", "Longest measurement in seconds", 120, 1, 86_400);
        var waiting = Options.InRange("--queue", "Clients that may wait for their turn", 32, 0, 1000);
        var patience = Options.InRange(
            "--patience",
            "Seconds to wait for a client's next piece of a model",
            20,
            1,
            3600
        );
        var command = new Command("serve", "Wait for models and measure them, one at a time.")
        {
            folder,
            port,
            address,
            megabytes,
            seconds,
            waiting,
            patience,
        };
        command.SetAction(
            (parse, cancellationToken) =>
            {
                IPAddress listen = IPAddress.TryParse(parse.GetValue(address), out IPAddress? parsed)
                    ? parsed
                    : throw new AgentException($"--address '{parse.GetValue(address)}' is no IP address");
                var limits = new AgentLimits(
                    (long)parse.GetValue(megabytes) * Megabyte,
                    TimeSpan.FromSeconds(parse.GetValue(seconds)),
                    parse.GetValue(waiting),
                    TimeSpan.FromSeconds(parse.GetValue(patience))
                );
                return ServeAsync(
                    new AgentFolder(parse.GetValue(folder)!),
                    new IPEndPoint(listen, parse.GetValue(port)),
                    limits,
                    cancellationToken
                );
            }
        );
        return command;
    }

    private static async Task<int> ServeAsync(
        AgentFolder folder,
        IPEndPoint endpoint,
        AgentLimits limits,
        CancellationToken cancellationToken
    )
    {
        using X509Certificate2 certificate = folder.ReadCertificate();

        // Empty: no settings of the environment or of a file of the working folder open another address.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddSimpleConsole();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(server =>
        {
            server.Limits.MaxConcurrentConnections = AgentLimits.Connections;

            // A client that opens a connection and vanishes, or sends nothing, holds it no longer than this.
            server.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
            server.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
            server.Listen(
                endpoint,
                listen =>
                {
                    listen.Protocols = HttpProtocols.Http2;
                    listen.UseHttps(certificate);
                }
            );
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(limits);
        builder.Services.AddSingleton<MeasurementQueue>();
        builder.Services.AddSingleton(new TokenInterceptor(folder.ReadToken()));
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = AgentLimits.MessageBytes + 1024;
            grpc.Interceptors.Add<TokenInterceptor>();
        });
        await using WebApplication application = builder.Build();
        application.MapGrpcService<AgentService>();
        await application.StartAsync(cancellationToken).ConfigureAwait(false);

        // The actual port, if 0 was given.
        string listening = application
            .Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!
            .Addresses.First();
        Console.WriteLine(
            $"listening on {listening}, certificate {certificate.GetCertHashString(HashAlgorithmName.SHA256)}"
        );
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"models up to {limits.ModelBytes / Megabyte} MB, measurements up to "
                    + $"{limits.MeasureTime.TotalSeconds:0} s; Ctrl-C stops"
            )
        );
        await application.WaitForShutdownAsync(cancellationToken).ConfigureAwait(false);
        return 0;
    }
}
