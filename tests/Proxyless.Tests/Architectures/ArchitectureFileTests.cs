using CsCheck;
using Proxyless.Architectures;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.Architectures;

public sealed class ArchitectureFileTests
{
    private const string Authors = """
        {
          "first_conv": {"kernel_size": 3, "stride": 2, "in_channels": 3, "out_channels": 16, "act_func": "relu6"},
          "blocks": [
            {"mobile_inverted_conv": {"name": "MBInvertedConvLayer", "in_channels": 16, "out_channels": 24, "kernel_size": 5, "stride": 2, "expand_ratio": 3}, "shortcut": null},
            {"mobile_inverted_conv": {"name": "ZeroLayer", "stride": 1}, "shortcut": {"name": "IdentityLayer"}}
          ],
          "feature_mix_layer": {"out_channels": 64},
          "classifier": {"out_features": 10}
        }
        """;

    // Keys of it behind which others are added.
    private const string Expansion = "\"expand_ratio\": 3";
    private const string Mix = "\"out_channels\": 64";
    private const string FirstActivation = "\"act_func\": \"relu6\"}";

    [Fact]
    public void The_score_of_a_search_is_read_under_its_name_whatever_it_was_called_when_it_was_written()
    {
        Architecture network = SmallSpace.Network([0, 0, 0]) with
        {
            Metadata = new Dictionary<string, string> { ["validation_top1"] = "0.25", ["space"] = "small" },
        };
        Architecture read = ArchitectureFile.Parse(ArchitectureFile.ToJson(network), "network");
        Assert.Equal("0.25", read.Metadata["supernet_top1"]);
        Assert.False(read.Metadata.ContainsKey("validation_top1"));
        Assert.Equal("small", read.Metadata["space"]);
    }

    [Fact]
    public void Any_architecture_of_any_preset_is_read_back_as_it_was_written() =>
        Gen.Select(
                Gen.Int[0, SearchSpacePresets.Names.Count - 1].Select(i => SearchSpacePresets.Names[i]),
                Gen.Int,
                Gen.Int[8, 300],
                Gen.Int[0, 1].Select(i => (2 * i) + 1),
                Gen.String[0, 12]
            )
            .Sample(
                (name, seed, resolution, channels, note) =>
                {
                    SearchSpace space = SearchSpacePresets.ByName(name).WithInput(resolution, channels);
                    var random = new Random(seed);
                    Architecture written = space.Architecture(
                        [.. space.Blocks().Select(block => random.Next(block.Candidates.Count))],
                        7,
                        "n\"ame",
                        new Dictionary<string, string> { ["note"] = note }
                    );
                    Architecture read = ArchitectureFile.Parse(ArchitectureFile.ToJson(written), "architecture.json");
                    return read.Blocks.SequenceEqual(written.Blocks)
                        && read.Metadata.SequenceEqual(written.Metadata)
                        && read with { Blocks = written.Blocks, Metadata = written.Metadata } == written;
                }
            );

    [Fact]
    public void Any_architecture_of_any_preset_comes_back_from_the_authors_format() =>
        Gen.Select(
                Gen.Int[0, SearchSpacePresets.Names.Count - 1].Select(i => SearchSpacePresets.Names[i]),
                Gen.Int,
                Gen.Int[8, 300],
                Gen.Int[0, 1].Select(i => (2 * i) + 1)
            )
            .Sample(
                (name, seed, resolution, channels) =>
                {
                    SearchSpace space = SearchSpacePresets.ByName(name).WithInput(resolution, channels);
                    var random = new Random(seed);
                    int[] choice =
                    [
                        .. space
                            .Blocks()
                            .Select(block =>
                                random.GetItems(
                                    [
                                        .. Enumerable
                                            .Range(0, block.Candidates.Count)
                                            .Where(i =>
                                                block.Candidates[i]
                                                    is { KeepsShape: true }
                                                        or { Operation.Kind: not OperationKind.Identity }
                                            ),
                                    ],
                                    1
                                )[0]
                            ),
                    ];
                    Architecture written = space.Architecture(choice, 7, "net", new Dictionary<string, string>());
                    Architecture read = ArchitectureFile.Parse(ArchitectureFile.ToNetConfig(written), "net.config");
                    return read.Blocks.SequenceEqual(written.Blocks)
                        && read with { Blocks = written.Blocks, Metadata = written.Metadata } == written
                        && ArchitectureFile.ToNetConfig(read) == ArchitectureFile.ToNetConfig(written);
                }
            );

