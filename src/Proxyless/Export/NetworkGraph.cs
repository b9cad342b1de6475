using Proxyless.Architectures;

namespace Proxyless.Export;

/// <summary>
/// The parts of a network as ONNX nodes, written so that ONNX Runtime fuses each convolution with the following
/// activation and, in a block with shortcut, the projection with the addition.
/// </summary>
internal sealed class NetworkGraph(
    OnnxGraph graph,
    Activation activation,
    ConvolutionPadding padding = ConvolutionPadding.Centered
)
{
    private string? _zero;
    private string? _six;

    /// <summary>
    /// (x - mean) / deviation for each channel. Padding comes after it, so it cannot be folded into the stem's weights.
    /// </summary>
    public string Normalize(string input, IReadOnlyList<float> mean, IReadOnlyList<float> deviation)
    {
        string shifted = graph.Node("Sub", "centered", [input, graph.Constant("mean", [.. mean], mean.Count, 1, 1)]);
        return graph.Node(
            "Div",
            "normalized",
            [shifted, graph.Constant("deviation", [.. deviation], mean.Count, 1, 1)]
        );
    }

    /// <summary>Convolution and activation: the stem and the first half of the head.</summary>
    /// <param name="prefix">The prefix of the names of its nodes, ending in a dot.</param>
    /// <param name="input">The name of its input.</param>
    /// <param name="side">Side of its input in pixels.</param>
    /// <param name="weights">The convolution.</param>
    public string ActivatedConvolution(string prefix, string input, int side, FoldedConvolution weights) =>
        Activate(prefix, Convolution(prefix, input, side, weights));

    /// <summary>One block, its shortcut included.</summary>
    /// <param name="prefix">The prefix of the names of its nodes, ending in a dot.</param>
    /// <param name="input">The name of its input.</param>
    /// <param name="block">Its shapes.</param>
    /// <param name="weights">Returns the convolutions of its operation.</param>
    /// <exception cref="ArgumentException">
    /// The block is a zero without shortcut, whose output would be constant.
    /// </exception>
    public string Block(string prefix, string input, Block block, Func<BlockConvolution, FoldedConvolution> weights)
    {
        if (block.IsPassThrough)
        {
            return input;
        }

        int side = block.InputResolution;
        switch (block.Operation.Kind)
        {
            case OperationKind.Zero:
                throw new ArgumentException(
                    $"block '{block.Key}' is zero without a shortcut: the network would have no output",
                    nameof(block)
                );
            case OperationKind.Identity:
                return Convolution($"{prefix}identity.", input, side, weights(BlockConvolution.Identity));
        }

        string hidden = block.Operation.HasExpansion
            ? ActivatedConvolution($"{prefix}expand.", input, side, weights(BlockConvolution.Expand))
            : input;
        hidden = ActivatedConvolution($"{prefix}depthwise.", hidden, side, weights(BlockConvolution.Depthwise));
        string output = Convolution(
            $"{prefix}project.",
            hidden,
            block.OutputResolution,
            weights(BlockConvolution.Project)
        );
        return block.HasShortcut ? graph.Node("Add", $"{prefix}sum", [output, input]) : output;
    }

    /// <summary>Mean over all pixels, then the linear layer, whose output is named <paramref name="output"/>.</summary>
    public string Classifier(string prefix, string output, string input, int width, ClassifierWeights weights)
    {
        string pooled = graph.Node("GlobalAveragePool", $"{prefix}pooled", [input]);
        string features = graph.Node("Flatten", $"{prefix}features", [pooled], OnnxGraph.Integer("axis", 1));
        string weight = graph.Constant($"{prefix}weight", weights.Weight, weights.Bias.Length, width);
        string bias = graph.Constant($"{prefix}bias", weights.Bias, weights.Bias.Length);
        return graph.Node("Gemm", output, [features, weight, bias], OnnxGraph.Integer("transB", 1));
    }

    private string Convolution(string prefix, string input, int side, FoldedConvolution weights)
    {
        int kernel = weights.Kernel;
        int inputsPerGroup = weights.Weight.Length / (weights.Outputs * kernel * kernel);
        string weight = graph.Constant(
            $"{prefix}weight",
            weights.Weight,
            weights.Outputs,
            inputsPerGroup,
            kernel,
            kernel
        );
        string bias = graph.Constant($"{prefix}bias", weights.Bias, weights.Outputs);
        (long before, long after) = PaddingMargins.Of(padding, side, kernel, weights.Stride);
        return graph.Node(
            "Conv",
            $"{prefix}convolution",
            [input, weight, bias],
            OnnxGraph.Integers("kernel_shape", kernel, kernel),
            OnnxGraph.Integers("strides", weights.Stride, weights.Stride),
            OnnxGraph.Integers("pads", before, before, after, after),
            OnnxGraph.Integer("group", weights.Groups)
        );
    }

    private string Activate(string prefix, string input)
    {
        string output = $"{prefix}activation";
        if (activation == Activation.Relu)
        {
            return graph.Node("Relu", output, [input]);
        }

        _zero ??= graph.Constant("zero", [0f]);
        _six ??= graph.Constant("six", [6f]);
        return graph.Node("Clip", output, [input, _zero, _six]);
    }
}
