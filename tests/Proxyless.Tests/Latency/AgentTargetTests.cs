using Google.Protobuf;
using Grpc.Core;
using Proxyless.Agent.Protocol;
using Proxyless.Latency;
using Proxyless.Measurement;
using Proxyless.Runs;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Latency;

/// <summary>The agent's client without an agent.</summary>
public sealed class AgentTargetTests
{
    private static readonly string Fingerprint = new('0', 64);

    // As gRPC reports a connection on which pings are not answered.
    private static readonly Status Silent = new(
        StatusCode.Internal,
        "Error starting gRPC call.",
        new HttpRequestException("no answer", new HttpProtocolException(2, "no answer to a ping", null))
    );

    private static readonly Description Box = new()
    {
        Processor = "Cortex-A76",
        System = "Linux",
        OnnxRuntime = "1.31.1",
    };

    private static readonly Agent.Protocol.Measurement OneTiming = new()
    {
        MedianMs = 1.1,
        QuietMs = 1,
        P90Ms = 1.3,
        MinMs = 0.9,
        Spread = 0.1,
        Uncertainty = double.MaxValue,
        Runs = Calls.Runs,
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void All_of_the_options_are_sent()
    {
        TimingOptions options = TimingOptions.Thorough with { MaxTime = TimeSpan.FromSeconds(7) };
        MeasureHeader header = AgentTarget.HeaderOf([1, 2, 3], threads: 2, batch: 8, options);
        Assert.True(header.HasWarmUpRuns);
        Assert.Equal(
            (options.WarmUpRuns, options.MinRuns, options.MaxRuns, 7.0, options.Uncertainty),
            (header.WarmUpRuns, header.MinRuns, header.MaxRuns, header.MaxSeconds, header.Uncertainty)
        );
        Assert.Equal((3, 2, 8), (header.Length, header.Threads, header.Batch));
    }

    [Fact]
    public void An_agent_that_does_not_say_how_long_a_wait_may_be_is_waited_for_as_long_as_its_default_queue()
    {
        // 33 turns: a model of 256 MB at 50,000 bytes a second, 20 seconds for a piece, 120 seconds of measurement.
        TimeSpan queue = 33 * TimeSpan.FromSeconds((256 * 1024 * 1024 / 50_000.0) + 20 + 120);
        Assert.InRange(AgentTarget.DeadlineOf(new Description()), queue, 2 * queue);
        Assert.InRange(AgentTarget.DeadlineOf(new Description { LongestWaitSeconds = double.NaN }), queue, 2 * queue);
        var endless = new Description { LongestWaitSeconds = double.MaxValue };
        Assert.True(AgentTarget.DeadlineOf(endless) < TimeSpan.FromDays(1000));
    }

    [Fact]
    public void A_connection_that_was_given_up_is_lost_and_what_the_agent_reports_is_not()
    {
        static RpcException Failed(StatusCode code, Exception? cause) => new(new Status(code, "failed", cause));
        byte[] cut = [0xff];
        Exception unreadable = Assert.Throws<InvalidProtocolBufferException>(() => Description.Parser.ParseFrom(cut));
        Assert.True(AgentTarget.IsLost(new RpcException(Silent)));
        Assert.True(AgentTarget.IsLost(Failed(StatusCode.Unavailable, null)));
        Assert.False(AgentTarget.IsLost(Failed(StatusCode.Internal, null)));
        Assert.False(AgentTarget.IsLost(Failed(StatusCode.Internal, new InvalidOperationException("a bug"))));
        Assert.False(AgentTarget.IsLost(Failed(StatusCode.Internal, unreadable)));
        Assert.False(AgentTarget.IsLost(Failed(StatusCode.InvalidArgument, new IOException("no answer"))));
    }

    [Fact]
    public void A_measurement_whose_connection_was_given_up_is_made_again()
    {
        var calls = new Calls(lost: 1, [Box]);
        using AgentTarget target = Target(calls);
        Assert.Equal(Calls.Runs, target.Time([1, 2, 3], Cancellation).Runs);
        Assert.Equal(2, calls.Measured);
    }

    [Fact]
    public void A_measurement_that_breaks_off_on_the_device_is_made_three_times_and_one_that_takes_too_long_once()
    {
        Status memory = new(StatusCode.Aborted, "the measurement broke off (exit code 137)");
        var broken = new Calls(lost: int.MaxValue, [Box]) { Failure = memory };
        using AgentTarget lacking = Target(broken);
        string message = Assert.Throws<TargetUnavailableException>(() => lacking.Time([1, 2, 3], Cancellation)).Message;
        Assert.Contains("exit code 137); look at the device's memory", message, StringComparison.Ordinal);
        Assert.Equal(3, broken.Measured);

        var late = new Calls(lost: int.MaxValue, [Box])
        {
            Failure = new(StatusCode.ResourceExhausted, "the measurement was ended after 120 s"),
        };
        using AgentTarget slow = Target(late);
        Assert.Contains(
            "ended after 120 s",
            Refusal(() => slow.Time([1, 2, 3], Cancellation)),
            StringComparison.Ordinal
        );
        Assert.Equal(1, late.Measured);
    }

    [Fact]
    public void An_answer_that_is_no_time_is_refused_before_it_gets_into_a_table()
    {
        (Agent.Protocol.Measurement Answer, string Named)[] answers =
        [
            (new(OneTiming) { MedianMs = double.NaN }, "a time of NaN ms"),
            (new(OneTiming) { QuietMs = 0 }, "a time of 0 ms"),
            (new(OneTiming) { QuietMs = -1 }, "a time of -1 ms"),
            (new(OneTiming) { P90Ms = double.PositiveInfinity }, "a time of Infinity ms"),
            (new(OneTiming) { MinMs = 0 }, "a time of 0 ms"),
            (new(OneTiming) { Spread = -1 }, "quartiles -1 apart"),
            (new(OneTiming) { Uncertainty = double.NaN }, "an uncertainty that is no number"),
            (new(OneTiming) { Runs = 0 }, "0 runs"),
        ];
        Assert.All(
            answers,
            row =>
            {
                using AgentTarget target = Target(new Calls(lost: 0, [Box]) { Answer = row.Answer });
                string message = Refusal(() => target.Time([1, 2, 3], Cancellation));
                Assert.Contains($"the agent answers with {row.Named}", message, StringComparison.Ordinal);
                Assert.Contains("restart 'proxyless-agent serve'", message, StringComparison.Ordinal);
            }
        );
    }

    [Fact]
    public void An_agent_that_is_another_one_after_its_connection_was_lost_is_refused()
    {
        Description[] others =
        [
            new(Box) { Processor = "Cortex-A55" },
            new(Box) { System = "Android" },
            new(Box) { OnnxRuntime = "1.32.0" },
        ];
        Assert.All(
            others,
            other =>
            {
                using AgentTarget target = Target(new Calls(lost: 1, [Box, other]));
                string before = target.Id;
                string message = Refusal(() => target.Time([1, 2, 3], Cancellation));
                Assert.Contains("the agent is another one now", message, StringComparison.Ordinal);
                Assert.Contains(before, message, StringComparison.Ordinal);

                // A profile that begins again is its own.
                Assert.NotEqual(before, target.Id);
                Assert.Equal(Calls.Runs, target.Time([1, 2, 3], Cancellation).Runs);
            }
        );
    }

    [Fact]
    public void An_agent_that_is_another_one_is_noticed_although_no_call_was_lost()
    {
        using AgentTarget target = Target(new Calls(lost: 0, [Box, Box, new(Box) { OnnxRuntime = "1.32.0" }]));
        string before = target.Id;
        target.RequireSame(Cancellation);
        Assert.Equal(Calls.Runs, target.Time([1, 2, 3], Cancellation).Runs);
        var refused = Assert.Throws<InvalidInputException>(() => target.RequireSame(Cancellation));
        Assert.Contains(before, refused.Message, StringComparison.Ordinal);
        Assert.Contains("begin the profile again", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_agent_whose_connections_are_always_given_up_is_out_of_reach()
    {
        using AgentTarget target = Target(new Calls(lost: 0, []));
        var exception = Assert.Throws<TargetUnavailableException>(() => target.Id);
        Assert.Contains("cannot be reached: Error starting gRPC call", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_wait_for_what_a_device_is_can_be_stopped()
    {
        using var folder = new TemporaryFolder();
        using AgentTarget box = Target(new Calls(lost: 0, []));
        ITarget[] targets = [box, new IntegerModelTarget(box), new DeviceGroupTarget("boxes", [box, box], 10)];
        var cache = new LatencyTableCache(folder.Root);
        var stopped = new CancellationToken(canceled: true);
        Assert.All(
            targets,
            target =>
            {
                Assert.Throws<OperationCanceledException>(() =>
                    cache.GetOrProfile(
                        SmallSpace.Space,
                        SmallSpace.Classes,
                        target,
                        ProfileMode.Quick,
                        NullRunObserver.Instance,
                        stopped
                    )
                );
                Assert.Throws<OperationCanceledException>(() =>
                    cache.Profile(
                        SmallSpace.Space,
                        SmallSpace.Classes,
                        target,
                        ProfileMode.Quick,
                        NullRunObserver.Instance,
                        stopped
                    )
                );
            }
        );
    }

    [Fact]
    public async Task A_target_that_was_disposed_is_not_called_any_more()
    {
        var target = new AgentTarget("box", "https://127.0.0.1:1", Fingerprint, "token", threads: 1, batch: 1);
        await target.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => target.Id);
    }

    [Fact]
    public void A_device_that_is_off_ends_the_command_with_its_remedy_and_code_2()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Root, "box.yaml");
        File.WriteAllText(file, $"kind: agent\naddress: https://127.0.0.1:1\nfingerprint: {Fingerprint}\ntoken: abc\n");
        CommandLineRun check = CommandLineRun.Of("target", "check", "--target", file);
        Assert.Equal(2, check.ExitCode);
        Assert.Contains("cannot be reached", check.Error, StringComparison.Ordinal);
        Assert.Contains("is 'proxyless-agent serve' running there", check.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("bug", check.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_targets_out_of_reach_are_out_of_reach_and_not_wrong()
    {
        ProxylessException off = new TargetUnavailableException("a: off");
        ProxylessException wrong = new InvalidInputException("b: wrong");
        Assert.Equal(
            "a: off\na: off",
            Assert.IsType<TargetUnavailableException>(SearchGoals.OneOf([off, off])).Message
        );
        Assert.Equal("a: off\nb: wrong", Assert.IsType<InvalidInputException>(SearchGoals.OneOf([off, wrong])).Message);
        ProxylessException slow = new LimitNotMetException("c: too slow");
        Assert.Equal(
            "c: too slow\nc: too slow",
            Assert.IsType<LimitNotMetException>(SearchGoals.OneOf([slow, slow])).Message
        );
        Assert.IsType<InvalidInputException>(SearchGoals.OneOf([off, slow]));
        Assert.Same(slow, Assert.Throws<LimitNotMetException>(() => SearchGoals.OneOf([slow])));
    }

    private static string Refusal(Func<object> call) => Assert.Throws<InvalidInputException>(call).Message;

    private static AgentTarget Target(Calls calls) =>
        new("box", "https://127.0.0.1:1", Fingerprint, "token", threads: 1, batch: 1, calls);

    /// <summary>An agent in this process.</summary>
    /// <param name="lost">The number of the first measurements whose connection is lost.</param>
    /// <param name="descriptions">
    /// What it says of itself at each call, and the last of it from then on; if there are none, every call is lost.
    /// </param>
    private sealed class Calls(int lost, Description[] descriptions) : CallInvoker
    {
        public const int Runs = 7;

        private int _described;

        /// <summary>How many measurements were asked for.</summary>
        public int Measured { get; private set; }

        /// <summary>How a measurement fails whose connection is lost.</summary>
        public Status Failure { get; init; } = Silent;

        /// <summary>What it answers to a measurement.</summary>
        public Agent.Protocol.Measurement Answer { get; init; } = OneTiming;

        public override TResponse BlockingUnaryCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method,
            string? host,
            CallOptions options,
            TRequest request
        ) => Described<TResponse>();

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method,
            string? host,
            CallOptions options,
            TRequest request
        ) =>
            new(
                Task.FromResult(Described<TResponse>()),
                Task.FromResult(new Metadata()),
                () => Status.DefaultSuccess,
                () => new Metadata(),
                () => { }
            );

        public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method,
            string? host,
            CallOptions options
        ) =>
            new(
                new Writer<TRequest>(),
                ++Measured <= lost
                    ? Task.FromException<TResponse>(new RpcException(Failure))
                    : Task.FromResult((TResponse)(object)Answer),
                Task.FromResult(new Metadata()),
                () => Status.DefaultSuccess,
                () => new Metadata(),
                () => { }
            );

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method,
            string? host,
            CallOptions options,
            TRequest request
        ) => throw new NotSupportedException();

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method,
            string? host,
            CallOptions options
        ) => throw new NotSupportedException();

        private TResponse Described<TResponse>() =>
            descriptions.Length == 0
                ? throw new RpcException(Silent)
                : (TResponse)(object)descriptions[Math.Min(_described++, descriptions.Length - 1)];

        private sealed class Writer<T> : IClientStreamWriter<T>
        {
            public WriteOptions? WriteOptions { get; set; }

            public Task WriteAsync(T message) => Task.CompletedTask;

            public Task WriteAsync(T message, CancellationToken cancellationToken) => Task.CompletedTask;

            public Task CompleteAsync() => Task.CompletedTask;
        }
    }
}