    [Fact]
    public void Identity_paths_come_back_from_the_authors_format_unless_they_change_the_shape()
    {
        Architecture network = PublishedArchitectures.ByName("proxyless-mobile");
        Block kept = new(CandidateOperation.Identity, 320, 320, 1, 7);
        Architecture written = network with { Blocks = [.. network.Blocks, kept] };
        Assert.Equal(
            written.Blocks,
            ArchitectureFile.Parse(ArchitectureFile.ToNetConfig(written), "net.config").Blocks
        );
        Architecture changed = network with { Blocks = [.. network.Blocks, kept with { Stride = 2 }] };
        Assert.Contains(
            "identity s2 320x7x7 -> 320x4x4",
            Assert.Throws<InvalidInputException>(() => ArchitectureFile.ToNetConfig(changed)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_file_and_a_run_folder_open_alike()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Root, "architecture.json");
        ArchitectureFile.Write(path, PublishedArchitectures.ByName("proxyless-gpu"));
        Assert.Equal(ArchitectureFile.Open(path).Blocks, ArchitectureFile.Open(folder.Root).Blocks);
        Assert.Equal("proxyless-gpu", ArchitectureFile.Open(folder.Root).Name);
    }

    [Fact]
    public void The_authors_format_is_told_by_its_content()
    {
        Architecture network = ArchitectureFile.Parse(Authors, "nets/small.json");
        Assert.Equal("small", network.Name);
        Assert.Equal(
            ["mb5e3 s2 16x112x112 -> 24x56x56", "zero s1 24x56x56 -> 24x56x56"],
            network.Blocks.Select(ArchitectureFile.BlockText)
        );
        Assert.Equal(new Head(24, 64, 10, 56), network.Head);
    }

    [Theory]
    [InlineData("\"ZeroLayer\"", "\"SkipLayer\"", "'blocks[1].mobile_inverted_conv.name' is 'SkipLayer'")]
    [InlineData("{\"name\": \"IdentityLayer\"}", "null", "would have no output")]
    [InlineData("\"shortcut\": null", "\"shortcut\": {}", "shortcut where the shape changes")]
    [InlineData("\"kernel_size\": 5", "\"kernel_size\": 4", "'mb4e3'")]
    [InlineData("\"in_channels\": 16", "\"in_channels\": 20", "does not match the 16")]
    [InlineData("\"expand_ratio\": 3", "\"expand_ratio\": \"3\"", "whole numbers from 1 to 12")]
    [InlineData("\"classifier\"", "\"classifer\"", "the key 'classifier' is missing")]
    [InlineData("\"kernel_size\": 5", "\"kernel_size\": 3, \"kernel_size\": 5", "no valid JSON")]
    public void A_network_of_the_authors_that_cannot_be_built_is_refused(
        string old,
        string mistake,
        string complaint
    ) => AssertRefused(Authors.Replace(old, mistake, StringComparison.Ordinal), complaint);

    /// <summary>Squeeze-and-excitation, other activations, other widths, and layers that are not built.</summary>
    [Theory]
    [InlineData(Expansion, "\"use_se\": true", "'blocks[0].mobile_inverted_conv.use_se' must be false")]
    [InlineData(Expansion, "\"act_func\": \"h_swish\"", "'blocks[0].mobile_inverted_conv.act_func' must be 'relu6'")]
    [InlineData(Expansion, "\"act_func\": null", "'blocks[0].mobile_inverted_conv.act_func' must be 'relu6'")]
    [InlineData(Expansion, "\"mid_channels\": 12", "'blocks[0].mobile_inverted_conv.mid_channels' must be 48")]
    [InlineData(Expansion, "\"groups\": 1", "'blocks[0].mobile_inverted_conv.groups' must be 48")]
    [InlineData(Mix, "\"act_func\": \"h_swish\"", "'feature_mix_layer.act_func' must be 'relu6'")]
    [InlineData(Mix, "\"kernel_size\": 3", "'feature_mix_layer.kernel_size' must be 1")]
    [InlineData(Mix, "\"stride\": 2", "'feature_mix_layer.stride' must be 1")]
    [InlineData(Mix, "\"in_channels\": 20", "'feature_mix_layer.in_channels' must be 24")]
    [InlineData(Mix, "\"use_bn\": false", "'feature_mix_layer.use_bn' must be true")]
    [InlineData(Mix, "\"use_se\": true", "'feature_mix_layer.use_se' must be false")]
    [InlineData(Mix, "\"bias\": true", "'feature_mix_layer.bias' must be false")]
    [InlineData(FirstActivation, "\"dilation\": 2}", "'first_conv.dilation' must be 1")]
    [InlineData(FirstActivation, "\"groups\": 3}", "'first_conv.groups' must be 1")]
    [InlineData(FirstActivation, "\"ops_order\": \"bn_act_weight\"}", "'first_conv.ops_order' must be 'weight_bn_act'")]
    [InlineData("\"name\": \"IdentityLayer\"", "\"act_func\": \"relu6\"", "'blocks[1].shortcut.act_func' must be null")]
    [InlineData("\"name\": \"IdentityLayer\"", "\"use_bn\": true", "'blocks[1].shortcut.use_bn' must be false")]
    [InlineData("\"out_features\": 10", "\"in_features\": 32", "'classifier.in_features' must be 64")]
    [InlineData("\"out_features\": 10", "\"act_func\": \"relu\"", "'classifier.act_func' must be null")]
    public void What_a_network_here_cannot_compute_is_refused_in_the_authors_format(
        string before,
        string more,
        string complaint
    ) => AssertRefused(After(before, more), complaint);

    [Theory]
    [InlineData("{\"name\": \"IdentityLayer\"}", "{\"name\": \"ConvLayer\"}", "'blocks[1].shortcut.name' must be")]
    [InlineData("\"classifier\"", "\"final_expand_layer\": {}, \"classifier\"", "'final_expand_layer' is a layer")]
    public void A_layer_that_is_not_built_is_refused_in_the_authors_format(
        string right,
        string wrong,
        string complaint
    ) => AssertRefused(Authors.Replace(right, wrong, StringComparison.Ordinal), complaint);

    /// <summary>What Once-for-all writes besides; nulls say nothing.</summary>
    [Theory]
    [InlineData(Expansion, "\"mid_channels\": null, \"act_func\": \"relu6\", \"use_se\": false, \"groups\": null")]
    [InlineData(Expansion, "\"mid_channels\": 48, \"use_se\": null, \"groups\": 48")]
    [InlineData(Mix, "\"kernel_size\": 1, \"act_func\": \"relu6\", \"use_bn\": true, \"use_se\": false, \"groups\": 1")]
    [InlineData(FirstActivation, "\"use_se\": false, \"has_shuffle\": false, \"ops_order\": \"weight_bn_act\"}")]
    [InlineData("\"name\": \"IdentityLayer\"", "\"use_bn\": false, \"act_func\": null, \"dropout_rate\": 0")]
    [InlineData("\"out_features\": 10", "\"in_features\": 64, \"act_func\": null, \"use_bn\": false")]
    public void What_layers_state_of_a_network_as_it_is_built_changes_nothing(string before, string more) =>
        Assert.Equal(
            ArchitectureFile.ToJson(ArchitectureFile.Parse(Authors, "net.json")),
            ArchitectureFile.ToJson(ArchitectureFile.Parse(After(before, more), "net.json"))
        );

    [Theory]
    [InlineData(
        "proxyless-architecture/1",
        "proxyless-architecture/9",
        "this version reads 'proxyless-architecture/1'"
    )]
    [InlineData("\"classes\"", "\"clases\"", "unknown key 'clases' (did you mean 'classes'?)")]
    [InlineData("\"relu6\"", "\"gelu\"", "relu6 and relu")]
    [InlineData(
        "mb5e3 s2 16x112x112",
        "mb5e3 s2 16x111x112",
        "but the input makes it 'mb5e3 s2 16x112x112 -> 32x56x56'"
    )]
    [InlineData("mb5e3 s2 16x112x112", "mb6e3 s2 16x112x112", "'mb6e3' is not a candidate operation")]
    [InlineData("mb5e3 s2 16x112x112", "mb5e3 16x112x112", "expected operation, stride and shapes")]
    [InlineData("mb5e3 s2 16x112x112", "zero s2 16x112x112", "only where a block keeps its shape")]
    [InlineData("\"resolution\": 224", "\"resolution\": 22.4", "'resolution' is 22.4")]
    [InlineData("\"blocks\": [", "\"blocks\": [[", "no valid JSON")]
    [InlineData("\"resolution\": 224", "\"resolution\": 192, \"resolution\": 224", "no valid JSON")]
    public void A_mistake_in_the_products_own_format_is_told_with_its_place(
        string old,
        string mistake,
        string complaint
    ) =>
        AssertRefused(
            ArchitectureFile
                .ToJson(PublishedArchitectures.ByName("proxyless-mobile"))
                .Replace(old, mistake, StringComparison.Ordinal),
            complaint
        );

    [Fact]
    public void A_name_that_is_neither_network_nor_file_is_answered_with_the_networks() =>
        Assert.Contains(
            "did you mean 'proxyless-cpu'?",
            Assert.Throws<InvalidInputException>(() => ArchitectureFile.Open("proxyles-cpu")).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Padding_shortcuts_and_expansions_of_others_are_written_and_read_back()
    {
        string json = With(Other);
        Architecture architecture = ArchitectureFile.Parse(json, "net.json");
        Assert.Equal(ConvolutionPadding.Same, architecture.Padding);
        Assert.False(architecture.Blocks[0].HasShortcut);
        Assert.True(architecture.Blocks[0].KeepsShape);
        Assert.True(architecture.Blocks[0].Operation.HasExpansion);
        Assert.Equal(1, architecture.Blocks[0].Operation.Expansion);
        Assert.True(architecture.Blocks[1].HasShortcut);
        Assert.False(architecture.Blocks[1].Operation.HasExpansion);
        Assert.Equal(
            ArchitectureFile.ToJson(architecture),
            ArchitectureFile.ToJson(ArchitectureFile.Parse(ArchitectureFile.ToJson(architecture), "again"))
        );
        Assert.Contains(
            "mb3e1x s1 8x8x8 -> 8x8x8 without shortcut",
            ArchitectureFile.ToJson(architecture),
            StringComparison.Ordinal
        );
        var refused = Assert.Throws<InvalidInputException>(() => ArchitectureFile.ToNetConfig(architecture));
        Assert.Contains("architecture.json", refused.Message, StringComparison.Ordinal);

        // Its parameters: an expansion of 1 has a convolution of 8 x 8 and its batch norm.
        Assert.Equal(
            ArchitectureCost.Of(architecture.Blocks[1]).Parameters + (8 * 8) + (2 * 8),
            ArchitectureCost.Of(architecture.Blocks[0]).Parameters
        );
    }

    [Theory]
    [InlineData("\"same\"", "\"valid\"", "'valid'; allowed is 'same'")]
    [InlineData("mb3e1x s1", "mb3e2x s1", "mb{1|3|5|7|9|11}e1x")]
    [InlineData("mb3e1x s1", "zero s1", "only an inverted residual that keeps its shape")]
    public void Padding_shortcuts_and_expansions_that_cannot_be_are_refused(
        string right,
        string wrong,
        string complaint
    ) => AssertRefused(With(Other).Replace(right, wrong, StringComparison.Ordinal), complaint);

    [Fact]
    public void A_block_that_keeps_its_shape_may_lack_a_shortcut_in_the_authors_format()
    {
        string json = Authors.Replace(
            """{"name": "ZeroLayer", "stride": 1}, "shortcut": {"name": "IdentityLayer"}""",
            """{"name": "MBInvertedConvLayer", "in_channels": 24, "out_channels": 24, "kernel_size": 3, "stride": 1, "expand_ratio": 3}, "shortcut": null""",
            StringComparison.Ordinal
        );
        Architecture architecture = ArchitectureFile.Parse(json, "net.config");
        Assert.True(architecture.Blocks[1].LacksShortcut);
        Assert.Equal(
            architecture.Blocks,
            ArchitectureFile.Parse(ArchitectureFile.ToNetConfig(architecture), "again").Blocks
        );
    }

    [Theory]
    [InlineData(112, 3, 2, 0, 1)]
    [InlineData(112, 5, 2, 1, 2)]
    [InlineData(113, 3, 2, 1, 1)]
    [InlineData(7, 5, 1, 2, 2)]
    [InlineData(1, 3, 2, 1, 1)]
    [InlineData(14, 1, 2, 0, 0)]
    public void Zeros_stand_where_TensorFlow_puts_them(int side, int kernel, int stride, int before, int after) =>
        Assert.Equal((before, after), PaddingMargins.Of(ConvolutionPadding.Same, side, kernel, stride));

    /// <summary>The network of the authors with more keys behind one of a layer.</summary>
    private static string After(string before, string more)
    {
        // What ends the layer stays its end.
        string start = before.TrimEnd('}');
        return Authors.Replace(before, $"{start}, {more}", StringComparison.Ordinal);
    }

    private static string Other =>
        """
            "padding": "same", "stem": {"width": 8, "stride": 2}, "blocks": ["mb3e1x s1 8x8x8 -> 8x8x8 without shortcut", "mb3e1 s1 8x8x8 -> 8x8x8"]
            """;

    private static string With(string blocks) =>
        $$$"""
            {"format": "proxyless-architecture/1", "name": "other", "resolution": 16, "channels": 3, "classes": 3, "activation": "relu6",
             {{{blocks}}}, "head": {"width": 8}, "metadata": {}}
            """;

    private static void AssertRefused(string json, string complaint)
    {
        string message = Assert.Throws<InvalidInputException>(() => ArchitectureFile.Parse(json, "net.json")).Message;
        Assert.StartsWith("net.json", message, StringComparison.Ordinal);
        Assert.Contains(complaint, message, StringComparison.Ordinal);
    }
}
