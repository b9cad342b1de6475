using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Proxyless.Agent.Protocol;
using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Latency;
using Proxyless.Measurement;
using Proxyless.Quantization;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.Agents;

/// <summary>Models that an agent runs on images.</summary>
[Collection(nameof(WholeRuns))]
public sealed class AgentAnswerTests : IClassFixture<AgentProcess>, IClassFixture<FinishedRun>
{
    private static readonly byte[] Floats = NetworkExporter.Untrained(SmallSpace.Network(0, 1, 2));
    private static readonly byte[] Integers = UntrainedIntegers.Of(Floats);
    private readonly AgentProcess _agent;
    private readonly FinishedRun _run;

    public AgentAnswerTests(AgentProcess agent, FinishedRun run)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the agent is for Linux devices");
        (_agent, _run) = (agent, run);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Scores_are_those_of_this_machine_if_it_is_the_device(bool areIntegers)
    {
        byte[] model = areIntegers ? Integers : Floats;
        const int Count = 3;
        float[] images = Images(model, Count);
        using AgentTarget target = _agent.Target();
        float[] there = target.Answer(model, images, Count, Cancellation)!;
        using var here = new OnnxProbe(model, 1, optimized: true);
        var expected = new List<float>();
        foreach (float[] image in images.Chunk(images.Length / Count))
        {
            here.Run(image, 1, (_, _, scores) => expected.AddRange(scores.ToArray()));
        }

        Assert.Equal(expected, there);
        Assert.NotEqual(there[0], there[SmallSpace.Classes]);
    }

    [Fact]
    public void The_accuracy_of_an_integer_model_is_measured_on_the_device_too()
    {
        using var folder = new TemporaryFolder();
        QuantizeResult result = ProxylessRun.Quantize(
            new QuantizeOptions
            {
                Model = _run.Result.Run,
                Out = Path.Combine(folder.Root, "model-int8.onnx"),
                CalibrationImages = 30,
                Target = _agent.TargetFile,
            },
            NullRunObserver.Instance,
            Cancellation
        );
        TargetAccuracy there = Assert.IsType<TargetAccuracy>(result.OnTarget);
        Assert.Equal(FinishedRun.TestImages, there.Images);
        Assert.Equal(1, there.Agreement);
        Assert.Equal(0, there.ScoreError);
        Assert.Equal(result.Top1, there.Top1);
        Assert.Equal(result.Top1, there.Top1Here);
    }

