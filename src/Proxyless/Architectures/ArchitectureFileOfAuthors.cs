using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Proxyless.Architectures;

/// <summary>
/// The <c>net.config</c> format of the ProxylessNAS authors. It holds no name: the file's name is used. It holds no
/// resolution either: ImageNet's 224 is assumed, and another one is written under a separate key, which their code
/// ignores. Once-for-all, their later work, calls the layer of a block <c>conv</c>; this is read as well.
/// </summary>
internal static class ArchitectureFileOfAuthors
{
    private const int Resolution = 224;
    private const string ResolutionKey = "resolution";

    // What their training code sets for ImageNet; the epsilon is the one of the networks here.
    private const double BatchNormMomentum = 0.1;

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        IndentSize = 4,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string ToJson(Architecture architecture)
    {
        if (
            architecture.Padding != ConvolutionPadding.Centered
            || architecture.Blocks.Any(block => block.Operation.AlwaysExpands)
        )
        {
            throw new InvalidInputException(
                $"'{architecture.Name}' pads or expands as a net.config cannot say; write it as architecture.json"
            );
        }

        string activation = ActivationName.Of(architecture.Activation);
        var root = new JsonObject
        {
            ["name"] = "ProxylessNASNets",
            ["bn"] = new JsonObject { ["momentum"] = BatchNormMomentum, ["eps"] = BatchNorm.Epsilon },
            ["first_conv"] = Convolution(
                3,
                architecture.Stem.Stride,
                architecture.InputChannels,
                architecture.Stem.Width,
                activation
            ),
            ["feature_mix_layer"] = Convolution(
                1,
                1,
                architecture.Head.InputWidth,
                architecture.Head.Width,
                activation
            ),
            ["classifier"] = Classifier(architecture.Head),
            ["blocks"] = new JsonArray([.. architecture.Blocks.Select(BlockObject)]),
        };
        if (architecture.Resolution != Resolution)
        {
            root[ResolutionKey] = architecture.Resolution;
        }

        return root.ToJsonString(Indented);
    }

    public static Architecture FromJson(JsonEntry root)
    {
        JsonEntry first = root["first_conv"];
        if (first["kernel_size"].Integer(1, 99) != 3)
        {
            throw first["kernel_size"].Error("must be 3: the first convolution of a network here is 3x3");
        }

        var stem = new Stem(
            first["in_channels"].Integer(1, 3),
            first["out_channels"].Integer(1, 1 << 16),
            first["stride"].Integer(1, 2),
            root.Has(ResolutionKey) ? root[ResolutionKey].Integer(1, 1 << 14) : Resolution
        );
        var blocks = new List<Block>();
        int width = stem.Width;
        int side = stem.OutputResolution;
        foreach (JsonEntry entry in root["blocks"].Items())
        {
            Block block = ReadBlock(entry, width, side);
            blocks.Add(block);
            (width, side) = (block.OutputWidth, block.OutputResolution);
        }

        JsonEntry mix = root["feature_mix_layer"];
        return new Architecture(
            Path.GetFileNameWithoutExtension(root.Source),
            stem,
            blocks,
            new Head(
                width,
                mix["out_channels"].Integer(1, 1 << 16),
                root["classifier"]["out_features"].Integer(1, 1 << 20),
                side
            ),
            ActivationName.Read(first["act_func"]),
            new Dictionary<string, string> { ["source"] = Path.GetFileName(root.Source) }
        );
    }

