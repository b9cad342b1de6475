using Proxyless.Comparisons;
using Proxyless.Inference;
using Proxyless.Runs;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.Comparisons;

/// <summary>Comparisons of networks in both precisions, on a target whose latencies are sizes of files.</summary>
[Collection(nameof(WholeRuns))]
public sealed class IntegerComparisonTests(FinishedRun run) : IClassFixture<FinishedRun>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void A_target_for_integers_makes_two_networks_of_each()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "models are timed by 'wc' here");
        string size = Size();
        ComparisonResult result = ProxylessComparison.Run(
            Options("both", $"{size}+int8", seeds: 2),
            NullRunObserver.Instance,
            Cancellation
        );

        Assert.Equal($"{size}+int8", result.Target);
        Assert.Equal(["random", "random int8", "mobilenet-v2:0.1", "mobilenet-v2:0.1 int8"], Groups(result));
        Assert.Equal(["float", "int8", "float", "int8"], result.Networks.Select(network => network.Precision));
        Assert.Equal([null, "random", "random", "random int8"], result.Groups.Select(group => group.Against));
        foreach (NetworkResult[] pair in result.Networks.Chunk(2))
        {
            (NetworkResult inFloat, NetworkResult inIntegers) = (pair[0], pair[1]);
            Assert.Equal($"{inFloat.Name} int8", inIntegers.Name);
            Assert.Equal(2, inIntegers.Trainings);
            string[] seeds =
            [
                .. Enumerable
                    .Range(0, 2)
                    .Select(seed => Path.Combine(result.Folder, "networks", inFloat.Name, $"seed-{seed}")),
            ];

            // The latency is that of the network in the same precision, and the accuracy that of its file.
            Assert.Equal(SizeOf(seeds[0], "model.onnx"), inFloat.LatencyMs, 0.1 * inFloat.LatencyMs);
            Assert.Equal(SizeOf(seeds[0], "model-int8.onnx"), inIntegers.LatencyMs, 0.1 * inIntegers.LatencyMs);
            Assert.True(inIntegers.LatencyMs < inFloat.LatencyMs);
            Assert.Equal(seeds.Average(seed => Top1Of(seed, "model.onnx")), inFloat.Top1, 1e-12);
            Assert.Equal(seeds.Average(seed => Top1Of(seed, "model-int8.onnx")), inIntegers.Top1, 1e-12);
            using OnnxClassifier model = OnnxClassifier.Load(Path.Combine(seeds[0], "model-int8.onnx"), 1);
            Assert.Equal("int8", model.Metadata["precision"]);
        }

        // The limit is one of integers: so is what the space's table predicts.
        Assert.Null(result.Networks[0].PredictedLatencyMs);
        Assert.InRange(result.Networks[1].PredictedLatencyMs!.Value, 0, result.LatencyLimitMs);
        Assert.Contains(
            $"limit on {Path.GetFileName(size)}+int8",
            File.ReadAllText(Path.Combine(result.Folder, "comparison.svg")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Integer_models_that_are_added_are_those_of_the_trainings_there()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "models are timed by 'wc' here");
        string size = Size();
        ComparisonOptions options = Options("added", size, seeds: 1);
        ComparisonResult before = ProxylessComparison.Run(options, NullRunObserver.Instance, Cancellation);
        string model = Path.Combine(before.Folder, "networks", before.Networks[0].Name, "seed-0", "model.onnx");
        byte[] trained = File.ReadAllBytes(model);
        DateTime written = File.GetLastWriteTimeUtc(model);

        var more = new ComparisonOptions
        {
            Run = new RunOptions { Out = options.Run.Out, Resume = true },
            Targets = [$"{size}+int8"],
        };
        ComparisonResult after = ProxylessComparison.Run(more, NullRunObserver.Instance, Cancellation);
        Assert.Equal(
            before.Networks.Select(network => (network.Name, network.Top1, network.LatencyMs)),
            after
                .Networks.Where(network => network.Precision == "float")
                .Select(network => (network.Name, network.Top1, network.LatencyMs))
        );
        Assert.Equal(2 * before.Networks.Count, after.Networks.Count);
        Assert.All(after.Networks, network => Assert.Empty(network.OtherLatenciesMs));
        Assert.Equal(trained, File.ReadAllBytes(model));
        Assert.Equal(written, File.GetLastWriteTimeUtc(model));

        // Without its model, a training is ended again.
        string integers = Path.Combine(Path.GetDirectoryName(model)!, "model-int8.onnx");
        byte[] quantized = File.ReadAllBytes(integers);
        string result = Path.Combine(Path.GetDirectoryName(model)!, "result.json");
        File.WriteAllText(
            result,
            File.ReadAllText(result).Replace("\"weight_bits\": ", "\"weight_bits\": 1", StringComparison.Ordinal)
        );
        File.Delete(model);
        ComparisonResult again = ProxylessComparison.Run(more, NullRunObserver.Instance, Cancellation);
        Assert.Equal(
            after.Networks.Select(network => (network.Name, network.Top1)),
            again.Networks.Select(network => (network.Name, network.Top1))
        );
        Assert.Equal(trained, File.ReadAllBytes(model));
        Assert.Equal(quantized, File.ReadAllBytes(integers));
    }

    private static string[] Groups(ComparisonResult result) => [.. result.Groups.Select(group => group.Group)];

    private static double SizeOf(string folder, string model) => new FileInfo(Path.Combine(folder, model)).Length / 1e6;

    private double Top1Of(string folder, string model) =>
        ProxylessRun
            .Evaluate(
                Path.Combine(folder, model),
                run.Options with
                {
                    Out = null,
                    Target = new TargetOptions(),
                },
                againstNetwork: false,
                cancellationToken: Cancellation
            )
            .Top1;

    private string Size()
    {
        string file = run.PathOf("size.yaml");
        File.WriteAllBytes(file, SizeTarget.File);
        return file;
    }

    private ComparisonOptions Options(string name, string target, int seeds)
    {
        ComparisonOptions options = run.Comparison(name, ["random:1", "mobilenet-v2:0.1"], seeds);
        return options with { Run = options.Run with { Target = options.Run.Target with { Name = target } } };
    }
}
