using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using CsCheck;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Proxyless.Agent.Protocol;
using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Files;
using Proxyless.Latency;
using Proxyless.Measurement;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Runner;
using Xunit;

namespace Proxyless.Tests.Agents;

/// <summary>The agent over loopback TLS: what it is for, and what it must stand.</summary>
public sealed class AgentTests : IClassFixture<AgentProcess>
{
    private static readonly byte[] Model = NetworkExporter.Untrained(SmallSpace.Network(0, 1, 2));

    // Hours of work, unless somebody ends it.
    private static readonly Func<Header, Header> Endless = header =>
        header with
        {
            MinRuns = 100_000,
            MaxRuns = 100_000,
            MaxSeconds = 1e9,
            Batch = 1000,
        };
    private readonly AgentProcess _agent;

    public AgentTests(AgentProcess agent)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the agent is for Linux devices");
        _agent = agent;
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    [Trait(TestCategory.Name, TestCategory.Measuring)]
    public async Task A_space_is_profiled_and_a_network_measured_beside_its_reference()
    {
        using AgentTarget target = _agent.Target();
        LatencyTable table = target.Profile(
            SmallSpace.Space,
            SmallSpace.Classes,
            ProfileMode.Quick,
            null,
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal(SpaceParts.Keys(SmallSpace.Space, SmallSpace.Classes), table.Entries.Keys);
        Assert.Contains(ProcessorInfo.OnnxRuntimeVersion, table.TargetId, StringComparison.Ordinal);
        Architecture reference = SmallSpace.Network([.. table.Reference.Choice]);
        byte[] onnx = NetworkExporter.Untrained(reference);
        var latency = NetworkLatency.Measure(
            target,
            reference,
            onnx,
            SmallSpace.Space,
            SmallSpace.Classes,
            table,
            Cancellation
        );
        Assert.True(latency.IsMeasured);
        Assert.True(latency.QuietMs > 0 && double.IsFinite(latency.QuietMs));
        Assert.True(latency.MedianMs > 0 && double.IsFinite(latency.MedianMs));
        Assert.True(table.Disturbance >= 0);
        await AssertClean();
    }

    [Fact]
    public void A_wrong_token_is_turned_away()
    {
        AssertRefused(Replaced("token: ", "token: 0"), "the token is not this agent's");
        (GrpcChannel channel, Agent.Protocol.Agent.AgentClient client, _) = _agent.Connect();
        using (channel)
        {
            Assert.Equal(
                StatusCode.Unauthenticated,
                StatusOf(() => client.Describe(new DescribeRequest(), cancellationToken: Cancellation))
            );
            Assert.Equal(
                StatusCode.Unauthenticated,
                StatusOf(() =>
                    client.Describe(
                        new DescribeRequest(),
                        new Metadata { { "authorization", "Bearer " } },
                        cancellationToken: Cancellation
                    )
                )
            );
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("1234")]
    public void An_agent_without_a_whole_token_does_not_serve(string token)
    {
        using var folder = new TemporaryFolder();
        Init(folder);

        File.WriteAllText(Path.Combine(folder.Root, "agent", "token"), token);
        using Process serve = _agent.Start(
            "serve",
            "--folder",
            folder.Root + "/agent",
            "--address",
            "127.0.0.1",
            "--port",
            "0"
        );
        string error = serve.StandardError.ReadToEnd();
        serve.WaitForExit();
        Assert.Equal(2, serve.ExitCode);
        Assert.Contains("hexadecimal digits", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(500)]
    public void An_agent_with_a_damaged_certificate_does_not_serve(int bytes)
    {
        using var folder = new TemporaryFolder();
        Init(folder);

        string file = Path.Combine(folder.Root, "agent", "certificate.pfx");
        byte[] whole = File.ReadAllBytes(file);
        new Random(1).NextBytes(whole.AsSpan(whole.Length / 2, 16));
        File.WriteAllBytes(file, bytes < 0 ? whole : whole[..Math.Min(bytes, whole.Length - 1)]);
        using Process serve = _agent.Start(
            "serve",
            "--folder",
            folder.Root + "/agent",
            "--address",
            "127.0.0.1",
            "--port",
            "0"
        );
        string error = serve.StandardError.ReadToEnd();
        serve.WaitForExit();
        Assert.Equal(2, serve.ExitCode);
        Assert.Contains("certificate.pfx' cannot be read", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_of_the_working_folder_are_not_read()
    {
        using var folder = new TemporaryFolder();
        folder.Add("appsettings.json", "{ this is no JSON"u8.ToArray());
        Init(folder);

        using Process serve = _agent.StartIn(
            folder.Root,
            "serve",
            "--folder",
            folder.Root + "/agent",
            "--address",
            "127.0.0.1",
            "--port",
            "0"
        );
        try
        {
            Assert.StartsWith("listening", serve.StandardOutput.ReadLine() ?? "", StringComparison.Ordinal);
        }
        finally
        {
            serve.Kill(entireProcessTree: true);
            serve.WaitForExit();
        }
    }

    [Theory]
    [InlineData("::1", "https://[::1]")]
    [InlineData("127.0.0.1", "https://127.0.0.1")]
    public void An_agent_listens_on_the_addresses_of_both_families(string host, string address)
    {
        Assert.SkipUnless(Has(IPAddress.Parse(host)), "this machine has no such address");
        using var folder = new TemporaryFolder();
        Init(folder, host);
        using Process serve = _agent.Start("serve", "--folder", folder.Root + "/agent", "--port", "0");
        try
        {
            // Such as "listening on https://[::]:40123, certificate 12AB".
            string listening = serve.StandardOutput.ReadLine() ?? "";
            Assert.StartsWith("listening on https://", listening, StringComparison.Ordinal);
            int port = new Uri(listening.Split(' ')[2].TrimEnd(',')).Port;
            string file = Path.Combine(folder.Root, "agent", "target.yaml");
            string text = File.ReadAllText(file);
            Assert.Contains($"address: {address}:7443\n", text, StringComparison.Ordinal);
            File.WriteAllText(file, text.Replace(":7443", $":{port}", StringComparison.Ordinal));
            using var target = (AgentTarget)TargetFile.Open(file);
            Assert.Contains(ProcessorInfo.OnnxRuntimeVersion, target.Id, StringComparison.Ordinal);
        }
        finally
        {
            serve.Kill(entireProcessTree: true);
            serve.WaitForExit();
        }
    }

    [Fact]
    public void A_wrong_certificate_is_not_talked_to()
    {
        string fingerprint = YamlMapping.Read(_agent.TargetFile).Text("fingerprint");
        AssertRefused(Replaced(fingerprint, new string('0', 64)), "the certificate there is not the agent's");
    }

    [Fact]
    public void A_gigabyte_is_refused_before_it_is_sent() =>
        Assert.Equal(StatusCode.ResourceExhausted, StatusOf(header => header with { Length = 1L << 30 }, Model));

    [Fact]
    public void More_than_was_announced_is_refused_as_it_comes()
    {
        Assert.Equal(StatusCode.InvalidArgument, StatusOf(header => header with { Length = 10 }, Model));
        Assert.Equal(StatusCode.InvalidArgument, StatusOf(header => header with { Length = Model.Length + 1 }, Model));
        Assert.Equal(StatusCode.InvalidArgument, StatusOf(header => header with { Digest = new byte[32] }, Model));
    }

    [Fact]
    public async Task A_malformed_model_is_said_to_be_one()
    {
        byte[] noise = new byte[1000];
        new Random(1).NextBytes(noise);
        using AgentTarget target = _agent.Target();
        var exception = Assert.Throws<InvalidInputException>(() => target.Time(noise, Cancellation));
        Assert.Contains("ONNX Runtime cannot run the model", exception.Message, StringComparison.Ordinal);
        await AssertClean();
    }

    [Fact]
    public async Task Fifty_at_once_are_measured_or_told_to_come_again()
    {
        // While one is measured, as many as may wait do, and the others are told.
        Task<StatusCode>[] clients;

        // Over one connection: a busy machine may not be able to encrypt fifty before they are given up.
        (GrpcChannel channel, Agent.Protocol.Agent.AgentClient client, Metadata headers) = _agent.Connect();
        using GrpcChannel open = channel;
        using (
            AsyncClientStreamingCall<MeasureRequest, Agent.Protocol.Measurement> first = await BeginAsync(
                client,
                headers
            )
        )
        {
            clients =
            [
                .. Enumerable
                    .Range(0, 50)
                    .Select(_ =>
                        Task.Factory.StartNew(
                            () => StatusOf(() => Send(client, headers, Whole(new Header(Model), Model))),
                            Cancellation,
                            TaskCreationOptions.LongRunning,
                            TaskScheduler.Default
                        )
                    ),
            ];
            await Until(() => clients.Count(task => task.IsCompleted) >= 50 - AgentProcess.Waiting);
            Assert.All(
                clients.Where(task => task.IsCompleted),
                task => Assert.Equal(StatusCode.ResourceExhausted, task.Result)
            );
        }

        StatusCode[] codes = await Task.WhenAll(clients);
        Assert.Equal(AgentProcess.Waiting, codes.Count(code => code == StatusCode.OK));
        Assert.Equal(50 - AgentProcess.Waiting, codes.Count(code => code == StatusCode.ResourceExhausted));
        await AssertClean();
    }

    [Fact]
    public async Task A_client_that_hangs_loses_its_turn()
    {
        using var agent = new AgentProcess(maxSeconds: 1000, patience: 3);
        (GrpcChannel channel, Agent.Protocol.Agent.AgentClient client, Metadata headers) = agent.Connect();
        using (channel)
        {
            using AsyncClientStreamingCall<MeasureRequest, Agent.Protocol.Measurement> silent = client.Measure(
                headers,
                cancellationToken: Cancellation
            );
            await silent.RequestStream.WriteAsync(
                new MeasureRequest { Header = new Header(Model).ToMessage() },
                Cancellation
            );
            RpcException exception = await Assert.ThrowsAsync<RpcException>(() => silent.ResponseAsync);
            Assert.Equal(StatusCode.DeadlineExceeded, exception.StatusCode);

            // One that is too slow on a busy machine loses its turn as well. If a turn were never given back, this
            // would not end.
            StatusCode status;
            do
            {
                status = StatusOf(header => header, Model, agent);
            } while (status == StatusCode.DeadlineExceeded);

            Assert.Equal(StatusCode.OK, status);
        }

        await AssertClean(agent);
    }

    [Fact]
    public async Task A_measurement_that_never_ends_is_ended()
    {
        using var agent = new AgentProcess(maxSeconds: 1, patience: 1000);
        Assert.Equal(StatusCode.ResourceExhausted, StatusOf(Endless, Model, agent));
        await AssertClean(agent);
    }

    [Fact]
    public async Task A_measuring_process_that_is_killed_takes_nothing_with_it()
    {
        Task<StatusCode> measured = Task.Run(() => StatusOf(Endless, Model), Cancellation);
        await Until(() => _agent.Children.Count > 0);
        using (var child = Process.GetProcessById(_agent.Children[0]))
        {
            child.Kill();
        }

        Assert.Equal(StatusCode.Aborted, await measured);
        Assert.Equal(StatusCode.OK, StatusOf(header => header, Model));
        await AssertClean();
    }

    [Fact]
    public async Task A_measuring_process_ends_with_its_agent()
    {
        using var agent = new AgentProcess();
        Task<StatusCode> measured = Task.Run(() => StatusOf(Endless, Model, agent), Cancellation);
        await Until(() => agent.Children.Count > 0);
        int child = agent.Children[0];

        // It has received the model, and measures: a model that is cut off would end it in any case.
        await Until(() => HasLoaded(child, "onnxruntime"));
        agent.KillAlone();
        Assert.NotEqual(StatusCode.OK, await measured);
        await Until(() => !AgentProcess.IsThere(child));
    }

    [Fact]
    public async Task What_is_measured_for_a_client_that_has_gone_is_ended()
    {
        (GrpcChannel channel, Agent.Protocol.Agent.AgentClient client, Metadata headers) = _agent.Connect();
        using (channel)
        {
            using AsyncClientStreamingCall<MeasureRequest, Agent.Protocol.Measurement> call = await BeginAsync(
                client,
                headers
            );
        }

        // It would run for the quarter of an hour that the agent allows.
        await AssertClean();
    }

    [Fact]
    public async Task A_lost_connection_is_taken_up_again()
    {
        using AgentTarget target = _agent.Target();
        Assert.True(target.Time(Model, Cancellation).Runs >= 30);
        _agent.Kill();
        using (AgentTarget stranger = _agent.Target())
        {
            var exception = Assert.Throws<TargetUnavailableException>(() => stranger.Time(Model, Cancellation));
            Assert.Contains("cannot be reached", exception.Message, StringComparison.Ordinal);
            Assert.Equal(stranger.Name, exception.Target);
        }

        // One that was heard of is called again and again; whoever answers at its port meanwhile is not it.
        Task<Timing> again;
        using (var port = new TcpListener(IPAddress.Loopback, _agent.Port))
        {
            port.Start();
            again = Task.Run(() => target.Time(Model, Cancellation), Cancellation);
            for (int attempt = 0; attempt < 3; attempt++)
            {
                using TcpClient caller = await port.AcceptTcpClientAsync(Cancellation);
            }
        }

        Assert.False(again.IsCompleted);
        _agent.Serve();
        Assert.True((await again).Runs >= 30);
    }

    [Fact]
    public async Task A_measurement_that_is_lost_with_its_agent_is_made_again_however_large_the_model()
    {
        // Several pieces.
        byte[] large = [.. Model, .. Documentation(3 << 20)];
        using var agent = new AgentProcess();
        using AgentTarget target = agent.Target();
        Task<Timing> measured = Task.Run(() => target.Time(large, Cancellation), Cancellation);
        await Until(() => agent.Children.Count > 0 || measured.IsCompleted);
        agent.Kill();
        agent.Serve();
        Assert.True((await measured).Runs >= 30);
    }

    [Fact]
    public void A_call_that_fails_as_it_begins_is_made_again_with_all_of_the_model()
    {
        // The agent waits so long for a piece of a model that does not come.
        using var agent = new AgentProcess(maxSeconds: 1000, patience: 30);
        using AgentTarget target = agent.Target();
        Assert.NotEmpty(target.Id);
        using var refused = new FailingRequests(agent.Port, count: 4);
        Assert.True(target.Time(Model, Cancellation).Runs >= 30);
        Assert.Equal(0, refused.Left);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_call_that_is_turned_away_midway_is_made_again_with_all_of_the_model(bool whole)
    {
        byte[] model = whole ? Model : [.. Model, .. Documentation(3 << 20)];
        using var agent = new AgentProcess(maxSeconds: 1000, patience: 30);
        using var relay = new AgentRelay(agent);
        using var target = (AgentTarget)TargetFile.Open(Replaced($":{agent.Port}", $":{relay.Port}", agent));
        Task<TcpClient> first = relay.HandOnAsync();
        Assert.NotEmpty(target.Id);
        (await first).Dispose();
        Task<Timing> measured = Task.Run(() => target.Time(model, Cancellation), Cancellation);
        using TcpClient turnedAway = await relay.TurnAwayAsync(whole);
        using TcpClient handedOn = await relay.HandOnAsync();
        Assert.True((await measured).Runs >= 30);
    }

    [Fact]
    public async Task A_call_is_not_made_again_once_it_is_cancelled()
    {
        const int Many = 1000;
        using AgentTarget target = _agent.Target();
        Assert.NotEmpty(target.Id);
        using var refused = new FailingRequests(_agent.Port, Many);
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task<Timing> measured = Task.Run(() => target.Time(Model, cancellation.Token), Cancellation);
        await Until(() => refused.Left < Many);
        await cancellation.CancelAsync();
        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => measured);
        Assert.Equal(cancellation.Token, exception.CancellationToken);
    }

    [Fact]
    public void An_answer_that_comes_before_the_whole_model_is_sent_is_told()
    {
        byte[] large = [.. Model, .. Documentation((AgentProcess.Megabytes + 1) << 20)];
        using AgentTarget target = _agent.Target();
        for (int i = 0; i < 10; i++)
        {
            var exception = Assert.Throws<InvalidInputException>(() => target.Time(large, Cancellation));
            Assert.Contains("this agent takes up to", exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_measurement_needs_nothing_of_the_thread_that_waits_for_it()
    {
        // As in a desktop application: what is posted to the waiting thread would run after the wait, never.
        using AgentTarget target = _agent.Target();
        Timing? timing = null;
        var waiting = new Thread(() =>
        {
            SynchronizationContext.SetSynchronizationContext(new DeafContext());
            timing = target.Time(Model, Cancellation);
        });
        waiting.Start();
        Assert.True(waiting.Join(TimeSpan.FromMinutes(2)), "the measurement waits for its own thread");
        Assert.True(timing!.Runs >= 30);
    }

    [Fact]
    public void A_device_that_was_off_once_is_asked_again()
    {
        using var agent = new AgentProcess();
        using AgentTarget target = agent.Target();
        agent.Kill();
        Assert.Throws<TargetUnavailableException>(() => target.Id);
        agent.Serve();
        string? id = null;
        while (id is null)
        {
            try
            {
                id = target.Id;
            }
            catch (TargetUnavailableException)
            {
                // The pauses of gRPC's attempts are random, and may all end before a busy machine has connected anew.
            }
        }

        Assert.Contains(ProcessorInfo.OnnxRuntimeVersion, id, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Runs_to_warm_up_are_made_as_asked()
    {
        using var agent = new AgentProcess(maxSeconds: 8, patience: 1000);
        Assert.Equal(StatusCode.InvalidArgument, StatusOf(header => header with { WarmUpRuns = -1 }, Model, agent));

        // A single run that counts takes a fraction of a second; so many before it take far more than the agent allows.
        Assert.Equal(
            StatusCode.ResourceExhausted,
            StatusOf(
                header => header with { WarmUpRuns = 100_000, MinRuns = 1, MaxRuns = 1, Batch = 1000 },
                Model,
                agent
            )
        );
        await AssertClean(agent);
    }

    [Fact]
    public void A_client_waits_as_long_as_the_agents_queue_can_be()
    {
        (GrpcChannel channel, Agent.Protocol.Agent.AgentClient client, Metadata headers) = _agent.Connect();
        using (channel)
        {
            Description description = client.Describe(new DescribeRequest(), headers, cancellationToken: Cancellation);
            Assert.True(description.HasSaturatesIntegers);
            Assert.Equal(IntegerArithmetic.Saturates, description.SaturatesIntegers);

            // Its limits in AgentProcess: a thousand seconds for a measurement, and for a piece of a model.
            TimeSpan turn = TimeSpan.FromSeconds(1000 + 1000 + (AgentProcess.Megabytes * 1e6 / 50_000));
            TimeSpan queue = (AgentProcess.Waiting + 1) * turn;
            Assert.InRange(AgentTarget.DeadlineOf(description), queue, 3 * queue);
        }
    }

    [Fact]
    public async Task Requests_of_any_kind_are_answered_and_leave_no_memory_behind()
    {
        Gen<MeasureRequest> header = Gen.Select(
                Gen.Long[-10, 5_000_000],
                Gen.Byte.Array[0, 40],
                Gen.Int[-2, 4],
                Gen.Int[-2, 70_000],
                Gen.Int[-1, 5],
                Gen.Double
            )
            .Select(
                (length, digest, threads, batch, runs, seconds) =>
                    new MeasureRequest
                    {
                        Header = new MeasureHeader
                        {
                            Length = length,
                            Sha256 = ByteString.CopyFrom(digest),
                            Threads = threads,
                            Batch = batch,
                            MinRuns = runs,
                            MaxRuns = runs,
                            MaxSeconds = seconds,
                            Uncertainty = seconds,
                        },
                    }
            );
        Gen<MeasureRequest> good = Gen.Const(new MeasureRequest { Header = new Header(Model).ToMessage() });
        Gen<MeasureRequest> piece = Gen
            .Byte.Array[0, 2000]
            .Select(bytes => new MeasureRequest { Piece = ByteString.CopyFrom(bytes) });
        Gen<MeasureRequest[]> sequence = Gen.OneOf(header, good, piece, Gen.Const(new MeasureRequest())).Array[0, 6];
        (GrpcChannel channel, Agent.Protocol.Agent.AgentClient client, Metadata headers) = _agent.Connect();
        using (channel)
        {
            double before = 0;
            int cases = 0;
            sequence.Sample(
                requests =>
                {
                    StatusCode code = StatusOf(() => Send(client, headers, requests));
                    Assert.True(
                        code is StatusCode.InvalidArgument or StatusCode.ResourceExhausted or StatusCode.OK,
                        $"{code}"
                    );
                    if (++cases == 50)
                    {
                        before = _agent.MemoryMb;
                    }
                },
                iter: 250,
                threads: 1
            );
            Assert.InRange(_agent.MemoryMb, 0, before + 150);
        }

        Assert.Equal(StatusCode.OK, StatusOf(header => header, Model));
        await AssertClean();
    }

    /// <summary>Whether this machine has an address.</summary>
    private static bool Has(IPAddress address)
    {
        try
        {
            using var listener = new TcpListener(address, 0);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Makes an agent's folder in a folder.</summary>
    private void Init(TemporaryFolder folder, string host = "localhost")
    {
        using Process init = _agent.Start("init", "--folder", folder.Root + "/agent", "--host", host);
        init.WaitForExit();
        Assert.Equal(0, init.ExitCode);
    }

    private static Agent.Protocol.Measurement Send(
        Agent.Protocol.Agent.AgentClient client,
        Metadata headers,
        IEnumerable<MeasureRequest> requests
    )
    {
        using AsyncClientStreamingCall<MeasureRequest, Agent.Protocol.Measurement> call = client.Measure(
            headers,
            DateTime.UtcNow.AddHours(1),
            Cancellation
        );
        try
        {
            // Where the agent answers before it has everything, a write may wait for it forever.
            Task.WhenAny(WriteAsync(), call.ResponseAsync).Unwrap().GetAwaiter().GetResult();
        }
        catch (Exception exception)
            when (exception is RpcException or InvalidOperationException or IOException or HttpRequestException)
        {
            // It has answered already, or it takes no more on this connection for now: it holds hundreds of calls that
            // were given up.
        }

        return call.ResponseAsync.GetAwaiter().GetResult();

        async Task WriteAsync()
        {
            foreach (MeasureRequest request in requests)
            {
                await call.RequestStream.WriteAsync(request, Cancellation);
            }

            await call.RequestStream.CompleteAsync();
        }
    }

    /// <summary>Begins a measurement that ends when the call is disposed, and waits until it runs.</summary>
    private async Task<AsyncClientStreamingCall<MeasureRequest, Agent.Protocol.Measurement>> BeginAsync(
        Agent.Protocol.Agent.AgentClient client,
        Metadata headers
    )
    {
        AsyncClientStreamingCall<MeasureRequest, Agent.Protocol.Measurement> call = client.Measure(
            headers,
            cancellationToken: Cancellation
        );
        await call.RequestStream.WriteAsync(
            new MeasureRequest { Header = Endless(new Header(Model)).ToMessage() },
            Cancellation
        );
        await call.RequestStream.WriteAsync(new MeasureRequest { Piece = ByteString.CopyFrom(Model) }, Cancellation);
        await call.RequestStream.CompleteAsync();
        await Until(() => _agent.Children.Count > 0);
        return call;
    }

    /// <summary>Whether a process has loaded a library; not if it has ended.</summary>
    private static bool HasLoaded(int process, string library)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/maps")
                .Contains(library, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Waits, however long a loaded machine needs; the test's own cancellation ends it.</summary>
    private static async Task Until(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(10, Cancellation);
        }
    }

    private StatusCode StatusOf(Func<Header, Header> change, byte[] model, AgentProcess? agent = null)
    {
        (GrpcChannel channel, Agent.Protocol.Agent.AgentClient client, Metadata headers) = (agent ?? _agent).Connect();
        using (channel)
        {
            return StatusOf(() => Send(client, headers, Whole(change(new Header(model)), model)));
        }
    }

    private static MeasureRequest[] Whole(Header header, byte[] model) =>
        [new MeasureRequest { Header = header.ToMessage() }, new MeasureRequest { Piece = ByteString.CopyFrom(model) }];

    private static StatusCode StatusOf(Action call)
    {
        try
        {
            call();
            return StatusCode.OK;
        }
        catch (RpcException exception)
        {
            return exception.StatusCode;
        }
    }

    /// <summary>It runs, measures nothing, and has left no file.</summary>
    private async Task AssertClean(AgentProcess? agent = null)
    {
        agent ??= _agent;
        Assert.True(agent.IsRunning);
        await Until(() => agent.Children.Count == 0);
        await Until(() => !Directory.EnumerateFileSystemEntries(agent.TemporaryFiles).Any());
    }

    private void AssertRefused(string target, string reason)
    {
        using var refused = (AgentTarget)TargetFile.Open(target);
        Assert.Contains(
            reason,
            Assert.Throws<InvalidInputException>(() => refused.Id).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            reason,
            Assert.Throws<InvalidInputException>(() => refused.Time(Model, Cancellation)).Message,
            StringComparison.Ordinal
        );
    }

    /// <summary>A text of some length as the field doc_string of an ONNX model.</summary>
    private static byte[] Documentation(int length)
    {
        using var bytes = new MemoryStream();
        using (var field = new CodedOutputStream(bytes, leaveOpen: true))
        {
            const uint DocString = (6 << 3) | 2;
            field.WriteTag(DocString);
            field.WriteString(new string('x', length));
        }

        return bytes.ToArray();
    }

    private string Replaced(string text, string by, AgentProcess? agent = null)
    {
        agent ??= _agent;
        string file = Path.Combine(agent.Folder, $"{Guid.NewGuid():N}.yaml");
        File.WriteAllText(file, File.ReadAllText(agent.TargetFile).Replace(text, by, StringComparison.Ordinal));
        return file;
    }

    /// <summary>A header that fits its model, to be changed.</summary>
    private sealed record Header(
        long Length,
        byte[] Digest,
        int MinRuns = 5,
        int MaxRuns = 5,
        double MaxSeconds = 1,
        int Batch = 1,
        int? WarmUpRuns = null
    )
    {
        public Header(byte[] model)
            : this(model.Length, SHA256.HashData(model)) { }

        public MeasureHeader ToMessage()
        {
            var header = new MeasureHeader
            {
                Length = Length,
                Sha256 = ByteString.CopyFrom(Digest),
                Threads = 1,
                Batch = Batch,
                MinRuns = MinRuns,
                MaxRuns = MaxRuns,
                MaxSeconds = MaxSeconds,
            };

            // An older client does not send it.
            if (WarmUpRuns is { } runs)
            {
                header.WarmUpRuns = runs;
            }

            return header;
        }
    }

    /// <summary>Never runs what it is given.</summary>
    private sealed class DeafContext : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) { }

        public override void Send(SendOrPostCallback d, object? state) { }
    }
}
