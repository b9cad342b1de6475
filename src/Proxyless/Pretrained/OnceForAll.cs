using Proxyless.Architectures;
using Proxyless.Weights;

namespace Proxyless.Pretrained;

/// <summary>What is cut out of a super-network, block by block in the order of the file.</summary>
/// <param name="Kernels">Sides of the kernels: 3, 5 or 7.</param>
/// <param name="Expansions">Hidden channels per input channel.</param>
/// <param name="Depths">How many of its blocks each stage keeps, counted from the first.</param>
internal sealed record OnceForAllChoice(
    IReadOnlyList<int> Kernels,
    IReadOnlyList<int> Expansions,
    IReadOnlyList<int> Depths
);

/// <summary>
/// The super-network of Once-for-all in the space of ProxylessNAS (Cai et al., ICLR 2020, arXiv 1908.09791): one file
/// with the weights of many networks. A smaller kernel is the middle of the larger one, transformed by its own matrix;
/// a smaller expansion is the first hidden channels; a shallower stage is its first blocks.
/// </summary>
internal static class OnceForAll
{
    private const string Prefix = "mobile_inverted_conv";

    // A block that is always there, five stages of up to four blocks, and a last block.
    private static readonly int[] StageDepths = [4, 4, 4, 4, 4, 1];
    private static readonly int[] StageStrides = [2, 2, 2, 1, 2, 1];

    /// <summary>Number of blocks that a choice covers.</summary>
    public static int ChoiceBlocks => StageDepths.Sum();

    /// <summary>Cuts a network out.</summary>
    /// <param name="weights">The super-network's file.</param>
    /// <param name="choice">What to keep.</param>
    /// <param name="resolution">Side of the images in pixels.</param>
    /// <param name="file">What to call the file in messages.</param>
    /// <returns>The network, and its tensors as the authors' code names them.</returns>
    /// <exception cref="InvalidInputException">The choice or the file is not one of this super-network.</exception>
    public static (Architecture Architecture, WeightsFile Weights) Cut(
        WeightsFile weights,
        OnceForAllChoice choice,
        int resolution,
        string file
    )
    {
        Require(choice);
        var source = new Source(new AuthorsNaming().Renamed(weights).Tensors, file);
        var tensors = new Dictionary<string, WeightTensor>();
        foreach (string layer in (string[])["first_conv", $"blocks.0.{Prefix}", "feature_mix_layer"])
        {
            source.CopyAll(layer, tensors);
        }

        tensors["classifier.linear.weight"] = source["classifier.linear.weight"];
        tensors["classifier.linear.bias"] = source["classifier.linear.bias"];
        var stem = new Stem(3, source.Outputs("first_conv.conv"), 2, resolution);
        var first = new Block(
            CandidateOperation.InvertedResidual(3, 1),
            stem.Width,
            source.Outputs($"blocks.0.{Prefix}.point_linear.conv"),
            1,
            stem.OutputResolution
        );
        var blocks = new List<Block> { first };
        int begin = 0;
        for (int stage = 0; stage < StageDepths.Length; stage++)
        {
            for (int i = begin; i < begin + choice.Depths[stage]; i++)
            {
                Block last = blocks[^1];
                string from = $"blocks.{i + 1}.{Prefix}";
                var block = new Block(
                    CandidateOperation.InvertedResidual(choice.Kernels[i], choice.Expansions[i]),
                    last.OutputWidth,
                    source.Outputs($"{from}.point_linear.conv.conv"),
                    i == begin ? StageStrides[stage] : 1,
                    last.OutputResolution
                );
                CutBlock(source, from, $"blocks.{blocks.Count}.{Prefix}", block, tensors);
                blocks.Add(block);
            }

            begin += StageDepths[stage];
        }

        var architecture = new Architecture(
            "once-for-all",
            stem,
            blocks,
            StageText.HeadOf(
                blocks,
                source.Outputs("feature_mix_layer.conv"),
                (int)source["classifier.linear.bias"].Shape[0]
            ),
            Activation.Relu6,
            new Dictionary<string, string> { ["paper"] = "arXiv 1908.09791" }
        );
        return (architecture, weights.With(tensors));
    }

    private static void Require(OnceForAllChoice choice)
    {
        if (
            choice.Kernels.Count != ChoiceBlocks
            || choice.Expansions.Count != ChoiceBlocks
            || choice.Depths.Count != StageDepths.Length
            || choice.Kernels.Any(kernel => kernel is not (3 or 5 or 7))
            || choice.Expansions.Any(expansion => expansion is not (3 or 4 or 6))
            || choice
                .Depths.Zip(StageDepths)
                .Any(pair => pair.First < Math.Min(2, pair.Second) || pair.First > pair.Second)
        )
        {
            throw new InvalidInputException(
                $"a network of Once-for-all is {ChoiceBlocks} kernels of 3, 5 or 7, {ChoiceBlocks} expansions of 3, 4 "
                    + $"or 6, and depths of 2 to 4 for five stages and 1 for the last"
            );
        }
    }

