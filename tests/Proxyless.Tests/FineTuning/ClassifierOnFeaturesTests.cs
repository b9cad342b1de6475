using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.FineTuning;
using Proxyless.Inference;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Tests.Latency;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.FineTuning;

public sealed class ClassifierOnFeaturesTests
{
    private const int Images = 5;

    public ClassifierOnFeaturesTests() => Libtorch.Load();

    [Theory]
    [InlineData(Activation.Relu6)]
    [InlineData(Activation.Relu)]
    public void A_network_of_the_first_blocks_says_what_the_classifier_says(Activation activation)
    {
        using var whole = new CompactNetwork(
            SmallSpace.Network(1, 0, 2) with
            {
                Activation = activation,
            },
            new NetworkOptions { Seed = 3 }
        );
        NetworkFeatures features = FeaturesOf(whole, out float[] pixels);
        Assert.Equal([1, 2, 3, 4, 5], features.Depths);
        foreach (int depth in features.Depths)
        {
            LinearClassifier classifier = ClassifierOf(features.At(depth)[0].Length);
            using CompactNetwork network = ClassifierOnFeatures.Create(features, depth, classifier);
            Assert.Equal(Math.Min(depth, whole.Blocks.Count), network.Blocks.Count);
            float[] actual = Scores(network, pixels);
            double[] expected =
            [
                .. features
                    .At(depth)
                    .SelectMany(row =>
                        Enumerable
                            .Range(0, classifier.Classes)
                            .Select(c =>
                                classifier.Biases[c]
                                + row.Select((value, i) => (double)value * classifier.Weights[(c * row.Length) + i])
                                    .Sum()
                            )
                    ),
            ];
            Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        }
    }

    [Fact]
    public void Its_model_says_the_same()
    {
        using var whole = new CompactNetwork(SmallSpace.Network(1, 0, 2), new NetworkOptions { Seed = 3 });
        NetworkFeatures features = FeaturesOf(whole, out float[] pixels);
        LinearClassifier classifier = ClassifierOf(features.At(2)[0].Length);
        using CompactNetwork network = ClassifierOnFeatures.Create(features, 2, classifier);
        byte[] onnx = NetworkExporter.Export(
            network.Architecture,
            new TrainedWeights(network),
            new ExportOptions
            {
                Mean = [0, 0, 0],
                Deviation = [1, 1, 1],
                Classes = ["a", "b", "c"],
            }
        );
        using OnnxClassifier model = OnnxClassifier.Load(onnx, "model.onnx");
        Assert.All(
            Scores(network, pixels).Zip(model.Run(pixels, Images)),
            pair => Assert.Equal(pair.First, pair.Second, 1e-4)
        );
    }

    [Fact]
    public void The_network_of_the_first_blocks_is_read_as_it_was_written()
    {
        Architecture first = SmallSpace.Network(1, 0, 2).FirstBlocks(3);
        Assert.Equal(3, first.Blocks.Count);
        Assert.Equal(2 * first.Blocks[2].OutputWidth, first.Head.Width);
        Assert.Equal(first.Blocks[2].OutputResolution, first.Head.InputResolution);
        Assert.Equal("network, 3 of 4 blocks", first.Name);
        string file = Path.GetTempFileName();
        try
        {
            ArchitectureFile.Write(file, first);
            Assert.Equal(first.Blocks, ArchitectureFile.Read(file).Blocks);
            Assert.Equal(first.Head, ArchitectureFile.Read(file).Head);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void There_is_no_network_of_other_numbers_of_blocks(int blocks) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => SmallSpace.Network(1, 0, 2).FirstBlocks(blocks));

    private static NetworkFeatures FeaturesOf(CompactNetwork network, out float[] pixels)
    {
        int side = network.Architecture.Resolution;
        var random = new Random(7);
        pixels = [.. Enumerable.Range(0, Images * 3 * side * side).Select(_ => random.NextSingle())];
        var features = new NetworkFeatures(network, 100);
        using Tensor plain = tensor(pixels, [Images, 3, side, side]);
        using Tensor images = MemoryLayout.ChannelsLast(plain);
        using var withoutGraph = no_grad();
        features.Add(images, new long[Images], [.. Enumerable.Range(0, Images)]);
        return features;
    }

    private static LinearClassifier ClassifierOf(int width)
    {
        var random = new Random(8);
        return new LinearClassifier(
            [.. Enumerable.Range(0, 3 * width).Select(_ => random.NextSingle() - 0.5f)],
            [0.1f, -0.2f, 0.3f]
        );
    }

    private static float[] Scores(CompactNetwork network, float[] pixels)
    {
        int side = network.Architecture.Resolution;
        using Tensor plain = tensor(pixels, [Images, 3, side, side]);
        using Tensor images = MemoryLayout.ChannelsLast(plain);
        using var withoutGraph = no_grad();
        using Tensor logits = network.Forward(images, NormPass.Evaluation);
        return logits.data<float>().ToArray();
    }
}