    private static Block ReadBlock(JsonEntry entry, int width, int side)
    {
        JsonEntry layer = entry[entry.Has("conv") ? "conv" : "mobile_inverted_conv"];
        bool shortcut = entry.Has("shortcut") && !entry["shortcut"].IsNull;
        Block block;
        switch (layer["name"].Text())
        {
            case "MBInvertedConvLayer" or "MBConvLayer":
                if (layer["in_channels"].Integer(1, 1 << 16) != width)
                {
                    throw layer["in_channels"].Error($"does not match the {width} input channels");
                }

                block = new Block(
                    ReadOperation(layer),
                    width,
                    layer["out_channels"].Integer(1, 1 << 16),
                    layer["stride"].Integer(1, 2),
                    side
                );
                break;
            case "ZeroLayer" when shortcut && layer["stride"].Integer(1, 1) == 1:
                block = new Block(CandidateOperation.Zero, width, width, 1, side);
                break;
            case "IdentityLayer" when !shortcut:
                block = new Block(CandidateOperation.Identity, width, width, 1, side);
                break;
            case "ZeroLayer":
                throw layer.Error("is zero without a shortcut: the network would have no output");
            case var other:
                throw layer["name"]
                    .Error(
                        $"is '{other}'; allowed are MBInvertedConvLayer, ZeroLayer beside a shortcut and "
                            + $"IdentityLayer without one"
                    );
        }

        return block.HasShortcut == shortcut ? block
            : shortcut ? throw entry.Error("has a shortcut where the shape changes")
            : block with { LacksShortcut = true };
    }

    private static CandidateOperation ReadOperation(JsonEntry layer)
    {
        try
        {
            return CandidateOperation.Parse(
                $"mb{layer["kernel_size"].Integer(1, 11)}e{layer["expand_ratio"].Integer(1, 12)}"
            );
        }
        catch (FormatException exception)
        {
            throw layer.Error(exception.Message);
        }
    }

    private static JsonObject BlockObject(Block block) =>
        new()
        {
            ["name"] = "MobileInvertedResidualBlock",
            ["mobile_inverted_conv"] = block.Operation.Kind switch
            {
                OperationKind.InvertedResidual => new JsonObject
                {
                    ["name"] = "MBInvertedConvLayer",
                    ["in_channels"] = block.InputWidth,
                    ["out_channels"] = block.OutputWidth,
                    ["kernel_size"] = block.Operation.Kernel,
                    ["stride"] = block.Stride,
                    ["expand_ratio"] = block.Operation.Expansion,
                },
                OperationKind.Zero => new JsonObject { ["name"] = "ZeroLayer", ["stride"] = block.Stride },
                _ when block.KeepsShape => Identity(block),
                _ => throw new InvalidInputException(
                    $"block '{ArchitectureFile.BlockText(block)}' changes the shape of its input with a convolution "
                        + $"alone, which a net.config has no layer for"
                ),
            },
            ["shortcut"] = block.HasShortcut ? Identity(block) : null,
        };

    private static JsonObject Identity(Block block) =>
        AfterWeights(
            new()
            {
                ["name"] = "IdentityLayer",
                ["in_channels"] = block.InputWidth,
                ["out_channels"] = block.OutputWidth,
            },
            normalized: false,
            activation: null
        );

    private static JsonObject Convolution(int kernel, int stride, int input, int output, string activation) =>
        AfterWeights(
            new()
            {
                ["name"] = "ConvLayer",
                ["kernel_size"] = kernel,
                ["stride"] = stride,
                ["dilation"] = 1,
                ["groups"] = 1,
                ["bias"] = false,
                ["has_shuffle"] = false,
                ["in_channels"] = input,
                ["out_channels"] = output,
            },
            normalized: true,
            activation
        );

    private static JsonObject Classifier(Head head) =>
        AfterWeights(
            new()
            {
                ["name"] = "LinearLayer",
                ["in_features"] = head.Width,
                ["out_features"] = head.Classes,
                ["bias"] = true,
            },
            normalized: false,
            activation: null
        );

    // What each of their layers states about the steps after its weights.
    private static JsonObject AfterWeights(JsonObject layer, bool normalized, string? activation)
    {
        layer["use_bn"] = normalized;
        layer["act_func"] = activation;
        layer["dropout_rate"] = 0;
        layer["ops_order"] = "weight_bn_act";
        return layer;
    }
}
