using System.Globalization;
using Proxyless.Architectures;
using Proxyless.Weights;

namespace Proxyless.Pretrained;

/// <summary>What another code base calls a convolution and the batch norm that follows it.</summary>
/// <param name="Convolution">The text before <c>.weight</c>.</param>
/// <param name="Norm">The text before <c>.weight</c>, <c>.bias</c>, <c>.running_mean</c>, <c>.running_var</c>.</param>
internal sealed record LayerNames(string Convolution, string Norm);

/// <summary>
/// What another code base calls the layers of a block; names of layers that the block lacks mean nothing.
/// </summary>
internal sealed record BlockNames(LayerNames Expand, LayerNames Depthwise, LayerNames Project);

/// <summary>What another code base calls the layers of its networks.</summary>
internal abstract class TensorNaming
{
    // What a network is called in the module that holds it, and the wrappers within.
    private static readonly string[] Owners = ["model.", "module.", "_orig_mod."];

    private const int MostOwners = 4;

    // As in the file of an architecture.
    private const long MostClasses = 1 << 20;

    /// <summary>Every naming, in the order in which they are tried.</summary>
    public static IReadOnlyList<TensorNaming> All { get; } =
    [new AuthorsNaming(), new TorchVisionNaming(), new TimmNaming(), new EfficientNetNaming()];

    /// <summary>Whose naming it is, for messages.</summary>
    public abstract string Name { get; }

    /// <summary>The first convolution.</summary>
    public abstract LayerNames Stem { get; }

    /// <summary>The text before <c>.weight</c> and <c>.bias</c> of the classifier.</summary>
    public abstract string Classifier { get; }

    /// <summary>What its code adds to the variance in batch norm.</summary>
    /// <param name="architecture">The network.</param>
    public abstract double EpsilonOf(Architecture architecture);

    /// <summary>How its code makes the input of a network.</summary>
    /// <param name="architecture">The network, at the resolution that it was trained for.</param>
    public virtual PretrainedInput InputOf(Architecture architecture) => PretrainedInput.Usual;

    /// <summary>The last convolution.</summary>
    public abstract LayerNames Head(NamedNetwork network);

    /// <summary>The layers of a block.</summary>
    public abstract BlockNames Block(NamedNetwork network, int block);

    /// <summary>
    /// How many blocks each stage has, as the names of tensors tell; none where blocks are numbered from the first to
    /// the last.
    /// </summary>
    /// <param name="names">The names.</param>
    /// <param name="blocks">The number of blocks of the network; a name with a larger one is of no block of it.</param>
    public virtual IReadOnlyList<int> DepthsOf(IEnumerable<string> names, int blocks) => [];

    /// <summary>The number of classes of a file's classifier.</summary>
    /// <param name="weights">The file's tensors.</param>
    /// <param name="width">The number of features that it classifies.</param>
    /// <returns>Null if it has none of so many features.</returns>
    public int? ClassesOf(WeightsFile weights, int width)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return
            weights.Tensors.TryGetValue($"{Classifier}.weight", out WeightTensor? weight)
            && weights.Tensors.TryGetValue($"{Classifier}.bias", out WeightTensor? bias)
            && bias is { Shape: [var classes] }
            && classes is > 0 and <= MostClasses
            && weight.Values.LongLength == classes * width
            ? (int)classes
            : null;
    }

    /// <summary>A file with the names that tensors have in most files of this code base.</summary>
    /// <param name="weights">The file's tensors.</param>
    /// <param name="file">What to call the file in messages.</param>
    /// <exception cref="InvalidInputException">Two tensors would have one name.</exception>
    public WeightsFile Renamed(WeightsFile weights, string file)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var tensors = new Dictionary<string, WeightTensor>();
        foreach ((string name, WeightTensor tensor) in weights.Tensors)
        {
            string usual = UsualName(name);
            if (!tensors.TryAdd(usual, tensor))
            {
                throw new InvalidInputException(
                    $"{file} holds '{usual}' under that name and under another; it is not clear which one counts"
                )
                {
                    File = file,
                };
            }
        }

        return weights.With(tensors);
    }

    /// <summary>The name that a tensor has in most files of this code base.</summary>
    protected virtual string UsualName(string name) => name;

    /// <summary>
    /// The part of a file that is a network, if another module holds it, as in Lightning: without the prefixes of all
    /// names, if a known code base uses what is left of them.
    /// </summary>
    public static WeightsFile Within(WeightsFile weights)
    {
        WeightsFile? part = weights;
        for (int depth = 0; depth <= MostOwners && part is not null; depth++)
        {
            if (Find(part) is not null)
            {
                return part;
            }

            WeightsFile outer = part;
            part = Owners.Select(owner => outer.Without(owner)).FirstOrDefault(inner => inner is not null);
        }

        return weights;
    }

    /// <summary>The naming of a file.</summary>
    /// <exception cref="InvalidInputException">Its tensors have names that no known code base uses.</exception>
    public static TensorNaming Of(WeightsFile weights, string file) =>
        Find(weights)
        ?? throw new InvalidInputException(
            $"{file}: its tensors are called '{string.Join("', '", weights.Tensors.Keys.Take(3))}', … as in no known "
                + $"code: the first convolution would be "
                + string.Join(", ", All.Select(naming => $"'{naming.Stem.Convolution}.weight' ({naming.Name})"))
                + weights.OtherStateDicts
        )
        {
            File = file,
        };

    private static TensorNaming? Find(WeightsFile weights) =>
        All.FirstOrDefault(naming => weights.Tensors.ContainsKey($"{naming.Stem.Convolution}.weight"));
}

