using System.Text.Json;
using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Inference;
using Proxyless.Networks;
using Proxyless.Pretrained;
using Proxyless.Runtime;
using Proxyless.Tests.Data;
using Proxyless.Weights;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Pretrained;

/// <summary>
/// Networks of others with their weights, against the logits of their own code (PyTorch 1.13) on the same images.
/// </summary>
public sealed class ReferenceLogitsTests : IDisposable
{
    // Of the largest logit.
    private const double Tolerance = 1e-4;

    private static readonly Dictionary<string, string> Names = new()
    {
        ["efficientnet-lite0-57934424.pth"] = "efficientnet-lite0",
        ["efficientnet-lite1-77cc7160.pth"] = "efficientnet-lite1",
        ["torchvision-mobilenet_v2.pth"] = "torchvision-mobilenet-v2",
        ["timm-mobilenetv2_100.safetensors"] = "timm-mobilenetv2-100",
        ["timm-mnasnet_100.pth"] = "timm-mnasnet-100",
        ["timm-fbnetc_100.pth"] = "timm-fbnetc-100",
        ["timm-spnasnet_100.safetensors"] = "timm-spnasnet-100",
        ["timm-efficientnet_lite0.pth"] = "timm-efficientnet-lite0",
        ["timm-tf_efficientnet_lite0.safetensors"] = "timm-tf-efficientnet-lite0",
    };

    private readonly TemporaryFolder _folder = new();

    public ReferenceLogitsTests() => Libtorch.Load();

    public static TheoryData<string> Entries =>
        [
            "efficientnet-lite0-57934424.pth",
            "efficientnet-lite1-77cc7160.pth",
            "proxyless-thin-legacy.pth",
            "proxyless-thin-checkpoint.pth.tar",
            "ofa-subnet-2.pth",
            .. Enumerable
                .Range(0, 6)
                .SelectMany(i => new[] { $"ofa-proxyless-w0.35-legacy.pth#{i}", $"ofa-proxyless-w0.35-half.pth#{i}" }),
            .. Names.Keys.Where(name => !name.StartsWith("efficientnet-", StringComparison.Ordinal)),
        ];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_entry_of_the_vectors_is_among_those_that_are_compared()
    {
        using JsonDocument vectors = Vectors();
        Assert.Superset(
            vectors.RootElement.EnumerateObject().Select(entry => entry.Name).ToHashSet(),
            Entries.Select(row => row.Data).ToHashSet()
        );
    }

    [Theory]
    [MemberData(nameof(Entries))]
    public void An_imported_network_and_its_ONNX_file_give_the_logits_of_the_reference(string entry)
    {
        Reference reference = ReferenceOf(entry);
        using CompactNetwork network = Import(entry, reference.Side, reference.Classes);
        float[] logits = Forward(network, reference);
        AssertClose(reference.Logits, logits);

        byte[] onnx = NetworkExporter.Export(
            network.Architecture,
            new TrainedWeights(network),
            new ExportOptions
            {
                Mean = reference.Mean,
                Deviation = reference.Deviation,
                Classes = [.. Enumerable.Range(0, reference.Classes).Select(i => $"class {i}")],
                Preprocessing = PreprocessingRecipe.ForPhotographs(reference.Side, 3),
            }
        );
        string file = Path.Combine(_folder.Root, "model.onnx");
        File.WriteAllBytes(file, onnx);
        using OnnxClassifier model = OnnxClassifier.Load(file);
        AssertClose(reference.Logits, model.Run(reference.Pixels, reference.Images));
    }

    public static TheoryData<string> Files => [.. Names.Keys];

    /// <summary>
    /// An architecture.json says nothing of epsilon and stages, and a net.config of ours always the same epsilon.
    /// </summary>
    [Theory]
    [MemberData(nameof(Files))]
    public void A_network_of_a_file_gives_the_logits_of_the_reference(string entry)
    {
        Reference reference = ReferenceOf(entry);
        string path = SharedData.Path(Path.Combine("pretrained", entry));
        WeightsFile weights = WeightsFile.Read(path);
        Architecture architecture = PretrainedNetworks.ByName(Names[entry]).Architecture;
        string json = Path.Combine(_folder.Root, "architecture.json");
        string config = Path.Combine(_folder.Root, "net.config");
        ArchitectureFile.Write(json, architecture);

        // A net.config cannot say how TensorFlow pads, and what always expands.
        bool hasConfig =
            architecture.Padding == ConvolutionPadding.Centered
            && !architecture.Blocks.Any(block => block.Operation.AlwaysExpands);
        if (hasConfig)
        {
            ArchitectureFile.WriteNetConfig(config, architecture);
        }

        foreach (string file in hasConfig ? (string[])[json, config] : [json])
        {
            using CompactNetwork network = PretrainedWeights.Create(
                PretrainedWeights.NetworkOf(file),
                weights,
                path,
                reference.Side,
                new NetworkOptions()
            );
            Assert.Equal(reference.Classes, network.Architecture.Classes);
            AssertClose(reference.Logits, Forward(network, reference));
        }
    }

