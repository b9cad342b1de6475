using Proxyless.Spaces;

namespace Proxyless.Architectures;

/// <summary>
/// Reads the <c>net.config</c> that the code of the ProxylessNAS authors writes for a network. It names neither the network nor
/// the resolution: the name is the file's, the resolution ImageNet's 224.
/// </summary>
internal static class ArchitectureFileOfAuthors
{
    private const int Resolution = 224;

    public static Architecture FromJson(JsonEntry root)
    {
        JsonEntry first = root["first_conv"];
        if (first["kernel_size"].Integer(1, 99) != 3)
        {
            throw first["kernel_size"].Error("must be 3: the first convolution of a network here is 3x3");
        }

        var stem = new Stem(
            first["in_channels"].Integer(1, 3), first["out_channels"].Integer(1, 1 << 16), first["stride"].Integer(1, 2), Resolution);
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
            new Head(width, mix["out_channels"].Integer(1, 1 << 16), root["classifier"]["out_features"].Integer(1, 1 << 20), side),
            first["act_func"].Text() switch
            {
                "relu6" => Activation.Relu6,
                "relu" => Activation.Relu,
                var other => throw first["act_func"].Error($"is '{other}'; allowed are relu6 and relu"),
            },
            new Dictionary<string, string> { ["source"] = Path.GetFileName(root.Source) });
    }

    private static Block ReadBlock(JsonEntry entry, int width, int side)
    {
        JsonEntry layer = entry["mobile_inverted_conv"];
        bool shortcut = entry.Has("shortcut") && !entry["shortcut"].IsNull;
        Block block;
        switch (layer["name"].Text())
        {
            case "MBInvertedConvLayer":
                if (layer["in_channels"].Integer(1, 1 << 16) != width)
                {
                    throw layer["in_channels"].Error($"does not fit the {width} channels that come in");
                }

                block = new Block(
                    ReadOperation(layer), width, layer["out_channels"].Integer(1, 1 << 16), layer["stride"].Integer(1, 2), side);
                break;
            case "ZeroLayer" when shortcut && layer["stride"].Integer(1, 1) == 1:
                block = new Block(CandidateOperation.Zero, width, width, 1, side);
                break;
            case "ZeroLayer":
                throw layer.Error("is zero without a shortcut: nothing would come out of the network");
            case var other:
                throw layer["name"].Error($"is '{other}'; allowed are MBInvertedConvLayer and ZeroLayer");
        }

        return block.HasShortcut == shortcut
            ? block
            : throw entry.Error(shortcut ? "has a shortcut where the shape changes" : "keeps its shape without a shortcut, which the networks here cannot do");
    }

    private static CandidateOperation ReadOperation(JsonEntry layer)
    {
        try
        {
            return CandidateOperation.Parse($"mb{layer["kernel_size"].Integer(1, 11)}e{layer["expand_ratio"].Integer(1, 12)}");
        }
        catch (FormatException exception)
        {
            throw layer.Error(exception.Message);
        }
    }
}
