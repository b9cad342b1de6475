using System.Globalization;
using System.Text.Json;
using Proxyless.Architectures;
using Proxyless.Inference;

namespace Proxyless.Export;

/// <summary>
/// Writes a network as an ONNX model with the input <c>images</c>, [batch, channels, side, side], RGB or gray in [0,
/// 1], and the output <c>logits</c>, [batch, classes]. Its metadata holds all that is needed to use it.
/// </summary>
internal static class NetworkExporter
{
    /// <summary>The metadata key of the class names, a JSON array of strings.</summary>
    public const string ClassesKey = OnnxClassifier.ClassesKey;

    /// <summary>The metadata key of the side of the input in pixels.</summary>
    public const string ResolutionKey = OnnxClassifier.ResolutionKey;

    /// <summary>
    /// The metadata key of the rule by which a photo becomes the input, in words;
    /// <see cref="PreprocessingRecipe.MetadataKey"/> is for programs.
    /// </summary>
    public const string ResizeKey = "resize";

    /// <summary>
    /// The metadata key of the normalization inside the model, for information: JSON with mean and deviation.
    /// </summary>
    public const string NormalizationKey = "normalisation";

    /// <summary>The metadata key of the operator set.</summary>
    public const string OpsetKey = "opset";

    /// <summary>The metadata key of the architecture's name.</summary>
    public const string ArchitectureKey = "architecture";

    /// <summary>The prefix in the metadata of the keys of <see cref="ExportOptions.Provenance"/>.</summary>
    public const string ProvenancePrefix = OnnxClassifier.ProvenancePrefix;

    // Names of nodes begin with the part of the network that they belong to, also after graph optimization.
    internal const string StemPrefix = "stem.";
    internal const string HeadPrefix = "head.";
    internal const string ClassifierPrefix = "classifier.";
    private const string BlockPrefix = "block";

    /// <summary>The operator set of the models.</summary>
    public static int Opset => OnnxGraph.Opset;

    /// <summary>Writes the network with its weights.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="weights">Weights of this architecture.</param>
    /// <param name="options">Normalization, class names and provenance.</param>
    /// <returns>The bytes of an ONNX file.</returns>
    /// <exception cref="ArgumentException">
    /// Classes or channels of the options do not match the architecture.
    /// </exception>
    /// <exception cref="InvalidInputException">The network has more parameters than a file can hold.</exception>
    public static byte[] Export(Architecture architecture, INetworkWeights weights, ExportOptions options)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Classes.Count != architecture.Classes)
        {
            throw new ArgumentException(
                $"'{architecture.Name}' has {architecture.Classes} outputs, {options.Classes.Count} classes are named",
                nameof(options)
            );
        }

        if (options.Mean.Count != architecture.InputChannels || options.Deviation.Count != architecture.InputChannels)
        {
            throw new ArgumentException(
                $"'{architecture.Name}' takes {architecture.InputChannels} channels, the normalization has "
                    + $"{options.Mean.Count} and {options.Deviation.Count}",
                nameof(options)
            );
        }

        ModelSize.Require(architecture.Name, ArchitectureCost.Of(architecture).Parameters);
        var graph = new OnnxGraph(architecture.Name);
        var network = new NetworkGraph(graph, architecture.Activation, architecture.Padding);
        string value = graph.Input(
            "images",
            architecture.InputChannels,
            architecture.Resolution,
            architecture.Resolution
        );
        value = network.Normalize(value, options.Mean, options.Deviation);
        value = network.ActivatedConvolution(StemPrefix, value, architecture.Resolution, weights.Stem);
        for (int i = 0; i < architecture.Blocks.Count; i++)
        {
            int block = i;
            value = network.Block(
                $"{BlockPrefix}{i}.",
                value,
                architecture.Blocks[i],
                convolution => weights.Block(block, convolution)
            );
        }

        value = network.ActivatedConvolution(HeadPrefix, value, architecture.Head.InputResolution, weights.Head);
        graph.Output(
            network.Classifier(ClassifierPrefix, "logits", value, architecture.Head.Width, weights.Classifier),
            architecture.Classes
        );
        Describe(graph, architecture, options);
        return graph.ToBytes();
    }

    /// <summary>Writes the network with random weights, to time it before it is trained.</summary>
    /// <returns>The bytes of an ONNX file.</returns>
    /// <exception cref="InvalidInputException">The network has more parameters than a file can hold.</exception>
    public static byte[] Untrained(Architecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);

        // Before the names of so many classes are made.
        ModelSize.Require(architecture.Name, ArchitectureCost.Of(architecture).Parameters);
        return Export(
            architecture,
            new RandomWeights(architecture),
            ExportOptions.Untrained(architecture.InputChannels, architecture.Classes)
        );
    }

    /// <summary>
    /// Returns the index of the block that a node belongs to, by the node's name; null for nodes of other parts.
    /// </summary>
    internal static int? BlockOf(string node)
    {
        int dot = node.IndexOf('.', StringComparison.Ordinal);
        return
            dot > BlockPrefix.Length
            && node.StartsWith(BlockPrefix, StringComparison.Ordinal)
            && int.TryParse(
                node.AsSpan(BlockPrefix.Length, dot - BlockPrefix.Length),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out int block
            )
            ? block
            : null;
    }

    private static void Describe(OnnxGraph graph, Architecture architecture, ExportOptions options)
    {
        graph.Metadata(ClassesKey, JsonSerializer.Serialize(options.Classes));
        if (options.ClassIdentifiers.Count > 0)
        {
            graph.Metadata(OnnxClassifier.ClassIdentifiersKey, JsonSerializer.Serialize(options.ClassIdentifiers));
        }

        graph.Metadata(ResolutionKey, architecture.Resolution.ToString(CultureInfo.InvariantCulture));
        graph.Metadata(ResizeKey, options.Preprocessing?.Description ?? "none: untrained");
        if (options.Preprocessing is { } recipe)
        {
            graph.Metadata(PreprocessingRecipe.MetadataKey, recipe.ToJson());
        }

        graph.Metadata(
            NormalizationKey,
            JsonSerializer.Serialize(new { mean = options.Mean, deviation = options.Deviation })
        );
        graph.Metadata(OpsetKey, Opset.ToString(CultureInfo.InvariantCulture));
        graph.Metadata(ArchitectureKey, architecture.Name);
        foreach ((string key, string value) in options.Provenance)
        {
            graph.Metadata(ProvenancePrefix + key, value);
        }
    }
}
