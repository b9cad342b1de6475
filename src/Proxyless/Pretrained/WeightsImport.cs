using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Networks;
using Proxyless.Weights;
using static TorchSharp.torch;

namespace Proxyless.Pretrained;

/// <summary>Puts the weights of a file into a network.</summary>
internal static class WeightsImport
{
    private const int MostListed = 10;

    // A counter of PyTorch's batch norm that nothing reads.
    private const string BatchCount = ".num_batches_tracked";

    private const string VarianceName = ".running_var";

    /// <summary>Copies every tensor.</summary>
    /// <param name="network">Receives the weights.</param>
    /// <param name="depths">
    /// How many blocks each stage of the network has; none: as the names of the tensors tell, where they do.
    /// </param>
    /// <param name="weights">The tensors by the names of another code base.</param>
    /// <param name="epsilon">
    /// What that code base adds to the variance. If it is not <see cref="BatchNorm.Epsilon"/>, the scale gamma becomes
    /// gamma sqrt((variance + ours) / (variance + theirs)), so that the network computes the same.
    /// </param>
    /// <param name="file">What to call the file in messages.</param>
    /// <exception cref="InvalidInputException">
    /// Tensors are missing, left over, of another shape, or hold what no weight is; the message lists them, with the
    /// names that come nearest.
    /// </exception>
    public static void Copy(
        CompactNetwork network,
        IReadOnlyList<int> depths,
        WeightsFile weights,
        double epsilon,
        string file
    )
    {
        var naming = TensorNaming.Of(weights, file);
        weights = naming.Renamed(weights, file);
        depths = depths.Count > 0 ? depths : DepthsOf(network, weights, naming, file);
        (ConvolutionLayer Layer, LayerNames Names)[] layers = [.. LayersOf(network, depths, naming)];
        (NetworkTensor Target, string Source)[] pairs =
        [
            .. layers.SelectMany(layer => TensorsOf(layer.Layer, layer.Names)),
            (network.Head.Weight, $"{naming.Classifier}.weight"),
            (network.Head.Bias, $"{naming.Classifier}.bias"),
        ];
        Require(pairs, weights, network.Architecture.Name, file);
        foreach ((NetworkTensor target, string source) in pairs)
        {
            WeightTensor values = weights.Tensors[source];
            using Tensor copy = tensor(values.Values, target.Value.shape);
            target.CopyFrom(copy);
        }

        foreach ((ConvolutionLayer layer, _) in layers)
        {
            Rescale(layer, epsilon);
        }
    }

    /// <summary>The convolutions of a network, and what another code base calls them.</summary>
    public static IEnumerable<(ConvolutionLayer Layer, LayerNames Names)> LayersOf(
        CompactNetwork network,
        IReadOnlyList<int> depths,
        TensorNaming naming
    )
    {
        var named = new NamedNetwork(network.Architecture, depths);
        yield return (network.Stem, naming.Stem);
        for (int i = 0; i < network.Blocks.Count; i++)
        {
            BlockPath block = network.Blocks[i];
            if (block.Project is null)
            {
                continue;
            }

            BlockNames names = naming.Block(named, i);
            if (block.Expand is not null)
            {
                yield return (block.Expand, names.Expand);
            }

            if (block.Depthwise is not null)
            {
                yield return (block.Depthwise, names.Depthwise);
            }

            yield return (block.Project, names.Project);
        }

        yield return (network.Head.Convolution, naming.Head(named));
    }

    /// <summary>The tensors of a convolution and of its batch norm, and what another code base calls them.</summary>
    public static IEnumerable<(NetworkTensor Target, string Source)> TensorsOf(
        ConvolutionLayer layer,
        LayerNames names
    ) =>
        [
            (layer.Weight, $"{names.Convolution}.weight"),
            (layer.Scale, $"{names.Norm}.weight"),
            (layer.Shift, $"{names.Norm}.bias"),
            (layer.Mean, $"{names.Norm}.running_mean"),
            (layer.Variance, $"{names.Norm}{VarianceName}"),
        ];

