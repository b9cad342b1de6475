using Google.Protobuf;
using Proxyless.Architectures;
using Proxyless.Comparisons;
using Proxyless.Export.Onnx;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using SkiaSharp;

namespace Proxyless.Tests.Runs;

/// <summary>
/// A short run by a fixed latency table, on a folder without splits of its own, made once for all tests of a class.
/// </summary>
public sealed class FinishedRun : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public FinishedRun()
    {
        Options = OptionsIn(_folder) with { Out = Path.Combine(_folder.Root, "run"), TensorBoard = true };
        Result = ProxylessRun.Run(Options, NullRunObserver.Instance);
    }

    public static int ImagesOfAClass => 50;

    public static int TestImages => 20;

    public RunOptions Options { get; }

    public RunResult Result { get; }

    public RunDirectory Directory => new(Options.Out!);

    /// <summary>A path for something more.</summary>
    public string PathOf(string name) => Path.Combine(_folder.Root, name);

    /// <summary>A comparison with the run's recipe, on its images.</summary>
    /// <param name="name">Its folder, beside that of the run.</param>
    /// <param name="networks">What is compared.</param>
    /// <param name="seeds">Trainings of each network.</param>
    internal ComparisonOptions Comparison(string name, IReadOnlyList<string> networks, int seeds) =>
        new()
        {
            Run = RunConfigFile.Read(Directory.Config).WithTarget(target => target with { LatencyMs = null }) with
            {
                Out = PathOf(name),
                Threads = 1,
            },
            Networks = networks,
            Seeds = seeds,
        };

    /// <summary>Two classes of images in a folder, and what to do with them: a short run by a fixed table.</summary>
    internal static RunOptions OptionsIn(TemporaryFolder folder)
    {
        for (int i = 0; i < ImagesOfAClass; i++)
        {
            folder.Add(Path.Combine("images", "small", $"{i}.png"), TestPictures.Noise(i, 32, 32));
            folder.Add(
                Path.Combine("images", "dark", $"{i}.jpg"),
                TestPictures.Noise(1000 + i, 32, 32, SKEncodedImageFormat.Jpeg)
            );
        }

        SearchSpace space = SearchSpacePresets.ByName("tiny");
        return new RunOptions
        {
            Data = new() { Path = Path.Combine(folder.Root, "images"), TestShare = 0.2 },
            Search = new() { Space = space.Name, Epochs = 1 },
            Target = new()
            {
                Name = FixedTable.Write(
                    Path.Combine(folder.Root, "target"),
                    space,
                    classes: 2,
                    MobileNetV2.Build(0.1, space.Resolution, space.InputChannels, 2)
                ),
            },
            Training = new() { BatchSize = 16, Epochs = 1 },
            Seed = 5,
        };
    }

    /// <summary>A model's bytes with a bias that is no number.</summary>
    internal static byte[] WithDamagedWeights(string model)
    {
        var proto = ModelProto.Parser.ParseFrom(File.ReadAllBytes(model));
        TensorProto bias = proto.Graph.Initializer.Single(tensor => tensor.Name == "classifier.bias");
        byte[] bytes = bias.RawData.ToByteArray();
        BitConverter.TryWriteBytes(bytes, float.NaN);
        bias.RawData = ByteString.CopyFrom(bytes);
        return proto.ToByteArray();
    }

    public void Dispose() => _folder.Dispose();
}