/// <summary>An architecture and how its blocks are grouped into stages.</summary>
/// <param name="Architecture">The network.</param>
/// <param name="Depths">How many blocks each stage has.</param>
internal sealed record NamedNetwork(Architecture Architecture, IReadOnlyList<int> Depths)
{
    /// <summary>The stage of a block, and its place there.</summary>
    public (int Stage, int Place) PlaceOf(int block)
    {
        int stage = 0;
        while (stage < Depths.Count - 1 && block >= Depths[stage])
        {
            block -= Depths[stage++];
        }

        return (stage, block);
    }
}

/// <summary>The ProxylessNAS authors' code and their Once-for-all.</summary>
internal sealed class AuthorsNaming : TensorNaming
{
    /// <inheritdoc/>
    public override string Name => "the ProxylessNAS authors";

    /// <inheritdoc/>
    public override LayerNames Stem => Of("first_conv");

    /// <inheritdoc/>
    public override string Classifier => "classifier.linear";

    /// <inheritdoc/>
    public override double EpsilonOf(Architecture architecture) => PretrainedNetworks.EpsilonOfTensorFlow;

    /// <inheritdoc/>
    public override LayerNames Head(NamedNetwork network) => Of("feature_mix_layer");

    /// <inheritdoc/>
    public override BlockNames Block(NamedNetwork network, int block) =>
        new(
            Of($"blocks.{block}.mobile_inverted_conv.inverted_bottleneck"),
            Of($"blocks.{block}.mobile_inverted_conv.depth_conv"),
            Of($"blocks.{block}.mobile_inverted_conv.point_linear")
        );

    /// <summary>Newer files of Once-for-all call a block's layer <c>conv</c>.</summary>
    protected override string UsualName(string name) =>
        name.Split('.') is ["blocks", var block, "conv", .. var rest]
            ? $"blocks.{block}.mobile_inverted_conv.{string.Join('.', rest)}"
            : name;

    private static LayerNames Of(string layer) => new($"{layer}.conv", $"{layer}.bn");
}

/// <summary>MobileNetV2 of torchvision.</summary>
internal sealed class TorchVisionNaming : TensorNaming
{
    /// <inheritdoc/>
    public override string Name => "torchvision";

    /// <inheritdoc/>
    public override LayerNames Stem => new("features.0.0", "features.0.1");

    /// <inheritdoc/>
    public override string Classifier => "classifier.1";

    /// <inheritdoc/>
    public override double EpsilonOf(Architecture architecture) => PretrainedNetworks.EpsilonOfPyTorch;

    /// <inheritdoc/>
    public override LayerNames Head(NamedNetwork network)
    {
        int last = network.Architecture.Blocks.Count + 1;
        return new LayerNames($"features.{last}.0", $"features.{last}.1");
    }

