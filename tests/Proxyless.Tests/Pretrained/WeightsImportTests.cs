using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Pretrained;
using Proxyless.Runtime;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Weights;
using Proxyless.Weights;
using TorchSharp;
using Xunit;

namespace Proxyless.Tests.Pretrained;

public sealed class WeightsImportTests
{
    private const string File = "torchvision-mobilenet_v2.pth";

    public WeightsImportTests() => Libtorch.Load();

    [Fact]
    public void What_is_missing_left_over_or_of_another_shape_is_listed_with_the_nearest_name()
    {
        WeightsFile weights = Read(File);
        Dictionary<string, WeightTensor> tensors = weights.Tensors.ToDictionary();
        tensors["features.3.conv.0.0.weigth"] = tensors["features.3.conv.0.0.weight"];
        tensors.Remove("features.3.conv.0.0.weight");
        string message = Refusal("torchvision-mobilenet-v2", weights.With(tensors), classes: 10);
        Assert.Contains("lacks.pth does not hold the weights of", message, StringComparison.Ordinal);
        Assert.Contains(
            "'features.3.conv.0.0.weight' is missing (did you mean 'features.3.conv.0.0.weigth'?)",
            message,
            StringComparison.Ordinal
        );
        Assert.Contains("'features.3.conv.0.0.weigth' has no place", message, StringComparison.Ordinal);
        Assert.Contains(
            "'classifier.1.weight' is [100, 1280], the network's is [10, 1280]",
            message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Weights_of_a_larger_network_are_refused() =>
        Assert.Contains(
            "more",
            Refusal("efficientnet-lite0", Read("efficientnet-lite1-77cc7160.pth"), classes: 1000),
            StringComparison.Ordinal
        );

    [Fact]
    public void Names_of_no_known_code_are_refused_with_those_that_are_known()
    {
        WeightsFile weights = Read(File);
        string message = Refusal(
            "torchvision-mobilenet-v2",
            weights.With(weights.Tensors.ToDictionary(pair => "x." + pair.Key, pair => pair.Value)),
            classes: 100
        );
        Assert.Contains("'features.0.0.weight' (torchvision)", message, StringComparison.Ordinal);
        Assert.Contains("'x.features", message, StringComparison.Ordinal);
    }

    /// <summary>As a module of Lightning has it, with what it holds besides; <c>x.</c> is no such name.</summary>
    [Theory]
    [InlineData("model.", true)]
    [InlineData("model._orig_mod.", true)]
    [InlineData("model.module.", true)]
    [InlineData("x.", false)]
    public void A_network_within_a_module_is_found(string prefix, bool isFound)
    {
        WeightsFile weights = Small();
        WeightsFile wrapped = weights.With(weights.Tensors.ToDictionary(pair => prefix + pair.Key, pair => pair.Value));
        Assert.Equal(
            (isFound ? weights : wrapped).Tensors.Keys.Order(),
            TensorNaming.Within(wrapped).Tensors.Keys.Order()
        );
    }

    [Fact]
    public void A_refusal_says_which_other_state_dicts_there_are()
    {
        using var folder = new TemporaryFolder();
        byte[] pickle = PickleWriter.Of(writer =>
            writer.Dictionary(
                ("teacher_ema", value => value.Dictionary(("c.w", inner => inner.Tensor("0", [2])))),
                ("student", value => value.Dictionary(("c.w", inner => inner.Tensor("0", [2]))))
            )
        );
        string file = folder.Add("two.pth", PyTorchFiles.Zip(pickle, ("0", PyTorchFiles.Counting(24))));
        var observer = new RecordingObserver();
        WeightsFile weights = PretrainedWeights.Read(file, null, observer);
        string refusal = Assert.Throws<InvalidInputException>(() => TensorNaming.Of(weights, file)).Message;
        foreach (string said in (string[])[refusal, Assert.Single(observer.Messages)])
        {
            Assert.Contains("'teacher_ema' ", said, StringComparison.Ordinal);
            Assert.Contains("student", said, StringComparison.Ordinal);
            Assert.Contains("ImportOptions.StateDict; for a training, save it alone", said, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("blocks.1.mobile_inverted_conv.depth_conv.conv.weight", float.NaN, "holds NaN at [0, 0, 0, 1]")]
    [InlineData("first_conv.bn.bias", float.NegativeInfinity, "holds -Infinity at [1]")]
    [InlineData("first_conv.bn.running_mean", float.PositiveInfinity, "holds Infinity at [1]")]
    [InlineData("first_conv.bn.running_var", -1f, "holds -1 at [1], and no variance is negative")]
    [InlineData("classifier.linear.weight", float.NaN, "holds NaN at [0, 1]")]
    public void A_number_that_no_weight_is_is_refused_with_its_place(string name, float number, string said)
    {
        WeightsFile weights = Small();
        float[] values = [.. weights.Tensors[name].Values];
        values[1] = number;
        Assert.Contains($"'{name}' {said}", RefusalOf(weights, name, values), StringComparison.Ordinal);
    }

    [Fact]
    public void A_number_that_single_precision_does_not_hold_is_refused_with_its_place()
    {
        const string Name = "first_conv.bn.weight";
        WeightsFile weights = Small();
        int count = weights.Tensors[Name].Values.Length;
        byte[] bytes = [.. Enumerable.Repeat(1e300, count).SelectMany(number => BitConverter.GetBytes(number))];
        float[] values = new float[count];
        NumberType.Float64.Convert(bytes, values);
        Assert.Contains($"'{Name}' holds Infinity at [0]", RefusalOf(weights, Name, values), StringComparison.Ordinal);
    }

    /// <summary>A variance of 0 is that of a channel that is always the same.</summary>
    [Fact]
    public void Numbers_that_weights_may_be_are_imported()
    {
        const string Name = "first_conv.bn.running_var";
        WeightsFile weights = Small();
        Dictionary<string, WeightTensor> tensors = weights.Tensors.ToDictionary();
        tensors[Name] = tensors[Name] with { Values = new float[tensors[Name].Values.Length] };
        using var built = new CompactNetwork(SmallSpace.Network(1, 0, 2), new NetworkOptions());
        WeightsImport.Copy(built, [], weights.With(tensors), BatchNorm.Epsilon, "lacks.pth");
        Assert.All(built.Stem.Variance.Value.data<float>().ToArray(), variance => Assert.Equal(0, variance));
    }

    /// <summary>A classifier of some code bases is a convolution of one pixel.</summary>
    [Fact]
    public void A_classifier_may_be_a_convolution()
    {
        const string Name = "classifier.linear.weight";
        WeightsFile weights = Small();
        Dictionary<string, WeightTensor> tensors = weights.Tensors.ToDictionary();
        tensors[Name] = tensors[Name] with { Shape = [.. tensors[Name].Shape, 1, 1] };
        using var built = new CompactNetwork(SmallSpace.Network(1, 0, 2), new NetworkOptions());
        WeightsImport.Copy(built, [], weights.With(tensors), BatchNorm.Epsilon, "lacks.pth");
        using torch.Tensor copied = built.Head.Weight.Value.detach();
        Assert.Equal(tensors[Name].Values, copied.data<float>().ToArray());
    }

    [Fact]
    public void An_unknown_name_is_answered_with_the_nearest()
    {
        var refused = Assert.Throws<InvalidInputException>(() => PretrainedNetworks.ByName("efficientnet-lite"));
        Assert.Contains("did you mean 'efficientnet-lite", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_network_can_be_built() =>
        Assert.All(
            PretrainedNetworks.Names,
            name =>
            {
                PretrainedNetwork network = PretrainedNetworks.ByName(name);
                Assert.Equal(network.Architecture.Blocks.Count, network.Depths.Sum());
                Assert.True(ArchitectureCost.Of(network.Architecture).Parameters > 2_000_000);
            }
        );

    /// <summary>Tan and Le's rule gives widths and depths of all sizes, and so the numbers of parameters.</summary>
    [Theory]
    [InlineData("efficientnet-lite0", 1.0, 1.0)]
    [InlineData("efficientnet-lite1", 1.0, 1.1)]
    [InlineData("efficientnet-lite2", 1.1, 1.2)]
    [InlineData("efficientnet-lite3", 1.2, 1.4)]
    [InlineData("efficientnet-lite4", 1.4, 1.8)]
    public void The_sizes_of_EfficientNet_Lite_follow_the_rule(string name, double width, double depth)
    {
        PretrainedNetwork network = PretrainedNetworks.ByName(name);
        int[] widths =
        [
            .. ((int[])[16, 24, 40, 80, 112, 192, 320]).Select(channels =>
            {
                double wanted = width * channels;
                int rounded = (int)(wanted + 4) / 8 * 8;
                return rounded < 0.9 * wanted ? rounded + 8 : rounded;
            }),
        ];

        // The first and the last stage keep their block.
        int[] depths = [1, .. ((int[])[2, 2, 3, 3, 4]).Select(blocks => (int)Math.Ceiling(depth * blocks)), 1];
        Assert.Equal(depths, network.Depths);
        Assert.Equal(
            depths.SelectMany((count, stage) => Enumerable.Repeat(widths[stage], count)),
            network.Architecture.Blocks.Select(block => block.OutputWidth)
        );
    }

    private static string Refusal(string network, WeightsFile weights, int classes)
    {
        PretrainedNetwork known = PretrainedNetworks.ByName(network);
        using var built = new CompactNetwork(known.Architecture.WithInput(64, 3, classes), new NetworkOptions());
        return Assert
            .Throws<InvalidInputException>(() =>
                WeightsImport.Copy(built, known.Depths, weights, known.Epsilon, "lacks.pth")
            )
            .Message;
    }

    private static string RefusalOf(WeightsFile weights, string name, float[] values)
    {
        Dictionary<string, WeightTensor> tensors = weights.Tensors.ToDictionary();
        tensors[name] = tensors[name] with { Values = values };
        using var built = new CompactNetwork(SmallSpace.Network(1, 0, 2), new NetworkOptions());
        return Assert
            .Throws<InvalidInputException>(() =>
                WeightsImport.Copy(built, [], weights.With(tensors), BatchNorm.Epsilon, "lacks.pth")
            )
            .Message;
    }

    private static WeightsFile Small()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Root, "small.safetensors");
        WeightsOfOthers.Write(file, SmallSpace.Network(1, 0, 2), []);
        return WeightsFile.Read(file);
    }

    private static WeightsFile Read(string name) => WeightsFile.Read(SharedData.Path(Path.Combine("pretrained", name)));
}
