using Proxyless.Architectures;
using Proxyless.FineTuning;
using Proxyless.Networks;
using Proxyless.Pretrained;
using Proxyless.Runs;
using Proxyless.Runtime;
using Proxyless.Tests.Data;
using Proxyless.Tests.Runs;
using Proxyless.Weights;
using Xunit;
using static System.FormattableString;
using static TorchSharp.torch;

namespace Proxyless.Tests.Pretrained;

[Collection(nameof(WholeRuns))]
public sealed class OnceForAllTests : IDisposable
{
    private const string File = "super.pth";
    private const int Side = 32;
    private static readonly int[] Depths = [4, 4, 4, 4, 4, 1];
    private readonly TemporaryFolder _folder = new();

    public OnceForAllTests() => Libtorch.Load();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_network_is_cut_out_by_its_architecture_as_by_its_choice(int seed)
    {
        WeightsFile super = Super([8, 12, 16, 20, 24, 28]);
        var random = new Random(seed);
        int Any(params int[] of) => of[random.Next(of.Length)];
        var choice = new OnceForAllChoice(
            [.. Enumerable.Range(0, OnceForAll.ChoiceBlocks).Select(_ => Any(3, 5, 7))],
            [.. Enumerable.Range(0, OnceForAll.ChoiceBlocks).Select(_ => Any(3, 4, 6))],
            [.. Depths.Select(most => most == 1 ? 1 : Any(2, 3, 4))]
        );
        OnceForAllNetwork expected = OnceForAll.Cut(super, choice, Side, File);
        OnceForAllNetwork actual = OnceForAll.Cut(super, expected.Architecture, File);
        Assert.Equal(expected.Architecture.Blocks, actual.Architecture.Blocks);
        Assert.Equal(expected.Weights.Tensors.Keys.Order(), actual.Weights.Tensors.Keys.Order());
        Assert.All(
            expected.Weights.Tensors,
            pair => Assert.Equal(pair.Value.Values, actual.Weights.Tensors[pair.Key].Values)
        );
    }

