using System.Net.Security;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;
using Proxyless.Agent.Protocol;
using Proxyless.Measurement;

namespace Proxyless.Latency;

/// <summary>
/// A device that runs <c>proxyless-agent serve</c>. Models are sent there over TLS and measured by the ONNX Runtime
/// there. The agent's certificate is self-signed and identified by its fingerprint; a lost connection is restored.
/// </summary>
internal sealed class AgentTarget : WholeModelTarget, IProcessorTarget, IModelRunner, IAskedTarget
{
    private const int PieceBytes = 1 << 18;

    // An agent that has never answered is tried for up to about seven seconds, by gRPC (its pauses are random): the
    // address may be wrong.
    private const int AttemptsToDescribe = 4;

    // One that has answered may be restarting: about six minutes.
    private const int AttemptsToMeasure = 40;

    // A model that the device lacks the memory for breaks off each time.
    private const int AttemptsToMeasureWhereAborted = 3;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    // By default gRPC waits longer and longer, up to two minutes, before it tries a lost connection again. Until then
    // every call fails at once, and the attempts above may all be over before it notices that a device is on again:
    // under a load of ten this took 0.6 to 4.8 seconds, and 0.5 to 1.4 with this pause.
    private static readonly TimeSpan PauseToReconnect = TimeSpan.FromSeconds(0.1);

    // Aborted: the measuring process there was ended, for example because memory ran out.
    private static readonly StatusCode[] Repeated = [StatusCode.Unavailable, StatusCode.Aborted, StatusCode.Cancelled];

    // An answer that broke off the sending has arrived already, or will very soon.
    private static readonly TimeSpan PatienceForAnswer = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PatienceLater = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan DescribeDeadline = TimeSpan.FromSeconds(40);

    // The longest wait at an agent of an older version, which does not state it, with its default limits: 33 turns of a
    // model of 256 MB at the lowest speed, then a measurement of two minutes.
    private static readonly TimeSpan LongestWaitOfOldAgents = TimeSpan.FromHours(52);
    private static readonly TimeSpan LongestWaitEver = TimeSpan.FromDays(365);

    private const int FingerprintShown = 12;

    private readonly string _fingerprint;
    private readonly int _threads;
    private readonly Metadata _headers;
    private readonly SentOnceHandler _handler;
    private readonly GrpcChannel _channel;
    private readonly Agent.Protocol.Agent.AgentClient _client;
    private volatile Description? _description;
    private volatile bool _wrongCertificate;

