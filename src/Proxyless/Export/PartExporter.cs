using Proxyless.Architectures;

namespace Proxyless.Export;

/// <summary>
/// Parts of a network as separate ONNX models with random weights: for targets that can only time whole models.
/// </summary>
internal static class PartExporter
{
    /// <summary>
    /// The parts of a space by their keys in a latency table, each with a function that writes its model. Blocks that
    /// compute nothing are left out.
    /// </summary>
    /// <exception cref="InvalidInputException">A part has more parameters than a file can hold.</exception>
    public static IReadOnlyDictionary<string, Func<byte[]>> Parts(SearchSpace space, int classes)
    {
        Head head = space.Head(classes);
        ModelSize.Require(head.ClassifierKey, ArchitectureCost.Of(head).Parameters);
        var parts = new Dictionary<string, Func<byte[]>> { [space.Stem.Key] = () => StemModel(space) };
        foreach (Block block in SpaceParts.Blocks(space))
        {
            ModelSize.Require(block.Key, ArchitectureCost.Of(block).Parameters);
            parts.Add(block.Key, () => BlockModel(block, space.Activation));
        }

        parts[head.ConvolutionKey] = () => HeadModel(head, space.Activation);
        parts[head.ClassifierKey] = () => ClassifierModel(head, space.Activation);
        return parts;
    }

    private static byte[] StemModel(SearchSpace space)
    {
        Stem stem = space.Stem;
        var graph = new OnnxGraph(stem.Key);
        string images = graph.Input("images", stem.InputChannels, stem.InputResolution, stem.InputResolution);
        string output = new NetworkGraph(graph, space.Activation).ActivatedConvolution(
            NetworkExporter.StemPrefix,
            images,
            stem.InputResolution,
            RandomWeights.Of(stem, 0)
        );
        graph.Output(output, stem.Width, stem.OutputResolution, stem.OutputResolution);
        return graph.ToBytes();
    }

    private static byte[] BlockModel(Block block, Activation activation)
    {
        var graph = new OnnxGraph(block.Key);
        string input = graph.Input("input", block.InputWidth, block.InputResolution, block.InputResolution);
        string output = new NetworkGraph(graph, activation).Block(
            "block0.",
            input,
            block,
            convolution => RandomWeights.Of(block, convolution, (int)convolution)
        );
        graph.Output(output, block.OutputWidth, block.OutputResolution, block.OutputResolution);
        return graph.ToBytes();
    }

    private static byte[] HeadModel(Head head, Activation activation)
    {
        var graph = new OnnxGraph(head.ConvolutionKey);
        string input = graph.Input("input", head.InputWidth, head.InputResolution, head.InputResolution);
        string output = new NetworkGraph(graph, activation).ActivatedConvolution(
            NetworkExporter.HeadPrefix,
            input,
            head.InputResolution,
            RandomWeights.Of(head, 0)
        );
        graph.Output(output, head.Width, head.InputResolution, head.InputResolution);
        return graph.ToBytes();
    }

    private static byte[] ClassifierModel(Head head, Activation activation)
    {
        var graph = new OnnxGraph(head.ClassifierKey);
        string input = graph.Input("input", head.Width, head.InputResolution, head.InputResolution);
        string output = new NetworkGraph(graph, activation).Classifier(
            NetworkExporter.ClassifierPrefix,
            "logits",
            input,
            head.Width,
            RandomWeights.ClassifierOf(head, 0)
        );
        graph.Output(output, head.Classes);
        return graph.ToBytes();
    }
}
