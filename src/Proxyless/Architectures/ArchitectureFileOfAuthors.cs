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

    private const string Order = "weight_bn_act";
    private const string IdentityName = "IdentityLayer";

    // A layer of the larger networks of Once-for-all.
    private const string ExpandKey = "final_expand_layer";

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

        if (IsSaid(root, ExpandKey))
        {
            throw root[ExpandKey].Error("is a layer that no network here has");
        }

        Activation activation = ActivationName.Read(first["act_func"]);
        RequireConvolution(first, activation);
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
            Block block = ReadBlock(entry, width, side, activation);
            blocks.Add(block);
            (width, side) = (block.OutputWidth, block.OutputResolution);
        }

        JsonEntry mix = root["feature_mix_layer"];
        RequireConvolution(mix, activation);
        RequireNumber(mix, "kernel_size", 1);
        RequireNumber(mix, "stride", 1);
        RequireNumber(mix, "in_channels", width);
        JsonEntry classifier = root["classifier"];
        var head = new Head(
            width,
            mix["out_channels"].Integer(1, 1 << 16),
            classifier["out_features"].Integer(1, 1 << 20),
            side
        );
        RequireNumber(classifier, "in_features", head.Width);
        RequireNothingAfter(classifier);
        return new Architecture(
            Path.GetFileNameWithoutExtension(root.Source),
            stem,
            blocks,
            head,
            activation,
            new Dictionary<string, string> { ["source"] = Path.GetFileName(root.Source) }
        );
    }

    private static Block ReadBlock(JsonEntry entry, int width, int side, Activation activation)
    {
        JsonEntry layer = entry[entry.Has("conv") ? "conv" : "mobile_inverted_conv"];
        bool shortcut = IsSaid(entry, "shortcut");
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
                RequireText(layer, "act_func", ActivationName.Of(activation));
                RequireFlag(layer, "use_se", false);
                RequireNumber(layer, "mid_channels", block.HiddenWidth);
                RequireNumber(layer, "groups", block.HiddenWidth);
                break;
            case "ZeroLayer" when shortcut && layer["stride"].Integer(1, 1) == 1:
                block = new Block(CandidateOperation.Zero, width, width, 1, side);
                break;
            case IdentityName when !shortcut:
                RequireNothingAfter(layer);
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

        if (block.HasShortcut != shortcut)
        {
            return shortcut
                ? throw entry.Error("has a shortcut where the shape changes")
                : block with
                {
                    LacksShortcut = true,
                };
        }

        if (shortcut)
        {
            RequireText(entry["shortcut"], "name", IdentityName);
            RequireNothingAfter(entry["shortcut"]);
        }

        return block;
    }

    /// <summary>Rejects a convolution that computes something else than those of a network here.</summary>
    private static void RequireConvolution(JsonEntry layer, Activation activation)
    {
        RequireNumber(layer, "dilation", 1);
        RequireNumber(layer, "groups", 1);
        RequireFlag(layer, "bias", false);
        RequireFlag(layer, "use_se", false);
        RequireFlag(layer, "use_bn", true);
        RequireText(layer, "act_func", ActivationName.Of(activation));
        RequireText(layer, "ops_order", Order);
    }

    /// <summary>Rejects a layer that is followed by a batch norm or an activation.</summary>
    private static void RequireNothingAfter(JsonEntry layer)
    {
        RequireFlag(layer, "use_bn", false);
        if (IsSaid(layer, "act_func"))
        {
            throw layer["act_func"].Error("must be null: no network here has an activation there");
        }
    }

    private static void RequireNumber(JsonEntry layer, string key, int only)
    {
        if (IsSaid(layer, key) && layer[key].Integer(int.MinValue, int.MaxValue) != only)
        {
            throw layer[key].Error($"must be {only}: no network here has another number there");
        }
    }

    private static void RequireFlag(JsonEntry layer, string key, bool only)
    {
        if (IsSaid(layer, key) && !layer[key].Is(only))
        {
            throw layer[key].Error($"must be {(only ? "true" : "false")}, as in all networks here");
        }
    }

    // Null means something else here than a key that is absent: no activation.
    private static void RequireText(JsonEntry layer, string key, string only)
    {
        if (layer.Has(key) && (layer[key].IsNull || layer[key].Text() != only))
        {
            throw layer[key].Error($"must be '{only}', as everywhere in this network");
        }
    }

    private static bool IsSaid(JsonEntry layer, string key) => layer.Has(key) && !layer[key].IsNull;

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
                ["name"] = IdentityName,
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
        layer["ops_order"] = Order;
        return layer;
    }
}
