using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Grpc.Core;
using Grpc.Net.Client;
using Proxyless.Files;
using Proxyless.Latency;
using Proxyless.Tests.Data;

namespace Proxyless.Tests.Agents;

/// <summary>
/// An agent as a device runs it, on a port of this machine. It may use no other temporary folder than its own.
/// </summary>
public sealed class AgentProcess : IDisposable
{
    public const int Megabytes = 4;
    public const int Waiting = 6;
    private const int Attempts = 5;

    private readonly TemporaryFolder _folder = new();
    private readonly int _port;
    private readonly int _maxSeconds;
    private readonly int _patience;
    private readonly int? _heapMegabytes;
    private Process? _process;

    /// <summary>One that waits so long that no load makes a client late.</summary>
    public AgentProcess()
        : this(maxSeconds: 1000, patience: 1000) { }

    /// <param name="maxSeconds">After which a measurement is ended.</param>
    /// <param name="patience">Seconds for the next piece of a model.</param>
    /// <param name="heapMegabytes">
    /// The most that the managed heap may take, as on a device of little memory; null: no limit.
    /// </param>
    internal AgentProcess(int maxSeconds, int patience, int? heapMegabytes = null)
    {
        _heapMegabytes = heapMegabytes;
        _maxSeconds = maxSeconds;
        _patience = patience;
        Directory.CreateDirectory(TemporaryFiles);
        for (int attempt = 1; ; attempt++)
        {
            // Free now; somebody else may have it by the time that the agent listens.
            _port = FreePort();
            Initialize();
            try
            {
                Serve();
                return;
            }
            catch (InvalidOperationException) when (attempt < Attempts)
            {
                Directory.Delete(Folder, recursive: true);
            }
        }
    }

    /// <summary>The port that it listens on.</summary>
    public int Port => _port;

    public string Folder => Path.Combine(_folder.Root, "agent");

    public string TargetFile => Path.Combine(Folder, "target.yaml");

    public string TemporaryFiles => Path.Combine(_folder.Root, "temporary");

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Resident memory in MB.</summary>
    public double MemoryMb
    {
        get
        {
            _process!.Refresh();
            return _process.WorkingSet64 / 1e6;
        }
    }

    /// <summary>Files, sockets and pipes that it holds open.</summary>
    public int OpenFiles => Directory.EnumerateFileSystemEntries($"/proc/{_process!.Id}/fd").Count();

    /// <summary>Its threads.</summary>
    public int Threads => Directory.EnumerateDirectories($"/proc/{_process!.Id}/task").Count();

    /// <summary>The measuring processes that it has started and that still run.</summary>
    public IReadOnlyList<int> Children =>
        [
            .. Directory
                .EnumerateDirectories("/proc")
                .Select(path => int.TryParse(Path.GetFileName(path), out int id) ? id : 0)
                .Where(id => id > 0 && ParentOf(id) == _process!.Id),
        ];

    /// <summary>The agent's program, beside the tests.</summary>
    public static string Program { get; } =
        Path.Combine(
            AppContext.BaseDirectory,
            "..",
            "..",
            "Proxyless.Agent",
            Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/', '\\')),
            OperatingSystem.IsWindows() ? "proxyless-agent.exe" : "proxyless-agent"
        );

    /// <summary>Waits until it listens.</summary>
    public void Serve()
    {
        _process = Start(
            "serve",
            "--folder",
            Folder,
            "--address",
            "127.0.0.1",
            "--port",
            Number(_port),
            "--max-model",
            Number(Megabytes),
            "--max-seconds",
            Number(_maxSeconds),
            "--queue",
            Number(Waiting),
            "--patience",
            Number(_patience)
        );
        if (_process.StandardOutput.ReadLine()?.StartsWith("listening", StringComparison.Ordinal) != true)
        {
            throw new InvalidOperationException(_process.StandardError.ReadToEnd());
        }
    }

    public void Kill()
    {
        _process!.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>Kills it as the system does, without the processes that it has started.</summary>
    public void KillAlone()
    {
        _process!.Kill();
        _process.WaitForExit();
    }

    /// <summary>Whether a process is there and has not ended.</summary>
    public static bool IsThere(int id) => ParentOf(id) != 0;

    internal AgentTarget Target() => (AgentTarget)Proxyless.Latency.TargetFile.Open(TargetFile);

    /// <summary>A client that says what it likes.</summary>
    internal (GrpcChannel Channel, Agent.Protocol.Agent.AgentClient Client, Metadata Headers) Connect()
    {
        YamlMapping target = YamlMapping.Read(TargetFile);
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            certificate!.GetCertHashString(HashAlgorithmName.SHA256) == target.Text("fingerprint");
        var channel = GrpcChannel.ForAddress(
            target.Text("address"),
            new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true }
        );
        return (
            channel,
            new Agent.Protocol.Agent.AgentClient(channel),
            new Metadata { { "authorization", $"Bearer {target.Text("token")}" } }
        );
    }

    public void Dispose()
    {
        if (IsRunning)
        {
            Kill();
        }

        _folder.Dispose();
    }

    /// <summary>Starts the program.</summary>
    public Process Start(params string[] arguments) => StartIn("", arguments);

    /// <summary>Starts the program in a working folder.</summary>
    public Process StartIn(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(Program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["TMPDIR"] = TemporaryFiles;

        // Or the runtime keeps sockets for debuggers there.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        if (_heapMegabytes is { } megabytes)
        {
            start.Environment["DOTNET_GCHeapHardLimit"] = ((long)megabytes << 20).ToString(
                "x",
                CultureInfo.InvariantCulture
            );
        }

        return Process.Start(start)!;
    }

    private void Initialize()
    {
        using Process init = Start("init", "--folder", Folder, "--host", "localhost", "--port", Number(_port));
        init.WaitForExit();
        if (init.ExitCode != 0)
        {
            throw new InvalidOperationException(init.StandardError.ReadToEnd());
        }
    }

    private static int ParentOf(int id)
    {
        try
        {
            string[] fields = File.ReadAllText($"/proc/{id}/stat").Split(") ")[^1].Split(' ');
            return fields[0] == "Z" ? 0 : int.Parse(fields[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
