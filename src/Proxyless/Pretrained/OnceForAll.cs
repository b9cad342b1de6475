using Proxyless.Architectures;
using Proxyless.Networks;
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

/// <summary>A network of the super-network.</summary>
/// <param name="Architecture">The network.</param>
/// <param name="Weights">Its tensors as the authors' code names them.</param>
/// <param name="Transforms">What makes smaller kernels of its kernels.</param>
internal sealed record OnceForAllNetwork(Architecture Architecture, WeightsFile Weights, KernelTransforms Transforms);

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

    // Fewest blocks of a stage, but for the last stage, which has one.
    private const int FewestBlocks = 2;

    private const int LargestExpansion = 6;

    private static readonly int[] LargerKernels = [7, 5];

    /// <summary>Number of blocks that a choice covers.</summary>
    public static int ChoiceBlocks => StageDepths.Sum();

    /// <summary>Cuts a network out.</summary>
    /// <param name="weights">The super-network's file.</param>
    /// <param name="choice">What to keep.</param>
    /// <param name="resolution">Side of the images in pixels.</param>
    /// <param name="file">What to call the file in messages.</param>
    /// <exception cref="InvalidInputException">The choice or the file is not one of this super-network.</exception>
    public static OnceForAllNetwork Cut(WeightsFile weights, OnceForAllChoice choice, int resolution, string file)
    {
        Require(choice, file);
        var source = new Source(new AuthorsNaming().Renamed(weights, file).Tensors, file);
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
        var transforms = new KernelTransforms();
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
                foreach (int side in LargerKernels)
                {
                    int pixels = (side - 2) * (side - 2);
                    string matrix = $"{from}.depth_conv.conv.{side}to{side - 2}_matrix";
                    transforms.Add(blocks.Count, side, source.Of(matrix, pixels, pixels).Values);
                }

                CutBlock(source, from, blocks.Count, block, transforms, tensors);
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
                (int)source.Of("classifier.linear.bias", Source.Any).Shape[0]
            ),
            Activation.Relu6,
            new Dictionary<string, string> { ["paper"] = "arXiv 1908.09791" }
        );
        return new OnceForAllNetwork(architecture, weights.With(tensors), transforms);
    }

    /// <summary>Whether a file holds a super-network: matrices for smaller kernels.</summary>
    public static bool Is(WeightsFile weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return weights.Tensors.Keys.Any(name =>
            name.EndsWith($".{LargerKernels[0]}to{LargerKernels[1]}_matrix", StringComparison.Ordinal)
        );
    }

    /// <summary>Cuts out a network that is given.</summary>
    /// <param name="weights">The super-network's file.</param>
    /// <param name="network">The network.</param>
    /// <param name="file">What to call the file in messages.</param>
    /// <exception cref="InvalidInputException">
    /// The network is none of the super-network, or it is not clear which of its blocks are kept.
    /// </exception>
    public static OnceForAllNetwork Cut(WeightsFile weights, Architecture network, string file)
    {
        ArgumentNullException.ThrowIfNull(network);
        var source = new Source(new AuthorsNaming().Renamed(weights, file).Tensors, file);
        int[] widths =
        [
            .. StageDepths.Select(
                (_, stage) =>
                    source.Outputs($"blocks.{StageDepths.Take(stage).Sum() + 1}.{Prefix}.point_linear.conv.conv")
            ),
        ];
        if (network.Blocks.Skip(1).FirstOrDefault(block => !IsCut(block.Operation)) is { } other)
        {
            throw new InvalidInputException(
                $"'{network.Name}' has a block {other.Operation}, and the super-network in {file} has kernels of 3, 5 "
                    + "and 7 and expansions of 3, 4 and 6"
            )
            {
                File = file,
            };
        }

        Block[] chosen = [.. network.Blocks.Skip(1)];
        int[][] depths = [.. AllDepths().Where(depths => AreOf(chosen, depths, widths))];
        if (depths is not [var only])
        {
            throw new InvalidInputException(
                depths.Length == 0
                    ? $"'{network.Name}' is no network of the super-network in {file}: behind the first block its "
                        + $"stages have {string.Join(", ", widths)} channels, and {FewestBlocks} to {StageDepths[0]} "
                        + $"blocks each, but for a single last one"
                    : $"'{network.Name}' is more than one network of the super-network in {file}, whose stages have "
                        + $"{string.Join(", ", widths)} channels: its blocks may be divided among stages alike in "
                        + $"{depths.Length} ways"
            )
            {
                File = file,
            };
        }

        var kernels = new List<int>();
        var expansions = new List<int>();
        int next = 0;
        for (int stage = 0; stage < StageDepths.Length; stage++)
        {
            for (int i = 0; i < StageDepths[stage]; i++)
            {
                // What is left out means nothing.
                Block block = chosen[i < only[stage] ? next++ : 0];
                kernels.Add(block.Operation.Kernel);
                expansions.Add(block.Operation.Expansion);
            }
        }

        return Cut(weights, new OnceForAllChoice(kernels, expansions, only), network.Resolution, file);
    }

    private static bool IsCut(CandidateOperation operation) =>
        operation is { Kind: OperationKind.InvertedResidual, Kernel: 3 or 5 or 7, Expansion: 3 or 4 or 6 };

    private static IEnumerable<int[]> AllDepths() =>
        StageDepths.Aggregate(
            (IEnumerable<int[]>)
                [
                    [],
                ],
            (before, most) =>
                before.SelectMany(depths =>
                    Enumerable
                        .Range(Math.Min(FewestBlocks, most), most - Math.Min(FewestBlocks, most) + 1)
                        .Select(depth => (int[])[.. depths, depth])
                )
        );

    private static bool AreOf(Block[] blocks, int[] depths, int[] widths) =>
        blocks
            .Select(block => (block.OutputWidth, block.Stride))
            .SequenceEqual(
                depths.SelectMany(
                    (depth, stage) =>
                        Enumerable.Range(0, depth).Select(i => (widths[stage], i == 0 ? StageStrides[stage] : 1))
                )
            );

    private static void Require(OnceForAllChoice choice, string file)
    {
        if (
            choice.Kernels.Count != ChoiceBlocks
            || choice.Expansions.Count != ChoiceBlocks
            || choice.Depths.Count != StageDepths.Length
            || choice
                .Kernels.Zip(choice.Expansions)
                .Any(pair => !IsCut(CandidateOperation.InvertedResidual(pair.First, pair.Second)))
            || choice
                .Depths.Zip(StageDepths)
                .Any(pair => pair.First < Math.Min(FewestBlocks, pair.Second) || pair.First > pair.Second)
        )
        {
            throw new InvalidInputException(
                $"a network of the super-network in {file} is {ChoiceBlocks} kernels of 3, 5 or 7, {ChoiceBlocks} "
                    + "expansions of 3, 4 or 6, and depths of 2 to 4 for five stages and 1 for the last"
            );
        }
    }

    private static void CutBlock(
        Source source,
        string from,
        int number,
        Block block,
        KernelTransforms transforms,
        Dictionary<string, WeightTensor> tensors
    )
    {
        string to = $"blocks.{number}.{Prefix}";
        int hidden = block.HiddenWidth;
        tensors[$"{to}.inverted_bottleneck.conv.weight"] = source.First(
            $"{from}.inverted_bottleneck.conv.conv.weight",
            hidden,
            block.InputWidth,
            1,
            1
        );
        source.CopyNorm($"{from}.inverted_bottleneck.bn.bn", $"{to}.inverted_bottleneck.bn", hidden, tensors);
        tensors[$"{to}.depth_conv.conv.weight"] = transforms.Smaller(
            number,
            source.First($"{from}.depth_conv.conv.conv.weight", hidden, 1, LargerKernels[0], LargerKernels[0]),
            block.Operation.Kernel
        );
        source.CopyNorm($"{from}.depth_conv.bn.bn", $"{to}.depth_conv.bn", hidden, tensors);
        tensors[$"{to}.point_linear.conv.weight"] = FirstInputs(
            source.Of($"{from}.point_linear.conv.conv.weight", Source.Any, LargestExpansion * block.InputWidth, 1, 1),
            hidden
        );
        source.CopyNorm($"{from}.point_linear.bn.bn", $"{to}.point_linear.bn", block.OutputWidth, tensors);
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
        /// <summary>A side of any length but 0.</summary>
        public const int Any = -1;

        private static readonly string[] NormParts = ["weight", "bias", "running_mean", "running_var"];

        public WeightTensor this[string name] =>
            tensors.GetValueOrDefault(name)
            ?? throw new InvalidInputException(
                $"{file} lacks '{name}': it is not the super-network of Once-for-all in the space of ProxylessNAS"
            )
            {
                File = file,
            };

        public int Outputs(string layer) => (int)Of($"{layer}.weight", Any, Any, Any, Any).Shape[0];

        /// <summary>A tensor of a shape.</summary>
        public WeightTensor Of(string name, params ReadOnlySpan<int> shape) => Of(name, fewest: 0, shape);

        /// <summary>The first entries along the first side of a tensor, whose other sides are given.</summary>
        public WeightTensor First(string name, int count, params ReadOnlySpan<int> others)
        {
            WeightTensor whole = Of(name, count, [Any, .. others]);
            long each = whole.Values.Length / whole.Shape[0];
            return new WeightTensor([count, .. whole.Shape[1..]], whole.Values[..(int)(count * each)]);
        }

        private WeightTensor Of(string name, int fewest, ReadOnlySpan<int> shape)
        {
            WeightTensor tensor = this[name];
            bool isOf =
                tensor.Shape.Length == shape.Length
                && tensor.Values.Length > 0
                && (shape.Length == 0 || tensor.Shape[0] >= fewest);
            for (int i = 0; isOf && i < shape.Length; i++)
            {
                isOf = shape[i] == Any || tensor.Shape[i] == shape[i];
            }

            if (isOf)
            {
                return WeightsImport.FaultOf(name, tensor) is { } fault
                    ? throw new InvalidInputException($"{file}: {fault}") { File = file }
                    : tensor;
            }

            string[] sides = [.. shape.ToArray().Select(side => side == Any ? "1 or more" : Invariant($"{side}"))];
            if (fewest > 0)
            {
                sides[0] = Invariant($"{fewest} or more");
            }

            throw new InvalidInputException(
                $"{file}: '{name}' is [{string.Join(", ", tensor.Shape)}], and in the super-network "
                    + $"[{string.Join(", ", sides)}]"
            )
            {
                File = file,
            };
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