    private static void CutBlock(
        Source source,
        string from,
        string to,
        Block block,
        Dictionary<string, WeightTensor> tensors
    )
    {
        int hidden = block.HiddenWidth;
        tensors[$"{to}.inverted_bottleneck.conv.weight"] = source.First(
            $"{from}.inverted_bottleneck.conv.conv.weight",
            hidden
        );
        source.CopyNorm($"{from}.inverted_bottleneck.bn.bn", $"{to}.inverted_bottleneck.bn", hidden, tensors);
        tensors[$"{to}.depth_conv.conv.weight"] = Kernel(
            source,
            $"{from}.depth_conv.conv",
            hidden,
            block.Operation.Kernel
        );
        source.CopyNorm($"{from}.depth_conv.bn.bn", $"{to}.depth_conv.bn", hidden, tensors);
        tensors[$"{to}.point_linear.conv.weight"] = FirstInputs(
            source[$"{from}.point_linear.conv.conv.weight"],
            hidden
        );
        source.CopyNorm($"{from}.point_linear.bn.bn", $"{to}.point_linear.bn", block.OutputWidth, tensors);
    }

    /// <summary>
    /// The kernels [C, 1, K, K] of the first channels: the middle of the next larger ones, transformed.
    /// </summary>
    private static WeightTensor Kernel(Source source, string layer, int channels, int kernel)
    {
        WeightTensor kernels = source.First($"{layer}.conv.weight", channels);
        for (int side = (int)kernels.Shape[2]; side > kernel; side -= 2)
        {
            int smaller = side - 2;
            float[] matrix = source[$"{layer}.{side}to{smaller}_matrix"].Values;
            int pixels = smaller * smaller;
            float[] values = new float[channels * pixels];
            for (int c = 0; c < channels; c++)
            {
                for (int output = 0; output < pixels; output++)
                {
                    double sum = 0;
                    for (int input = 0; input < pixels; input++)
                    {
                        int row = (input / smaller) + 1;
                        int column = (input % smaller) + 1;
                        sum +=
                            (double)matrix[(output * pixels) + input]
                            * kernels.Values[(((c * side) + row) * side) + column];
                    }

                    values[(c * pixels) + output] = (float)sum;
                }
            }

            kernels = new WeightTensor([channels, 1, smaller, smaller], values);
        }

        return kernels;
    }

    /// <summary>The part of weights [O, I, 1, 1] for the first inputs.</summary>
    private static WeightTensor FirstInputs(WeightTensor weights, int inputs)
    {
        int outputs = (int)weights.Shape[0];
        int all = (int)weights.Shape[1];
        float[] values = new float[outputs * inputs];
        for (int o = 0; o < outputs; o++)
        {
            weights.Values.AsSpan(o * all, inputs).CopyTo(values.AsSpan(o * inputs));
        }

        return new WeightTensor([outputs, inputs, 1, 1], values);
    }

    /// <summary>The tensors of the file, with messages that name it.</summary>
    private sealed class Source(IReadOnlyDictionary<string, WeightTensor> tensors, string file)
    {
        private static readonly string[] NormParts = ["weight", "bias", "running_mean", "running_var"];

        public WeightTensor this[string name] =>
            tensors.GetValueOrDefault(name)
            ?? throw new InvalidInputException(
                $"{file} lacks '{name}': it is not the super-network of Once-for-all in the space of ProxylessNAS"
            )
            {
                File = file,
            };

        public int Outputs(string layer) => (int)this[$"{layer}.weight"].Shape[0];

        /// <summary>The first entries along the first side.</summary>
        public WeightTensor First(string name, int count)
        {
            WeightTensor whole = this[name];
            if (whole.Shape is not [var all, ..] || all < count)
            {
                throw new InvalidInputException(
                    $"{file}: '{name}' has {whole.Shape.FirstOrDefault()} channels and not the first {count}"
                )
                {
                    File = file,
                };
            }

            long each = whole.Values.Length / all;
            return new WeightTensor([count, .. whole.Shape[1..]], whole.Values[..(int)(count * each)]);
        }

        public void CopyNorm(string from, string to, int channels, Dictionary<string, WeightTensor> copies)
        {
            foreach (string part in NormParts)
            {
                copies[$"{to}.{part}"] = First($"{from}.{part}", channels);
            }
        }

        public void CopyAll(string layer, Dictionary<string, WeightTensor> copies)
        {
            foreach ((string name, WeightTensor tensor) in tensors)
            {
                if (name.StartsWith($"{layer}.", StringComparison.Ordinal))
                {
                    copies[name] = tensor;
                }
            }
        }
    }
}