    private static CompactNetwork Import(string entry, int side, int classes)
    {
        string name = entry.Split('#')[0];
        string path = SharedData.Path(Path.Combine("pretrained", name));
        WeightsFile weights = WeightsFile.Read(path);
        Architecture architecture;
        IReadOnlyList<int> depths = [];
        double epsilon = 1e-3;
        if (Names.TryGetValue(name, out string? known))
        {
            PretrainedNetwork network = PretrainedNetworks.ByName(known);
            (architecture, depths, epsilon) = (network.Architecture, network.Depths, network.Epsilon);
        }
        else if (entry.Contains('#', StringComparison.Ordinal))
        {
            using JsonDocument vectors = Vectors();
            JsonElement choice = vectors.RootElement.GetProperty(entry);
            (architecture, weights, _) = OnceForAll.Cut(
                weights,
                new OnceForAllChoice(
                    Numbers<int>(choice, "kernels"),
                    Numbers<int>(choice, "expansions"),
                    Numbers<int>(choice, "depths")
                ),
                side,
                path
            );
        }
        else
        {
            string config = name.StartsWith("ofa", StringComparison.Ordinal)
                ? "ofa-subnet-2.config"
                : "proxyless-thin.config";
            architecture = ArchitectureFile.Read(SharedData.Path(Path.Combine("pretrained", config)));
        }

        var imported = new CompactNetwork(architecture.WithInput(side, 3, classes), new NetworkOptions());
        WeightsImport.Copy(imported, depths, weights, epsilon, path);
        return imported;
    }

    private static float[] Forward(CompactNetwork network, Reference reference)
    {
        using var withoutGraph = no_grad();
        using var scope = NewDisposeScope();
        Tensor pixels = tensor(reference.Pixels, [reference.Images, 3, reference.Side, reference.Side]);
        Tensor mean = tensor(reference.Mean, [1, 3, 1, 1]);
        Tensor deviation = tensor(reference.Deviation, [1, 3, 1, 1]);
        using Scalar minus = -1;
        Tensor images = MemoryLayout.ChannelsLast(pixels.add(mean, minus).div(deviation));
        return network.Forward(images, NormPass.Evaluation).data<float>().ToArray();
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double largest = expected.Max(Math.Abs);
        double error = expected.Zip(actual, (one, other) => Math.Abs(one - other)).Max();
        Assert.InRange(error / largest, 0, Tolerance);
    }

    private static JsonDocument Vectors() =>
        JsonDocument.Parse(File.ReadAllText(SharedData.Path(Path.Combine("pretrained", "vectors.json"))));

    private static T[] Numbers<T>(JsonElement entry, string name) => entry.GetProperty(name).Deserialize<T[]>()!;

    private static Reference ReferenceOf(string entry)
    {
        // The larger network has a file of its own, whose recipe is the smaller one's.
        bool isOwn = entry.StartsWith("efficientnet-lite1", StringComparison.Ordinal);
        using JsonDocument vectors = Vectors();
        JsonElement one = vectors.RootElement.GetProperty(isOwn ? "efficientnet-lite0-57934424.pth" : entry);
        IReadOnlyDictionary<string, WeightTensor> images = Tensors(
            isOwn ? "efficientnet-lite1-vectors.safetensors" : "images.safetensors"
        );
        WeightTensor pixels = isOwn
            ? images.First(pair => pair.Value.Shape.Length == 4).Value
            : images[one.GetProperty("images").GetString()!];
        WeightTensor logits = isOwn
            ? images.First(pair => pair.Value.Shape.Length == 2).Value
            : Tensors("logits.safetensors")[entry];
        int count = (int)pixels.Shape[0];
        int side = (int)pixels.Shape[1];
        float[] planes = new float[pixels.Values.Length];
        int area = side * side;
        for (int i = 0; i < count; i++)
        {
            for (int pixel = 0; pixel < area; pixel++)
            {
                for (int channel = 0; channel < 3; channel++)
                {
                    planes[(((i * 3) + channel) * area) + pixel] =
                        pixels.Values[(((i * area) + pixel) * 3) + channel] / 255;
                }
            }
        }

        return new Reference(
            count,
            side,
            (int)logits.Shape[1],
            planes,
            Numbers<float>(one, "mean"),
            Numbers<float>(one, "std"),
            logits.Values
        );
    }

    private static IReadOnlyDictionary<string, WeightTensor> Tensors(string name) =>
        WeightsFile.Read(SharedData.Path(Path.Combine("pretrained", name))).Tensors;

    /// <summary>Images and what the reference computes of them.</summary>
    /// <param name="Images">How many.</param>
    /// <param name="Side">Their side in pixels.</param>
    /// <param name="Classes">Logits of an image.</param>
    /// <param name="Pixels">[images, 3, side, side] in 0 to 1.</param>
    /// <param name="Mean">Of the pixels, for each channel.</param>
    /// <param name="Deviation">Of the pixels, for each channel.</param>
    /// <param name="Logits">[images, classes].</param>
    private sealed record Reference(
        int Images,
        int Side,
        int Classes,
        float[] Pixels,
        float[] Mean,
        float[] Deviation,
        float[] Logits
    );
}
