using System.Diagnostics;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Proxyless.Agent.Protocol;
using Proxyless.Measurement;

namespace Proxyless.Latency;

/// <summary>
/// A device on which <c>proxyless-agent serve</c> runs. Models go there over TLS and are measured by the ONNX Runtime there. The
/// agent's certificate is its own, known by its fingerprint; a connection that is lost is taken up again.
/// </summary>
public sealed class AgentTarget : WholeModelTarget, IDisposable
{
    private const int PieceBytes = 1 << 18;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    // An agent that was heard of may start anew.
    private static readonly TimeSpan PatienceLater = TimeSpan.FromMinutes(5);

    // The turn may be long in coming: other clients are measured first.
    private static readonly TimeSpan MeasureDeadline = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan DescribeDeadline = TimeSpan.FromSeconds(10);

    private const int FingerprintShown = 12;

    private readonly string _fingerprint;
    private readonly int _threads;
    private readonly Metadata _headers;
    private readonly SocketsHttpHandler _handler;
    private readonly GrpcChannel _channel;
    private readonly Agent.Protocol.Agent.AgentClient _client;
    private readonly Lazy<Description> _description;
    private volatile bool _wrongCertificate;
    private volatile bool _hasAnswered;
    private volatile int _failures;

    /// <summary>Prepares; nothing is sent yet.</summary>
    /// <param name="name">What stands for the target on a command line.</param>
    /// <param name="address">Such as <c>https://192.168.1.20:7443</c>.</param>
    /// <param name="fingerprint">SHA-256 of the agent's certificate, 64 hexadecimal digits.</param>
    /// <param name="token">The agent's token.</param>
    /// <param name="threads">Threads of one run.</param>
    /// <param name="batch">Images of one run.</param>
    /// <exception cref="FormatException">The address or the fingerprint is none.</exception>
    public AgentTarget(string name, string address, string fingerprint, string token, int threads, int batch)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) || uri.Scheme != Uri.UriSchemeHttps)
        {
            throw new FormatException($"address '{address}' is none; expected is such as https://192.168.1.20:7443");
        }

        byte[] expected = Convert.FromHexString(fingerprint);
        if (expected.Length != SHA256.HashSizeInBytes)
        {
            throw new FormatException($"fingerprint has {2 * expected.Length} hexadecimal digits; a certificate's SHA-256 has {2 * SHA256.HashSizeInBytes}");
        }

        Name = name;
        Batch = batch;
        Address = address;

        // Two devices of one make are two targets: boards of different speed may not tell their processors apart.
        _fingerprint = Convert.ToHexStringLower(expected)[..FingerprintShown];
        _threads = threads;
        _headers = new Metadata { { "authorization", $"Bearer {token}" } };
        _handler = new SocketsHttpHandler
        {
            KeepAlivePingDelay = TimeSpan.FromSeconds(20),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
            ConnectTimeout = TimeSpan.FromSeconds(5),
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) => IsExpected(certificate, expected),
            },
        };
        _channel = GrpcChannel.ForAddress(uri, new GrpcChannelOptions { HttpHandler = _handler });
        _client = new Agent.Protocol.Agent.AgentClient(_channel);
        _description = new Lazy<Description>(() => Retried(() => _client.Describe(new DescribeRequest(), _headers, DateTime.UtcNow + DescribeDeadline), CancellationToken.None));
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    /// <exception cref="InvalidInputException">The agent cannot be reached, or turns us away.</exception>
    public override string Id => $"device {_fingerprint}, {_description.Value.Processor} ({_description.Value.System}), {_threads} threads, batch {Batch}, ONNX Runtime {_description.Value.OnnxRuntime}";

    /// <summary>Where the agent listens.</summary>
    public string Address { get; }

    /// <inheritdoc/>
    public override int Batch { get; }

    /// <summary>How long an agent is called that was never heard of: the address may be wrong.</summary>
    internal TimeSpan PatienceAtFirst { get; set; } = TimeSpan.FromSeconds(7);

    /// <summary>Calls that got no answer so far.</summary>
    internal int Failures => _failures;

    /// <inheritdoc/>
    public void Dispose()
    {
        _channel.Dispose();
        _handler.Dispose();
    }

    /// <inheritdoc/>
    protected override Timing Time(byte[] onnx, TimingOptions options, CancellationToken cancellation)
    {
        var header = new MeasureHeader
        {
            Length = onnx.Length,
            Sha256 = ByteString.CopyFrom(SHA256.HashData(onnx)),
            Threads = _threads,
            Batch = Batch,
            Uncertainty = options.Uncertainty,
            MinRuns = options.MinRuns,
            MaxRuns = options.MaxRuns,
            MaxSeconds = options.MaxTime.TotalSeconds,
        };
        Agent.Protocol.Measurement measured = Retried(() => SendAsync(header, onnx, cancellation).GetAwaiter().GetResult(), cancellation);
        return new Timing(measured.MedianMs, measured.QuietMs, measured.P90Ms, measured.MinMs, measured.Spread, measured.Uncertainty, measured.Runs);
    }

    private async Task<Agent.Protocol.Measurement> SendAsync(MeasureHeader header, byte[] onnx, CancellationToken cancellation)
    {
        using AsyncClientStreamingCall<MeasureRequest, Agent.Protocol.Measurement> call =
            _client.Measure(_headers, DateTime.UtcNow + MeasureDeadline, cancellation);
        try
        {
            await call.RequestStream.WriteAsync(new MeasureRequest { Header = header }, cancellation).ConfigureAwait(false);
            for (int sent = 0; sent < onnx.Length; sent += PieceBytes)
            {
                ByteString piece = UnsafeByteOperations.UnsafeWrap(onnx.AsMemory(sent, Math.Min(PieceBytes, onnx.Length - sent)));
                await call.RequestStream.WriteAsync(new MeasureRequest { Piece = piece }, cancellation).ConfigureAwait(false);
            }

            await call.RequestStream.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is RpcException or InvalidOperationException && !cancellation.IsCancellationRequested)
        {
            // The agent answered before it had everything; its answer says why.
        }

        return await call.ResponseAsync.ConfigureAwait(false);
    }

    /// <summary>Calls the agent again where the connection was lost; what it says about the call itself is final.</summary>
    private T Retried<T>(Func<T> call, CancellationToken cancellation)
    {
        long failing = 0;
        for (TimeSpan pause = FirstPause; ; pause = TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, LongestPause.Ticks)))
        {
            try
            {
                T answer = call();
                _hasAnswered = true;
                return answer;
            }
            catch (RpcException exception) when (cancellation.IsCancellationRequested)
            {
                throw new OperationCanceledException("the measurement was cancelled", exception, cancellation);
            }
            catch (RpcException exception) when (!_wrongCertificate && IsPassing(exception.StatusCode)
                && (failing == 0 || Stopwatch.GetElapsedTime(failing) < (_hasAnswered ? PatienceLater : PatienceAtFirst)))
            {
                failing = failing == 0 ? Stopwatch.GetTimestamp() : failing;
                Interlocked.Increment(ref _failures);
                cancellation.WaitHandle.WaitOne(pause);
            }
            catch (RpcException exception)
            {
                throw new InvalidInputException($"target '{Name}' ({Address}): {Reason(exception)}", exception);
            }
        }
    }

    // Aborted: the measuring process there was ended, by whoever runs out of memory for example.
    private static bool IsPassing(StatusCode code) => code is StatusCode.Unavailable or StatusCode.Aborted or StatusCode.Cancelled;

    private string Reason(RpcException exception) => (exception.StatusCode, _wrongCertificate) switch
    {
        (_, true) => "the certificate there is not the agent's whose fingerprint the target's file has; if the agent was set up anew, copy its target.yaml again",
        (StatusCode.Unavailable, _) => $"cannot be reached: {exception.Status.Detail}; is 'proxyless-agent serve' running there, and the port open?",
        (StatusCode.DeadlineExceeded, _) => $"took too long: {exception.Status.Detail}",
        _ => $"{exception.StatusCode}: {exception.Status.Detail}",
    };

    private bool IsExpected(X509Certificate? certificate, byte[] expected)
    {
        bool same = certificate is not null && CryptographicOperations.FixedTimeEquals(SHA256.HashData(certificate.GetRawCertData()), expected);
        _wrongCertificate = !same;
        return same;
    }
}
