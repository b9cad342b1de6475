using System.Text.Json;
using Proxyless.Architectures;
using Proxyless.Inference;
using Proxyless.Networks;
using Proxyless.Pretrained;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Runs;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Pretrained;

[Collection(nameof(WholeRuns))]
public sealed class PretrainedModelTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Model => Path.Combine(_folder.Root, "model.onnx");

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// EfficientNet-Lite with its ImageNet weights, as imported and through our own reading of photographs, against
    /// what PyTorch and Pillow make of the same 125 photographs.
    /// </summary>
    [Theory]
    [InlineData("efficientnet-lite0", "efficientnet-lite0-57934424.pth", false)]
    [InlineData("efficientnet-lite0", "efficientnet-lite0-57934424.pth", true)]
    [InlineData("efficientnet-lite1", "efficientnet-lite1-77cc7160.pth", false)]
    public void An_imported_network_says_of_photographs_what_its_own_code_says(
        string network,
        string weights,
        bool isOfFile
    )
    {
        string expected = SharedData.Path(Path.Combine("pretrained", $"{network}-photographs.json"));
        string photographs = SharedData.Path("photographs");
        PretrainedModel.Import(
            new ImportOptions
            {
                Weights = SharedData.Path(Path.Combine("pretrained", weights)),
                Network = isOfFile ? Written(network) : network,
                Model = Model,
            },
            cancellationToken: TestContext.Current.CancellationToken
        );
        using OnnxClassifier model = OnnxClassifier.Load(Model);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(expected));
        int all = 0;
        int alike = 0;
        int right = 0;
        foreach (JsonProperty photograph in document.RootElement.GetProperty("photographs").EnumerateObject())
        {
            string said = model.Classify(Path.Combine(photographs, photograph.Name), top: 1)[0].Class;
            all++;
            alike += said == ImageNetClasses.Names[photograph.Value.GetProperty("top1").GetInt32()] ? 1 : 0;
            right += said == ImageNetClasses.Names[photograph.Value.GetProperty("truth").GetInt32()] ? 1 : 0;
        }

        output.WriteLine($"{network}: {alike} of {all} alike, {right} right");
        Assert.Equal(125, all);
        Assert.InRange(alike, 123, all);

        // Of 125: 0.832 and 0.872.
        double reference = document.RootElement.GetProperty("top1").GetDouble() * all;
        Assert.InRange(right, reference - 2.5, reference + 2.5);
    }

    /// <summary>
    /// The file of an architecture has 1000 classes, as the name does, and says nothing of stages; most of these files
    /// have 100.
    /// </summary>
    [Theory]
    [InlineData("torchvision-mobilenet_v2.pth", "torchvision-mobilenet-v2", 100, "usual")]
    [InlineData("timm-mobilenetv2_100.safetensors", "timm-mobilenetv2-100", 100, "usual")]
    [InlineData("timm-mnasnet_100.pth", "timm-mnasnet-100", 100, "usual")]
    [InlineData("timm-fbnetc_100.pth", "timm-fbnetc-100", 100, "usual")]
    [InlineData("timm-spnasnet_100.safetensors", "timm-spnasnet-100", 100, "usual")]
    [InlineData("timm-efficientnet_lite0.pth", "timm-efficientnet-lite0", 100, "usual")]
    [InlineData("timm-tf_efficientnet_lite0.safetensors", "timm-tf-efficientnet-lite0", 100, "centered")]
    [InlineData("efficientnet-lite0-57934424.pth", "efficientnet-lite0", 1000, "efficientnet-lite 224")]
    public void A_file_is_imported_by_the_name_of_its_network_and_by_the_file_of_its_architecture(
        string weights,
        string name,
        int classes,
        string input
    )
    {
        string names = Path.Combine(_folder.Root, "names.txt");
        File.WriteAllLines(names, Enumerable.Range(0, classes).Select(i => $"thing {i}"));
        foreach (string network in (string[])[name, Written(name)])
        {
            var observer = new RecordingObserver();
            ImportResult result = PretrainedModel.Import(
                new ImportOptions
                {
                    Weights = SharedData.Path(Path.Combine("pretrained", weights)),
                    Network = network,
                    Model = Model,
                    Classes = names,
                    Resolution = 64,
                },
                observer,
                TestContext.Current.CancellationToken
            );
            Assert.Equal(classes, result.Classes);
            Assert.Equal(
                classes != 1000,
                observer.Messages.Any(text => text.Contains("has 100 classes, and", StringComparison.Ordinal))
            );
            using OnnxClassifier model = OnnxClassifier.Load(Model);
            Assert.Equal($"thing {classes - 1}", model.Classes[^1]);
            PretrainedInput expected =
                network == name ? PretrainedNetworks.ByName(name).Input : PretrainedInput.ByName(input);
            Assert.Equal(expected.Filter, model.Preprocessing.Filter);
            Assert.Equal(expected.CropRatio, model.Preprocessing.CropRatio);
            Assert.Equal(
                network != name,
                observer.Messages.Any(text => text.EndsWith(expected.ToWords(), StringComparison.Ordinal))
            );
        }
    }

    [Theory]
    [InlineData("ofa-subnet-2.pth", "ofa-subnet-2.config")]
    [InlineData("proxyless-thin-legacy.pth", "proxyless-thin.config")]
    public void A_file_is_imported_by_the_configuration_of_its_network(string weights, string network)
    {
        ImportResult result = PretrainedModel.Import(
            new ImportOptions
            {
                Weights = SharedData.Path(Path.Combine("pretrained", weights)),
                Network = SharedData.Path(Path.Combine("pretrained", network)),
                Model = Model,
                Resolution = 64,
            },
            cancellationToken: TestContext.Current.CancellationToken
        );
        Assert.Equal(10, result.Classes);
    }

    [Fact]
    public void Inputs_are_found_by_their_names()
    {
        PretrainedInput lite = PretrainedInput.OfEfficientNetLite(280);
        foreach (
            PretrainedInput input in (PretrainedInput[])[.. PretrainedNetworks.Networks.Select(one => one.Input), lite]
        )
        {
            Assert.Equal(input.ToWords(), PretrainedInput.ByName(input.Name).ToWords());
        }

        foreach (
            string none in (string[])["", "other", "efficientnet-lite ", "efficientnet-lite 0", "efficientnet-lite x"]
        )
        {
            var refused = Assert.Throws<InvalidInputException>(() => PretrainedInput.ByName(none));
            Assert.Contains($"'{none}'", refused.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>What the name stands for has others, and is read from there.</summary>
    [Fact]
    public void Weights_of_other_classes_are_not_kept_under_the_name_of_their_network()
    {
        const string Name = "torchvision-mobilenet-v2";
        DateTime before = File.GetLastWriteTimeUtc(PretrainedWeights.CachedFile(Name));
        ImportResult result = PretrainedModel.Import(
            new ImportOptions
            {
                Weights = SharedData.Path(Path.Combine("pretrained", "torchvision-mobilenet_v2.pth")),
                Network = Name,
                Model = Model,
                Resolution = 64,
            },
            cancellationToken: TestContext.Current.CancellationToken
        );
        Assert.Equal(100, result.Classes);
        Assert.Equal(before, File.GetLastWriteTimeUtc(PretrainedWeights.CachedFile(Name)));
        using OnnxClassifier model = OnnxClassifier.Load(Model);
        Assert.Equal("class 99", model.Classes[^1]);
    }

    [Fact]
    public void Stages_that_are_not_those_of_the_network_are_told()
    {
        string network = Path.Combine(_folder.Root, "longer.json");
        Architecture architecture = PretrainedNetworks.ByName("timm-mobilenetv2-100").Architecture;
        ArchitectureFile.Write(
            network,
            architecture with
            {
                Blocks = [.. architecture.Blocks, architecture.Blocks[^1] with { InputWidth = 320 }],
            }
        );
        AssertRefused(
            new ImportOptions
            {
                Weights = SharedData.Path(Path.Combine("pretrained", "timm-mobilenetv2_100.safetensors")),
                Network = network,
                Model = Model,
            },
            "its stages have 1, 2, 3, 4, 3, 3, 1 blocks, 17 in all, and the network has 18"
        );
    }

    [Fact]
    public void Every_class_of_ImageNet_has_a_name_of_its_own()
    {
        Assert.Equal(ImageNetClasses.Count, ImageNetClasses.Names.Count);
        Assert.Equal(ImageNetClasses.Count, ImageNetClasses.Names.Distinct().Count());
        Assert.Equal("tench, Tinca tinca", ImageNetClasses.Names[0]);
        Assert.Equal("crane (n02012849)", ImageNetClasses.Names[134]);
    }

    [Fact]
    public void A_network_of_a_file_takes_its_weights_and_the_names_of_its_classes()
    {
        string names = Path.Combine(_folder.Root, "names.txt");
        File.WriteAllLines(names, Enumerable.Range(0, 10).Select(i => $"digit {i}"));
        ImportOptions options = Thin() with { Classes = names, Resolution = 96 };
        ImportResult result = PretrainedModel.Import(options, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("state_dict", result.StateDict);
        Assert.Equal(96, result.Resolution);
        using OnnxClassifier model = OnnxClassifier.Load(Model);
        Assert.Equal("digit 9", model.Classes[9]);
        Assert.Equal(96, model.Resolution);
        Assert.Equal("proxyless-thin-checkpoint.pth.tar", model.Metadata["provenance.weights"]);
    }

    [Fact]
    public void What_cannot_be_imported_is_refused_and_nothing_is_written()
    {
        string names = Path.Combine(_folder.Root, "names.txt");
        File.WriteAllLines(names, ["a", "b"]);
        AssertRefused(Thin() with { Classes = names }, "2 class names, and the network has 10");
        File.WriteAllLines(names, Enumerable.Range(0, 10).Select(i => i < 9 ? $"digit {i}" : "esc\u001B[31m"));
        AssertRefused(Thin() with { Classes = names }, @"the class 'esc\u001B[31m' has a line break");
        AssertRefused(Thin() with { Classes = Path.Combine(_folder.Root, "none") }, "none cannot be read");
        AssertRefused(Thin() with { StateDict = "ema" }, "no state dict 'ema'; there are 'state_dict'");
        AssertRefused(Thin() with { Network = "proxyless-cpu" }, "does not hold the weights of 'proxyless-cpu'");
        AssertRefused(Thin() with { Network = "proxyless-cpo" }, "did you mean 'proxyless-cpu'");
        AssertRefused(Thin() with { Weights = Path.Combine(_folder.Root, "none") }, "none does not exist");
        Assert.False(File.Exists(Model));
    }

    /// <summary>Each weight is finite, and one class has an infinite score: the others agree.</summary>
    [Fact]
    public void A_network_whose_scores_are_not_finite_is_refused_and_nothing_is_written()
    {
        string network = Path.Combine(_folder.Root, "small.json");
        string weights = Path.Combine(_folder.Root, "small.safetensors");
        Architecture architecture = SmallSpace.Network(1, 0, 2);
        ArchitectureFile.Write(network, architecture);
        WeightsOfOthers.Write(weights, architecture, [], seed: 0, change: LargeClass);
        AssertRefused(
            new ImportOptions
            {
                Weights = weights,
                Network = network,
                Model = Model,
            },
            "scores are no finite numbers"
        );
        Assert.False(File.Exists(Model));
    }

    [Fact]
    public void An_import_that_is_cancelled_writes_nothing()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => PretrainedModel.Import(Thin(), cancellationToken: stop.Token));
        Assert.False(File.Exists(Model));
    }

    /// <summary>The architecture of a known network in a file.</summary>
    private string Written(string name)
    {
        string file = Path.Combine(_folder.Root, "network.json");
        ArchitectureFile.Write(file, PretrainedNetworks.ByName(name).Architecture);
        return file;
    }

    private static void LargeClass(CompactNetwork network)
    {
        float[] weights = network.Head.Weight.ToArray();
        Array.Fill(weights, float.MaxValue, 0, network.Architecture.Head.Width);
        using Tensor large = tensor(weights, network.Head.Weight.Value.shape);
        network.Head.Weight.CopyFrom(large);
    }

    private static void AssertRefused(ImportOptions options, string reason) =>
        Assert.Contains(
            reason,
            Assert
                .Throws<InvalidInputException>(() =>
                    PretrainedModel.Import(options, cancellationToken: TestContext.Current.CancellationToken)
                )
                .Message,
            StringComparison.Ordinal
        );

    private ImportOptions Thin() =>
        new()
        {
            Weights = SharedData.Path(Path.Combine("pretrained", "proxyless-thin-checkpoint.pth.tar")),
            Network = SharedData.Path(Path.Combine("pretrained", "proxyless-thin.config")),
            Model = Model,
        };
}