    [Fact]
    public void A_network_that_is_none_or_several_of_the_super_network_is_refused()
    {
        // Two stages of one width, of which only the sum of their depths can be seen.
        WeightsFile super = Super([8, 12, 16, 16, 24, 28]);
        Architecture Of(params int[] depths) =>
            OnceForAll.Cut(super, Alike(7, 6) with { Depths = depths }, Side, File).Architecture;
        Assert.Equal(22, OnceForAll.Cut(super, Of(4, 4, 4, 4, 4, 1), File).Architecture.Blocks.Count);
        string Refused(Architecture network) =>
            Assert.Throws<InvalidInputException>(() => OnceForAll.Cut(super, network, File)).Message;
        Assert.Contains("in 3 ways", Refused(Of(4, 4, 2, 4, 4, 1)), StringComparison.Ordinal);
        Assert.Contains(
            "mb7e1",
            Refused(
                Of(4, 4, 4, 4, 4, 1) with
                {
                    Blocks =
                    [
                        .. Of(4, 4, 4, 4, 4, 1)
                            .Blocks.Select(
                                (block, i) =>
                                    i == 3 ? block with { Operation = CandidateOperation.Parse("mb7e1x") } : block
                            ),
                    ],
                }
            ),
            StringComparison.Ordinal
        );
        string none = Refused(PretrainedNetworks.ByName("efficientnet-lite0").Architecture);
        Assert.Contains("8, 12, 16, 16, 24, 28", none, StringComparison.Ordinal);
        Assert.Contains(File, none, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("blocks.3.mobile_inverted_conv.depth_conv.conv.conv.weight", 48, 7, 7)]
    [InlineData("blocks.3.mobile_inverted_conv.depth_conv.conv.conv.weight", 48, 1, 7, 3)]
    [InlineData("blocks.3.mobile_inverted_conv.depth_conv.conv.conv.weight", 48, 2, 7, 7)]
    [InlineData("blocks.3.mobile_inverted_conv.depth_conv.conv.7to5_matrix", 9, 9)]
    [InlineData("blocks.3.mobile_inverted_conv.point_linear.conv.conv.weight", 8)]
    [InlineData("blocks.3.mobile_inverted_conv.point_linear.conv.conv.weight", 8, 20, 1, 1)]
    [InlineData("blocks.3.mobile_inverted_conv.inverted_bottleneck.conv.conv.weight", 12, 8, 1, 1)]
    [InlineData("blocks.3.mobile_inverted_conv.depth_conv.bn.bn.running_var", 3)]
    [InlineData("blocks.2.mobile_inverted_conv.point_linear.conv.conv.weight", 0, 48, 1, 1)]
    [InlineData("feature_mix_layer.conv.weight")]
    [InlineData("classifier.linear.bias")]
    public void A_tensor_of_another_shape_is_named(string name, params int[] shape)
    {
        WeightsFile super = Super([8, 8, 8, 8, 8, 8]);
        var tensors = super.Tensors.ToDictionary(pair => pair.Key, pair => pair.Value);
        long[] sides = [.. shape.Select(side => (long)side)];
        tensors[name] = new WeightTensor(sides, new float[sides.Aggregate(1L, (a, b) => a * b)]);
        string message = Assert
            .Throws<InvalidInputException>(() => OnceForAll.Cut(super.With(tensors), Alike(5, 6), Side, File))
            .Message;
        Assert.Contains($"{File}: '{name}' is [{string.Join(", ", shape)}]", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_under_the_names_of_older_and_newer_files_is_refused()
    {
        WeightsFile super = Super([8, 8, 8, 8, 8, 8]);
        var tensors = super.Tensors.ToDictionary(pair => pair.Key, pair => pair.Value);
        const string Usual = "blocks.3.mobile_inverted_conv.depth_conv.conv.conv.weight";
        tensors["blocks.3.conv.depth_conv.conv.conv.weight"] = tensors[Usual];
        InvalidInputException refused = Assert.Throws<InvalidInputException>(() =>
            OnceForAll.Cut(super.With(tensors), Alike(5, 6), Side, File)
        );
        Assert.Contains($"{File} holds '{Usual}'", refused.Message, StringComparison.Ordinal);
        Assert.Equal(File, refused.File);
    }

    /// <summary>Importing a network from the file of all: what it is cut to is what it computes.</summary>
    [Fact]
    public void A_smaller_kernel_in_the_space_of_the_largest_network_is_the_one_that_the_file_has_for_it()
    {
        WeightsFile super = Super([8, 8, 8, 8, 8, 8]);
        OnceForAllNetwork largest = OnceForAll.Cut(super, Alike(7, 6), Side, File);
        var known = new PretrainedNetwork(
            largest.Architecture,
            [],
            BatchNorm.Epsilon,
            PretrainedInput.Usual,
            "",
            "",
            null,
            PretrainedSource.None
        );
        using CompactNetwork whole = PretrainedWeights.Create(known, super, File, Side, new NetworkOptions());

        // Also at another resolution, and of the first blocks alone.
        using CompactNetwork sized = whole.At(Side / 2);
        using Tensor images = rand(4, 3, Side / 2, Side / 2);
        using var spanned = new SpannedNetwork(
            sized,
            [images],
            [images],
            _ => { },
            TestContext.Current.CancellationToken
        );
        foreach (int kernel in (int[])[3, 5])
        {
            OnceForAllNetwork cut = OnceForAll.Cut(super, Alike(kernel, 6), Side, File);
            for (int i = 1; i < sized.Blocks.Count; i++)
            {
                BlockPath candidate = spanned
                    .Super.Blocks[i]
                    .Candidates.First(path => path!.Block.Operation == CandidateOperation.InvertedResidual(kernel, 6))!;
                Assert.Equal(
                    cut.Weights.Tensors[$"blocks.{i}.mobile_inverted_conv.depth_conv.conv.weight"].Values,
                    candidate.Depthwise!.Weight.Value.contiguous().data<float>().ToArray()
                );
            }
        }
    }

    /// <summary>Those of the file are of many networks: what is trained begins with those of the images.</summary>
    [Fact]
    public void Statistics_are_estimated_on_the_training_images()
    {
        WeightsFile super = Super([8, 8, 8, 8, 8, 8]);
        string network = Path.Combine(_folder.Root, "largest.json");
        ArchitectureFile.Write(network, OnceForAll.Cut(super, Alike(7, 6), Side, File).Architecture);
        RunOptions options = FinishedRun.OptionsIn(_folder) with
        {
            Target = new(),
            Search = new(),
            Training = new() { Weights = Path.Combine(_folder.Root, "super.safetensors"), Epochs = 1 },
            Out = Path.Combine(_folder.Root, "run"),
            Threads = 1,
        };
        var observer = new RecordingObserver();
        TrainResult trained = ProxylessRun.Train(options, network, observer, TestContext.Current.CancellationToken);
        Assert.Contains(
            observer.Messages,
            text => text.StartsWith("statistics of batch norm: estimated on ", StringComparison.Ordinal)
        );
        using var whole = new CompactNetwork(ArchitectureFile.Read(network), new NetworkOptions());
        float[] estimated = SafeTensorsFile
            .Read(new RunDirectory(trained.Run).BestCheckpoint)
            .Tensors[whole.Stem.Mean.Name]
            .Values;
        Assert.NotEqual(super.Tensors["first_conv.bn.running_mean"].Values, estimated);
    }

    [Fact]
    public void Weights_of_a_name_are_kept_with_their_transforms()
    {
        const string Name = "ofa-proxyless-1.3";
        PretrainedNetwork known = PretrainedNetworks.ByName(Name);
        KernelTransforms transforms = OnceForAll.Cut(Super([8, 8, 8, 8, 8, 8]), Alike(7, 6), Side, File).Transforms;
        using var network = new CompactNetwork(known.Architecture, new NetworkOptions());
        KernelTransforms? Kept()
        {
            PretrainedWeights.Keep(Name, network);
            using CompactNetwork loaded = PretrainedWeights.Load(
                known,
                Name,
                Side,
                new NetworkOptions(),
                NullRunObserver.Instance,
                TestContext.Current.CancellationToken
            );
            return loaded.KernelTransforms;
        }

        try
        {
            Assert.Null(Kept());
            network.KernelTransforms = transforms;
            KernelTransforms kept = Kept()!;
            var kernels = new WeightTensor([2, 1, 7, 7], [.. Enumerable.Range(0, 98).Select(i => MathF.Sin(i))]);
            foreach (int block in (int[])[1, 21])
            {
                float[] expected = transforms.Smaller(block, kernels, 3).Values;
                Assert.Equal(expected, kept.Smaller(block, kernels, 3).Values);

                // The middle alone is another.
                Assert.NotEqual(expected, new KernelTransforms().Smaller(block, kernels, 3).Values);
            }
        }
        finally
        {
            Directory.Delete(PretrainedWeights.FolderOf(Name), recursive: true);
        }
    }

    [Fact]
    public void The_network_of_a_name_is_the_largest_of_the_authors_super_network()
    {
        Architecture network = PretrainedNetworks.ByName("ofa-proxyless-1.3").Architecture;
        Assert.Equal(22, network.Blocks.Count);

        // Widths of ProxylessNAS, 1.3 times as wide, in eights.
        int[] widths = [.. network.Blocks.Select(block => block.OutputWidth).Distinct()];
        Assert.Equal(7, widths.Length);
        Assert.All(
            widths.Zip([16, 24, 40, 80, 96, 192, 320]),
            pair => Assert.InRange(pair.First - (1.3 * pair.Second), -4, 4)
        );
        Assert.Equal(40, network.Stem.Width);
        Assert.Equal(1664, network.Head.Width);
    }

    private static OnceForAllChoice Alike(int kernel, int expansion) =>
        new(
            [.. Enumerable.Repeat(kernel, OnceForAll.ChoiceBlocks)],
            [.. Enumerable.Repeat(expansion, OnceForAll.ChoiceBlocks)],
            Depths
        );

    /// <summary>A super-network with random weights.</summary>
    /// <param name="widths">Channels of its six stages.</param>
    private WeightsFile Super(int[] widths)
    {
        var random = new Random(5);
        var tensors = new Dictionary<string, WeightTensor>();
        void Add(string name, params long[] shape) =>
            tensors[name] = new WeightTensor(
                shape,
                [.. Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(_ => random.NextSingle() + 0.1f)]
            );
        void AddNorm(string name, int channels)
        {
            foreach (string part in (string[])["weight", "bias", "running_mean", "running_var"])
            {
                Add($"{name}.{part}", channels);
            }
        }

        Add("first_conv.conv.weight", 16, 3, 3, 3);
        AddNorm("first_conv.bn", 16);
        const string First = "blocks.0.mobile_inverted_conv";
        Add($"{First}.depth_conv.conv.weight", 16, 1, 3, 3);
        AddNorm($"{First}.depth_conv.bn", 16);
        Add($"{First}.point_linear.conv.weight", 8, 16, 1, 1);
        AddNorm($"{First}.point_linear.bn", 8);
        int input = 8;
        int block = 1;
        foreach ((int width, int depth) in widths.Zip(Depths))
        {
            for (int i = 0; i < depth; i++)
            {
                string name = Invariant($"blocks.{block++}.mobile_inverted_conv");
                int hidden = 6 * input;
                Add($"{name}.inverted_bottleneck.conv.conv.weight", hidden, input, 1, 1);
                AddNorm($"{name}.inverted_bottleneck.bn.bn", hidden);
                Add($"{name}.depth_conv.conv.conv.weight", hidden, 1, 7, 7);
                Add($"{name}.depth_conv.conv.7to5_matrix", 25, 25);
                Add($"{name}.depth_conv.conv.5to3_matrix", 9, 9);
                AddNorm($"{name}.depth_conv.bn.bn", hidden);
                Add($"{name}.point_linear.conv.conv.weight", width, hidden, 1, 1);
                AddNorm($"{name}.point_linear.bn.bn", width);
                input = width;
            }
        }

        Add("feature_mix_layer.conv.weight", 40, input, 1, 1);
        AddNorm("feature_mix_layer.bn", 40);
        Add("classifier.linear.weight", 5, 40);
        Add("classifier.linear.bias", 5);
        string file = Path.Combine(_folder.Root, "super.safetensors");
        using var scope = NewDisposeScope();
        SafeTensorsFile.Write(
            file,
            [.. tensors.Select(pair => (pair.Key, tensor(pair.Value.Values, pair.Value.Shape)))],
            new Dictionary<string, string>()
        );
        return WeightsFile.Read(file);
    }
}
