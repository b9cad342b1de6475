using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Inference;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.Export;

public sealed class NetworkExporterTests
{
    [Theory]
    [InlineData(1, Activation.Relu6)]
    [InlineData(3, Activation.Relu6)]
    [InlineData(3, Activation.Relu)]
    public void The_exported_model_computes_what_the_architecture_says(int channels, Activation activation)
    {
        Architecture architecture = EveryBlock.Network(channels, activation);
        INetworkWeights weights = EveryBlock.Weights(architecture);
        ExportOptions options = Options(architecture);
        float[] images = Images(architecture, count: 2);

        using OnnxClassifier model = OnnxClassifier.Load(
            NetworkExporter.Export(architecture, weights, options),
            "model"
        );
        float[] logits = model.Run(images, 2);

        var reference = new ReferenceNetwork(architecture, weights, options);
        double[] expected =
        [
            .. reference.Run(images.AsSpan(0, images.Length / 2)),
            .. reference.Run(images.AsSpan(images.Length / 2)),
        ];
        double scale = expected.Max(Math.Abs);
        Assert.True(scale > 0.1, "logits of about 0 would agree whatever was computed");
        Assert.All(expected.Zip(logits), pair => Assert.Equal(pair.First, pair.Second, 2e-5 * scale));
    }

    [Fact]
    public void A_network_that_no_file_can_hold_is_refused_with_its_parameters()
    {
        // 32 features of the head for each class, and a bias.
        const int TooMany = 20_000_000;
        Architecture network = SmallSpace.Network(0, 3, 3).WithInput(16, 3, TooMany);
        long parameters = ArchitectureCost.Of(network).Parameters;
        Assert.InRange(parameters, 33L * TooMany, (33L * TooMany) + 100_000);
        var refused = Assert.Throws<InvalidInputException>(() => NetworkExporter.Untrained(network));
        Assert.Contains($"{parameters:N0} parameters", refused.Message, StringComparison.Ordinal);
        Assert.Contains("500,000,000", refused.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidInputException>(() => PartExporter.Parts(SmallSpace.Space, TooMany));
    }

    [Fact]
    public void A_batch_gives_each_image_the_logits_it_gets_alone()
    {
        Architecture architecture = EveryBlock.Network(3, Activation.Relu6);
        float[] images = Images(architecture, count: 3);
        int size = images.Length / 3;
        using OnnxClassifier model = OnnxClassifier.Load(NetworkExporter.Untrained(architecture), "model");

        float[] together = model.Run(images, 3);
        float[] alone = [.. Enumerable.Range(0, 3).SelectMany(i => model.Run(images.AsSpan(i * size, size), 1))];

        Assert.Equal(15, together.Length);
        Assert.All(together.Zip(alone), pair => Assert.Equal(pair.Second, pair.First, 1e-4f));
    }

    [Fact]
    public void The_metadata_says_all_that_is_needed_to_use_the_model()
    {
        Architecture architecture = EveryBlock.Network(3, Activation.Relu6);
        ExportOptions options = Options(architecture) with
        {
            Provenance = new Dictionary<string, string> { ["space"] = "tiny" },
        };

        using OnnxClassifier model = OnnxClassifier.Load(
            NetworkExporter.Export(architecture, new RandomWeights(architecture), options),
            "model"
        );

        Assert.Equal(options.Classes, model.Classes);
        Assert.Equal(architecture.Resolution, model.Resolution);
        Assert.Equal(3, model.Channels);
        Assert.Equal(options.Preprocessing!.Description, model.Metadata[NetworkExporter.ResizeKey]);
        Assert.Equal(options.Preprocessing.ToJson(), model.Preprocessing.ToJson());
        Assert.Equal("17", model.Metadata[NetworkExporter.OpsetKey]);
        Assert.Equal("tiny", model.Metadata[NetworkExporter.ProvenancePrefix + "space"]);
        Assert.Contains("0.4", model.Metadata[NetworkExporter.NormalizationKey], StringComparison.Ordinal);
    }

    [Fact]
    public void Class_names_that_are_too_few_are_refused()
    {
        Architecture architecture = EveryBlock.Network(3, Activation.Relu6);
        ExportOptions options = Options(architecture) with { Classes = ["only one"] };
        Assert.Throws<ArgumentException>(() =>
            NetworkExporter.Export(architecture, new RandomWeights(architecture), options)
        );
    }

    [Fact]
    public void A_normalization_for_another_number_of_channels_is_refused()
    {
        Architecture architecture = EveryBlock.Network(1, Activation.Relu6);
        ExportOptions options = Options(architecture) with { Mean = [0.5f, 0.5f, 0.5f] };
        Assert.Throws<ArgumentException>(() =>
            NetworkExporter.Export(architecture, new RandomWeights(architecture), options)
        );
    }

    [Fact]
    public void A_zero_without_shortcut_is_refused()
    {
        Architecture architecture = EveryBlock.Network(3, Activation.Relu6);
        Block[] blocks =
        [
            architecture.Blocks[0] with
            {
                Operation = CandidateOperation.Zero,
                Stride = 2,
            },
            .. architecture.Blocks.Skip(1),
        ];
        Assert.Throws<ArgumentException>(() => NetworkExporter.Untrained(architecture with { Blocks = blocks }));
    }

    [Theory]
    [InlineData("block12.project.convolution_nchwc", 12)]
    [InlineData("block0.sum", 0)]
    [InlineData("head.activation", null)]
    [InlineData("block.sum", null)]
    [InlineData("ReorderOutput", null)]
    public void The_name_of_a_node_tells_its_block(string node, int? block) =>
        Assert.Equal(block, NetworkExporter.BlockOf(node));

    private static ExportOptions Options(Architecture architecture) =>
        new()
        {
            Mean = [.. Enumerable.Range(0, architecture.InputChannels).Select(i => 0.4f + (0.05f * i))],
            Deviation = [.. Enumerable.Range(0, architecture.InputChannels).Select(i => 0.2f + (0.02f * i))],
            Classes = ["a", "b \"quoted\"", "ü", "d,e", "f"],
            Preprocessing = PreprocessingRecipe.ForPhotographs(architecture.Resolution, architecture.InputChannels),
        };

    private static float[] Images(Architecture architecture, int count)
    {
        var random = new Random(3);
        return
        [
            .. Enumerable
                .Range(0, count * architecture.InputChannels * architecture.Resolution * architecture.Resolution)
                .Select(_ => random.NextSingle()),
        ];
    }
}