    /// <summary>
    /// The first number of a tensor that no weight is, with its place: it is not finite, or a negative variance.
    /// </summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="tensor">The tensor.</param>
    /// <returns>What is wrong, for a message; null: nothing.</returns>
    public static string? FaultOf(string name, WeightTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(tensor);
        bool isVariance = name.EndsWith(VarianceName, StringComparison.Ordinal);
        int place = Array.FindIndex(tensor.Values, value => !float.IsFinite(value) || (isVariance && value < 0));
        if (place < 0)
        {
            return null;
        }

        float number = tensor.Values[place];
        return Invariant($"'{name}' holds {number} at [{string.Join(", ", IndexOf(tensor.Shape, place))}]")
            + (float.IsFinite(number) ? ", and no variance is negative" : "");
    }

    private static IReadOnlyList<int> DepthsOf(
        CompactNetwork network,
        WeightsFile weights,
        TensorNaming naming,
        string file
    )
    {
        int blocks = network.Blocks.Count;
        IReadOnlyList<int> depths = naming.DepthsOf(weights.Tensors.Keys, blocks);
        return depths.Count == 0 || depths.Sum() == blocks
            ? depths
            : throw new InvalidInputException(
                $"{file} does not hold the weights of '{network.Architecture.Name}': by their names its stages have "
                    + $"{string.Join(", ", depths)} blocks, {depths.Sum()} in all, and the network has {blocks}"
            )
            {
                File = file,
            };
    }

    /// <summary>
    /// Whether a tensor has the shape of a target; a classifier [classes, width] may be a 1x1 convolution.
    /// </summary>
    private static bool IsOf(long[] shape, long[] target)
    {
        long[] convolution = [.. target, 1, 1];
        return shape.SequenceEqual(target) || (target.Length == 2 && shape.SequenceEqual(convolution));
    }

    /// <summary>The index of a number for each side of a tensor.</summary>
    private static long[] IndexOf(long[] shape, long place)
    {
        long[] index = new long[shape.Length];
        for (int side = shape.Length - 1; side >= 0; side--)
        {
            (place, index[side]) = Math.DivRem(place, shape[side]);
        }

        return index;
    }

    private static void Rescale(ConvolutionLayer layer, double epsilon)
    {
        float[] variance = layer.Variance.ToArray();
        float[] scale = layer.Scale.ToArray();
        for (int i = 0; i < scale.Length; i++)
        {
            scale[i] = (float)(scale[i] * Math.Sqrt((variance[i] + BatchNorm.Epsilon) / (variance[i] + epsilon)));
        }

        using Tensor rescaled = tensor(scale);
        layer.Scale.CopyFrom(rescaled);
    }

    private static void Require(
        IReadOnlyList<(NetworkTensor Target, string Source)> pairs,
        WeightsFile weights,
        string network,
        string file
    )
    {
        HashSet<string> wanted = [.. pairs.Select(pair => pair.Source)];
        string[] surplus =
        [
            .. weights
                .Tensors.Keys.Where(name =>
                    !wanted.Contains(name) && !name.EndsWith(BatchCount, StringComparison.Ordinal)
                )
                .Order(StringComparer.Ordinal),
        ];
        int faults = 0;
        var listed = new List<string>();
        void Add(Func<string> fault)
        {
            // The names of a large file take minutes to compare.
            if (++faults <= MostListed)
            {
                listed.Add(fault());
            }
        }

        foreach ((NetworkTensor target, string source) in pairs)
        {
            if (!weights.Tensors.TryGetValue(source, out WeightTensor? found))
            {
                Add(() =>
                    weights.Unread.TryGetValue(source, out string? kind)
                        ? $"'{source}' is no tensor that is read ({kind})"
                        : $"'{source}' is missing{NearestName.Suggestion(source, surplus)}"
                );
            }
            else if (!IsOf(found.Shape, target.Value.shape))
            {
                Add(() =>
                    $"'{source}' is [{string.Join(", ", found.Shape)}], the network's is "
                    + $"[{string.Join(", ", target.Value.shape)}]"
                );
            }
            else if (FaultOf(source, found) is { } fault)
            {
                Add(() => fault);
            }
        }

        foreach (string name in surplus)
        {
            Add(() => $"'{name}' has no place in the network");
        }

        if (faults > 0)
        {
            string more = faults > MostListed ? $"; and {faults - MostListed} more" : "";
            throw new InvalidInputException(
                $"{file} does not hold the weights of '{network}': {string.Join("; ", listed)}{more}"
                    + weights.OtherStateDicts
            )
            {
                File = file,
            };
        }
    }
}