    /// <summary>Prepares the target; nothing is sent yet.</summary>
    /// <param name="name">The text that names the target, as <see cref="TargetFile.Open"/> takes it.</param>
    /// <param name="address">Such as <c>https://192.168.1.20:7443</c>.</param>
    /// <param name="fingerprint">SHA-256 of the agent's certificate, 64 hexadecimal digits.</param>
    /// <param name="token">The agent's token.</param>
    /// <param name="threads">Threads per run.</param>
    /// <param name="batch">Images per run.</param>
    /// <param name="calls">Makes the calls; null: gRPC, to the address.</param>
    /// <exception cref="FormatException">The address or the fingerprint is not valid.</exception>
    public AgentTarget(
        string name,
        string address,
        string fingerprint,
        string token,
        int threads,
        int batch,
        CallInvoker? calls = null
    )
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) || uri.Scheme != Uri.UriSchemeHttps)
        {
            throw new FormatException($"address '{address}' is invalid; expected one like https://192.168.1.20:7443");
        }

        byte[] expected = Convert.FromHexString(fingerprint);
        if (expected.Length != SHA256.HashSizeInBytes)
        {
            throw new FormatException(
                $"fingerprint has {2 * expected.Length} hexadecimal digits; a certificate's SHA-256 has "
                    + $"{2 * SHA256.HashSizeInBytes}"
            );
        }

        Name = name;
        Batch = batch;
        Address = address;

        // Two devices of one model are two targets: boards of different speed may report the same processor.
        _fingerprint = Convert.ToHexStringLower(expected)[..FingerprintShown];
        _threads = threads;
        _headers = new Metadata { { "authorization", $"Bearer {token}" } };
        _handler = new SentOnceHandler(
            new SocketsHttpHandler
            {
                KeepAlivePingDelay = TimeSpan.FromSeconds(20),
                KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
                ConnectTimeout = TimeSpan.FromSeconds(5),
                SslOptions = new SslClientAuthenticationOptions
                {
                    RemoteCertificateValidationCallback = (_, certificate, _, _) => IsExpected(certificate, expected),
                },
            }
        );
        _channel = GrpcChannel.ForAddress(
            uri,
            new GrpcChannelOptions
            {
                HttpHandler = _handler,
                ServiceConfig = DescribingRepeated(),
                MaxRetryAttempts = AttemptsToDescribe,
                InitialReconnectBackoff = PauseToReconnect,
                MaxReconnectBackoff = PauseToReconnect,
            }
        );
        _client = new Agent.Protocol.Agent.AgentClient(calls ?? _channel.CreateCallInvoker());
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    /// <exception cref="TargetUnavailableException">The agent cannot be reached; a later call tries again.</exception>
    /// <exception cref="InvalidInputException">The agent rejects the client.</exception>
    public override string Id => IdOf(Described(CancellationToken.None));

    /// <inheritdoc/>
    public bool? SaturatesIntegers =>
        Described(CancellationToken.None) is { HasSaturatesIntegers: true } description
            ? description.SaturatesIntegers
            : null;

    /// <summary>Where the agent listens.</summary>
    public string Address { get; }

    /// <inheritdoc/>
    public override int Batch { get; }

    /// <inheritdoc/>
    protected internal override Timing Time(byte[] onnx, TimingOptions options, CancellationToken cancellationToken)
    {
        DateTime deadline = DateTime.UtcNow + DeadlineOf(Described(cancellationToken));
        MeasureHeader header = HeaderOf(onnx, _threads, Batch, options);

        Agent.Protocol.Measurement measured = Called(
            () => Send(() => _client.Measure(_headers, deadline, cancellationToken), header, onnx, cancellationToken),
            cancellationToken
        );
        return TimingOf(measured);
    }

    /// <inheritdoc/>
    public void Ask(CancellationToken cancellationToken) => Described(cancellationToken);

    /// <inheritdoc/>
    public override void RequireSame(CancellationToken cancellationToken) =>
        Called(
            () =>
            {
                RequireSameAsync(cancellationToken).GetAwaiter().GetResult();
                return true;
            },
            cancellationToken
        );

    /// <inheritdoc/>
    public float[]? Answer(byte[] onnx, ReadOnlyMemory<float> images, int count, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(onnx);
        DateTime deadline = DateTime.UtcNow + DeadlineOf(Described(cancellationToken));
        byte[] content = [.. onnx, .. MemoryMarshal.AsBytes(images.Span)];
        MeasureHeader header = HeaderOf(content, _threads, count, TimingOptions.Quick);
        header.Length = onnx.Length;
        header.ImagesLength = content.Length - onnx.Length;
        return Called(
            () =>
            {
                try
                {
                    Answers answers = Send(
                        () => _client.Answer(_headers, deadline, cancellationToken),
                        header,
                        content,
                        cancellationToken
                    );
                    return MemoryMarshal.Cast<byte, float>(answers.Scores.Span).ToArray();
                }
                catch (RpcException exception) when (exception.StatusCode == StatusCode.Unimplemented)
                {
                    // An agent of an older version.
                    return null;
                }
            },
            cancellationToken
        );
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _channel.Dispose();
            _handler.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>The request to the agent: the model's size and digest, and all options.</summary>
    internal static MeasureHeader HeaderOf(byte[] onnx, int threads, int batch, TimingOptions options) =>
        new()
        {
            Length = onnx.Length,
            Sha256 = ByteString.CopyFrom(SHA256.HashData(onnx)),
            Threads = threads,
            Batch = batch,
            Uncertainty = options.Uncertainty,
            WarmUpRuns = options.WarmUpRuns,
            MinRuns = options.MinRuns,
            MaxRuns = options.MaxRuns,
            MaxSeconds = options.MaxTime.TotalSeconds,
        };

    /// <summary>
    /// Time after which a measurement is given up: the longest wait that the agent's own limits allow, and the time for
    /// repeated calls. The agent computes the wait and does not report a place in the queue instead: a place would have
    /// to come before the answer, and a call of this kind has one answer.
    /// </summary>
    internal static TimeSpan DeadlineOf(Description description)
    {
        double seconds = description.LongestWaitSeconds;
        TimeSpan wait =
            seconds > 0
                ? TimeSpan.FromSeconds(Math.Min(seconds, LongestWaitEver.TotalSeconds))
                : LongestWaitOfOldAgents;
        return wait + PatienceLater;
    }

    /// <summary>
    /// Whether a call was lost with its connection or with the agent, so that the same call may succeed later.
    /// </summary>
    internal static bool IsLost(RpcException exception) =>
        Repeated.Contains(exception.StatusCode)
        || (exception.StatusCode == StatusCode.Internal && IsOfConnection(exception.Status.DebugException));

    /// <summary>
    /// Whether an error arose on this side of a connection, as where keep-alive gives up one that has gone silent: gRPC
    /// has no code of its own for that. An error that the agent reports has no exception here.
    /// </summary>
    private static bool IsOfConnection(Exception? cause)
    {
        for (; cause is not null; cause = cause.InnerException)
        {
            // An answer that cannot be read comes again.
            if (cause is IOException and not InvalidProtocolBufferException)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// What the agent reports about itself. Only an answer is kept: a device that is off now may be on the next time.
    /// </summary>
    private Description Described(CancellationToken cancellationToken) =>
        _description ??= Called(
            () => _client.Describe(new DescribeRequest(), OptionsToDescribe(cancellationToken)),
            cancellationToken
        );

    private CallOptions OptionsToDescribe(CancellationToken cancellationToken) =>
        new(_headers, DateTime.UtcNow + DescribeDeadline, cancellationToken);

    /// <summary>An answer as a timing; one that is none would be noticed at the end of a profile, or never.</summary>
    /// <exception cref="InvalidInputException">It is none.</exception>
    private Timing TimingOf(Agent.Protocol.Measurement measured)
    {
        static bool IsFrom0(double share) => share is >= 0 and < double.PositiveInfinity;
        double[] times = [measured.MedianMs, measured.QuietMs, measured.P90Ms, measured.MinMs];
        int wrong = Array.FindIndex(times, milliseconds => !(IsFrom0(milliseconds) && milliseconds > 0));
        string? impossible =
            wrong >= 0 ? Invariant($"a time of {times[wrong]} ms; a time is over 0")
            : !IsFrom0(measured.Spread) ? Invariant($"quartiles {measured.Spread} apart; the share is 0 or more")
            : double.IsNaN(measured.Uncertainty) ? "an uncertainty that is no number"
            : measured.Runs < 1 ? Invariant($"{measured.Runs} runs; there is at least one")
            : null;
        return impossible is null
            ? new Timing(
                measured.MedianMs,
                measured.QuietMs,
                measured.P90Ms,
                measured.MinMs,
                measured.Spread,
                measured.Uncertainty,
                measured.Runs
            )
            : throw new InvalidInputException(
                $"target '{Name}' ({Address}): the agent answers with {impossible}: restart 'proxyless-agent serve' "
                    + "there, or update it"
            );
    }

    private string IdOf(Description description) =>
        $"device {_fingerprint}, {description.Processor} ({description.System}), {_threads} threads, batch {Batch}, "
        + $"ONNX Runtime {description.OnnxRuntime}";

    /// <summary>A call that sends a stream can only be awaited; gRPC has no other.</summary>
    private T Send<T>(
        Func<AsyncClientStreamingCall<MeasureRequest, T>> begin,
        MeasureHeader header,
        byte[] content,
        CancellationToken cancellationToken
    ) => SendAsync(begin, header, content, cancellationToken).GetAwaiter().GetResult();

    /// <summary>
    /// Sends until there is an answer. Each attempt is a separate call, which sends everything or ends: where gRPC
    /// repeats a call that sends a stream, a write may fail although the call goes on, and what was not written is
    /// never sent.
    /// </summary>
    /// <exception cref="InvalidInputException">Another agent has answered than before.</exception>
    private async Task<T> SendAsync<T>(
        Func<AsyncClientStreamingCall<MeasureRequest, T>> begin,
        MeasureHeader header,
        byte[] content,
        CancellationToken cancellationToken
    )
    {
        TimeSpan pause = FirstPause;
        int aborted = 0;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                T answer = await SendOnceAsync(begin, header, content, cancellationToken).ConfigureAwait(false);
                if (attempt > 1)
                {
                    await RequireSameAsync(cancellationToken).ConfigureAwait(false);
                }

                return answer;
            }
            catch (RpcException exception)
                when (attempt < AttemptsToMeasure
                    && IsLost(exception)
                    && (exception.StatusCode != StatusCode.Aborted || ++aborted < AttemptsToMeasureWhereAborted)
                    && !cancellationToken.IsCancellationRequested
                )
            {
                await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
                pause = TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, LongestPause.Ticks));
            }
        }
    }

    /// <summary>
    /// Rejects an agent that is not what it was: one that was lost may have been started again with another runtime, or
    /// on another device. From now on it is known as what it is.
    /// </summary>
    /// <exception cref="InvalidInputException">It is another one.</exception>
    private async Task RequireSameAsync(CancellationToken cancellationToken)
    {
        using AsyncUnaryCall<Description> call = _client.DescribeAsync(
            new DescribeRequest(),
            OptionsToDescribe(cancellationToken)
        );
        Description now = await call.ResponseAsync.ConfigureAwait(false);
        if (_description is { } before && IdOf(before) != IdOf(now))
        {
            _description = now;
            throw new InvalidInputException(
                $"target '{Name}' ({Address}): the agent is another one now: {IdOf(now)}, and no longer "
                    + $"{IdOf(before)}; what was measured before does not go with it: begin the profile again, or "
                    + "continue the run"
            );
        }
    }

    private static async Task<T> SendOnceAsync<T>(
        Func<AsyncClientStreamingCall<MeasureRequest, T>> begin,
        MeasureHeader header,
        byte[] content,
        CancellationToken cancellationToken
    )
    {
        using AsyncClientStreamingCall<MeasureRequest, T> call = begin();
        Task writing = WriteAsync(call.RequestStream, header, content, cancellationToken);
        if (await Task.WhenAny(writing, call.ResponseAsync).ConfigureAwait(false) != writing)
        {
            // The agent answered before it had everything: it reads no more, and the write may wait for it forever. The
            // end of the call ends the write.
            _ = writing.ContinueWith(
                static ended => ended.Exception,
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted,
                TaskScheduler.Default
            );
            return await call.ResponseAsync.ConfigureAwait(false);
        }

        try
        {
            await writing.ConfigureAwait(false);
        }
        catch (Exception exception)
            when (exception is RpcException or InvalidOperationException or IOException or HttpRequestException)
        {
            // The agent answered before it had everything, and its answer says why; or the connection is lost, which
            // also ends the call.
            try
            {
                return await call.ResponseAsync.WaitAsync(PatienceForAnswer, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                throw new RpcException(new Status(StatusCode.Unavailable, exception.Message, exception));
            }
        }

        return await call.ResponseAsync.ConfigureAwait(false);
    }

    private static async Task WriteAsync(
        IClientStreamWriter<MeasureRequest> stream,
        MeasureHeader header,
        byte[] content,
        CancellationToken cancellationToken
    )
    {
        await stream.WriteAsync(new MeasureRequest { Header = header }, cancellationToken).ConfigureAwait(false);
        for (int sent = 0; sent < content.Length; sent += PieceBytes)
        {
            ByteString piece = UnsafeByteOperations.UnsafeWrap(
                content.AsMemory(sent, Math.Min(PieceBytes, content.Length - sent))
            );
            await stream.WriteAsync(new MeasureRequest { Piece = piece }, cancellationToken).ConfigureAwait(false);
        }

        await stream.CompleteAsync().ConfigureAwait(false);
    }

    /// <summary>Makes a call and translates its failure.</summary>
    private T Called<T>(Func<T> call, CancellationToken cancellationToken)
    {
        try
        {
            return call();
        }
        catch (Exception exception)
            when (exception is RpcException or OperationCanceledException && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("the measurement was canceled", exception, cancellationToken);
        }
        catch (RpcException exception)
        {
            string message = $"target '{Name}' ({Address}): {Reason(exception)}";
            throw !_wrongCertificate && IsOutOfReach(exception)
                ? new TargetUnavailableException(Name, message, exception)
                : new InvalidInputException(message, exception);
        }
    }

    private static ServiceConfig DescribingRepeated()
    {
        var policy = new RetryPolicy
        {
            MaxAttempts = AttemptsToDescribe,
            InitialBackoff = TimeSpan.FromSeconds(1),
            MaxBackoff = LongestPause,
            BackoffMultiplier = 2,
        };
        foreach (StatusCode code in Repeated)
        {
            policy.RetryableStatusCodes.Add(code);
        }

        var describe = new MethodName
        {
            Service = Agent.Protocol.Agent.Descriptor.FullName,
            Method = nameof(_client.Describe),
        };
        return new ServiceConfig
        {
            MethodConfigs =
            {
                new MethodConfig { Names = { describe }, RetryPolicy = policy },
            },
        };
    }

    private static bool IsOutOfReach(RpcException exception) =>
        IsLost(exception) || exception.StatusCode == StatusCode.DeadlineExceeded;

    private string Reason(RpcException exception) =>
        (exception.StatusCode, _wrongCertificate) switch
        {
            (_, true) =>
                "the certificate there is not the agent's whose fingerprint the target's file has; if the agent was "
                    + "set up anew, copy its target.yaml again",
            (StatusCode.Unavailable or StatusCode.Internal, _) when IsLost(exception) =>
                $"cannot be reached: {exception.Status.Detail}; is 'proxyless-agent serve' running there, and the "
                    + $"port open?",
            (StatusCode.DeadlineExceeded, _) when exception.Status.Detail.Length == 0 =>
                "has not answered in time; is the device on, and 'proxyless-agent serve' running there?",
            (StatusCode.DeadlineExceeded, _) => $"took too long: {exception.Status.Detail}",
            (StatusCode.Aborted or StatusCode.Cancelled, _) =>
                $"failed repeatedly: {exception.Status.Detail}; look at the device's memory",
            _ => $"{exception.StatusCode}: {exception.Status.Detail}",
        };

    private bool IsExpected(X509Certificate? certificate, byte[] expected)
    {
        bool same =
            certificate is not null
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(certificate.GetRawCertData()), expected);
        _wrongCertificate = !same;
        return same;
    }
}