    [Fact]
    public void Images_that_do_not_fit_the_model_are_said_to_be_so()
    {
        float[] images = Images(Floats, 2);
        using AgentTarget target = _agent.Target();
        foreach (byte[] model in (byte[][])[Floats, [1, 2, 3]])
        {
            var exception = Assert.Throws<InvalidInputException>(() =>
                target.Answer(model, images.AsMemory(2), 2, Cancellation)
            );
            Assert.Contains("ONNX Runtime cannot run the model", exception.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0L, 1, StatusCode.InvalidArgument)]
    [InlineData(-4L, 1, StatusCode.InvalidArgument)]
    [InlineData(6L, 1, StatusCode.InvalidArgument)]
    [InlineData(8L, 3, StatusCode.InvalidArgument)]
    [InlineData(8L, 0, StatusCode.InvalidArgument)]
    [InlineData(1L << 40, 1, StatusCode.ResourceExhausted)]
    [InlineData(long.MaxValue, 1, StatusCode.InvalidArgument)]
    public async Task A_header_that_announces_no_images_is_turned_away(long length, int images, StatusCode expected)
    {
        (GrpcChannel channel, Agent.Protocol.Agent.AgentClient client, Metadata headers) = _agent.Connect();
        using (channel)
        {
            using AsyncClientStreamingCall<MeasureRequest, Answers> call = client.Answer(
                headers,
                cancellationToken: Cancellation
            );
            var exception = await Assert.ThrowsAsync<RpcException>(async () =>
            {
                await call.RequestStream.WriteAsync(
                    new MeasureRequest { Header = Header(length, images) },
                    Cancellation
                );
                await call.ResponseAsync;
            });
            Assert.Equal(expected, exception.StatusCode);
        }
    }

    [Fact]
    public async Task A_measurement_takes_no_images()
    {
        (GrpcChannel channel, Agent.Protocol.Agent.AgentClient client, Metadata headers) = _agent.Connect();
        using (channel)
        {
            using AsyncClientStreamingCall<MeasureRequest, Agent.Protocol.Measurement> call = client.Measure(
                headers,
                cancellationToken: Cancellation
            );
            var exception = await Assert.ThrowsAsync<RpcException>(async () =>
            {
                await call.RequestStream.WriteAsync(new MeasureRequest { Header = Header(8, 1) }, Cancellation);
                await call.ResponseAsync;
            });
            Assert.Equal(StatusCode.InvalidArgument, exception.StatusCode);
        }
    }

    [Theory]
    [InlineData("is of an older version", 0)]
    [InlineData("cannot be reached", 1)]
    [InlineData("answers too little", 1)]
    [InlineData("answers too much", 1)]
    [InlineData("answers what is no number", 1)]
    public void Without_answers_the_accuracy_there_is_unknown_and_the_model_is_kept(string device, int warnings)
    {
        using var target = new Device(device);
        var observer = new RecordingObserver();
        float[] image = Images(Integers, 1);
        var images = new QuantizeImages([], _ => [new ComparedImage(image, 0), new ComparedImage(image, 1)], 2);
        Assert.Null(TargetAnswers.Of(target, Integers, images, 1, observer, Cancellation));
        Assert.Equal(warnings, observer.Warnings.Count);
        Assert.All(observer.Warnings, text => Assert.Contains("'device' is unknown", text, StringComparison.Ordinal));
    }

    [Fact]
    public void The_images_that_are_sent_are_of_all_classes()
    {
        using var target = new Device("answers nothing but zeros");
        float[] image = Images(Integers, 1);
        const int Count = 3 * TargetAnswers.Most;
        ComparedImage[] sorted =
        [
            .. Enumerable.Range(0, Count).Select(i => new ComparedImage(image, i * SmallSpace.Classes / Count)),
        ];
        TargetAccuracy? there = TargetAnswers.Of(
            target,
            Integers,
            new QuantizeImages([], most => QuantizeImages.Spread(sorted, most), Count),
            1,
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal(TargetAnswers.Most, there!.Images);
        Assert.Equal(1.0 / SmallSpace.Classes, there.Top1!.Value, 0.01);
    }

    [Fact]
    public void A_model_that_answers_too_much_is_ended()
    {
        using AgentTarget target = _agent.Target();
        Architecture network = SmallSpace.Network(0, 1, 2);
        byte[] wide = NetworkExporter.Untrained(network with { Head = network.Head with { Classes = 5000 } });
        float[] images = Images(wide, 200);
        var exception = Assert.Throws<InvalidInputException>(() => target.Answer(wide, images, 200, Cancellation));
        Assert.Contains("the model answers with more than", exception.Message, StringComparison.Ordinal);
        Assert.Equal(5000, target.Answer(wide, images.AsMemory(0, images.Length / 200), 1, Cancellation)!.Length);
    }

    private static MeasureHeader Header(long imagesLength, int images) =>
        new()
        {
            Length = Floats.Length,
            ImagesLength = imagesLength,
            Sha256 = ByteString.CopyFrom(SHA256.HashData(Floats)),
            Threads = 1,
            Batch = images,
            MinRuns = 1,
            MaxRuns = 1,
            MaxSeconds = 1,
        };

    private static float[] Images(byte[] model, int count)
    {
        using var session = new Microsoft.ML.OnnxRuntime.InferenceSession(model);
        int[] shape = session.InputMetadata.Values.Single().Dimensions;
        var random = new Random(5);
        return
        [
            .. Enumerable.Range(0, count * shape.Skip(1).Aggregate((x, y) => x * y)).Select(_ => random.NextSingle()),
        ];
    }

    private sealed class Device(string fault) : ITarget, IModelRunner
    {
        public string Name => "device";

        public string Id => "device";

        public int Batch => 1;

        public float[]? Answer(
            byte[] onnx,
            ReadOnlyMemory<float> images,
            int count,
            CancellationToken cancellationToken
        ) =>
            fault switch
            {
                "cannot be reached" => throw new TargetUnavailableException(Name, fault, new IOException()),
                "answers too little" => [1],
                "answers nothing but zeros" => new float[count * SmallSpace.Classes],
                "answers what is no number" => [.. Enumerable.Repeat(float.NaN, count * SmallSpace.Classes)],
                "answers too much" => new float[(2 * SmallSpace.Classes) + 1],
                _ => null,
            };

        public void Dispose() { }

        public ValueTask DisposeAsync() => default;
    }
}