    /// <inheritdoc/>
    public override BlockNames Block(NamedNetwork network, int block)
    {
        string prefix = $"features.{block + 1}.conv";
        int first = network.Architecture.Blocks[block].Operation.HasExpansion ? 1 : 0;
        return new BlockNames(
            new LayerNames($"{prefix}.0.0", $"{prefix}.0.1"),
            new LayerNames($"{prefix}.{first}.0", $"{prefix}.{first}.1"),
            new LayerNames($"{prefix}.{first + 1}", $"{prefix}.{first + 2}")
        );
    }
}

/// <summary>The EfficientNet family of timm.</summary>
internal sealed class TimmNaming : TensorNaming
{
    /// <summary>A block is <c>blocks.STAGE.PLACE</c>.</summary>
    public override IReadOnlyList<int> DepthsOf(IEnumerable<string> names, int blocks)
    {
        ArgumentNullException.ThrowIfNull(names);
        var depths = new List<int>();
        foreach (string name in names)
        {
            if (
                name.Split('.') is ["blocks", var first, var second, _, ..]
                && IndexOf(first, blocks) is { } stage
                && IndexOf(second, blocks) is { } place
            )
            {
                while (depths.Count <= stage)
                {
                    depths.Add(0);
                }

                depths[stage] = Math.Max(depths[stage], place + 1);
            }
        }

        return depths;
    }

    /// <inheritdoc/>
    public override string Name => "timm";

    /// <inheritdoc/>
    public override LayerNames Stem => new("conv_stem", "bn1");

    /// <inheritdoc/>
    public override string Classifier => "classifier";

    /// <summary>Networks that are converted from TensorFlow, whose names there begin with tf_, pad like it.</summary>
    public override double EpsilonOf(Architecture architecture) =>
        IsOfTensorFlow(architecture) ? PretrainedNetworks.EpsilonOfTensorFlow : PretrainedNetworks.EpsilonOfPyTorch;

    /// <inheritdoc/>
    public override PretrainedInput InputOf(Architecture architecture) =>
        IsOfTensorFlow(architecture) ? PretrainedInput.Centered : PretrainedInput.Usual;

    /// <inheritdoc/>
    public override LayerNames Head(NamedNetwork network) => new("conv_head", "bn2");

    /// <inheritdoc/>
    public override BlockNames Block(NamedNetwork network, int block)
    {
        (int stage, int place) = network.PlaceOf(block);
        string prefix = $"blocks.{stage}.{place}";
        var expand = new LayerNames($"{prefix}.conv_pw", $"{prefix}.bn1");
        return network.Architecture.Blocks[block].Operation.HasExpansion
            ? new BlockNames(
                expand,
                new LayerNames($"{prefix}.conv_dw", $"{prefix}.bn2"),
                new LayerNames($"{prefix}.conv_pwl", $"{prefix}.bn3")
            )
            : new BlockNames(
                expand,
                new LayerNames($"{prefix}.conv_dw", $"{prefix}.bn1"),
                new LayerNames($"{prefix}.conv_pw", $"{prefix}.bn2")
            );
    }

    private static int? IndexOf(string text, int end) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < end
            ? index
            : null;

    private static bool IsOfTensorFlow(Architecture architecture) => architecture.Padding == ConvolutionPadding.Same;
}

/// <summary>
/// EfficientNet in PyTorch as converted from TensorFlow (efficientnet_pytorch and its lite relatives).
/// </summary>
internal sealed class EfficientNetNaming : TensorNaming
{
    /// <inheritdoc/>
    public override string Name => "efficientnet_pytorch";

    /// <inheritdoc/>
    public override LayerNames Stem => new("_conv_stem", "_bn0");

    /// <inheritdoc/>
    public override string Classifier => "_fc";

    /// <inheritdoc/>
    public override double EpsilonOf(Architecture architecture) => PretrainedNetworks.EpsilonOfTensorFlow;

    /// <inheritdoc/>
    public override PretrainedInput InputOf(Architecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return PretrainedInput.OfEfficientNetLite(architecture.Resolution);
    }

    /// <inheritdoc/>
    public override LayerNames Head(NamedNetwork network) => new("_conv_head", "_bn1");

    /// <inheritdoc/>
    public override BlockNames Block(NamedNetwork network, int block) =>
        new(
            new LayerNames($"_blocks.{block}._expand_conv", $"_blocks.{block}._bn0"),
            new LayerNames($"_blocks.{block}._depthwise_conv", $"_blocks.{block}._bn1"),
            new LayerNames($"_blocks.{block}._project_conv", $"_blocks.{block}._bn2")
        );
}
