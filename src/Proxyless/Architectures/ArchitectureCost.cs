namespace Proxyless.Architectures;

/// <summary>
/// Parameters and multiply-adds, counted as the ProxylessNAS authors' own counters do: all parameters, including batch
/// norm's scale and shift and the classifier's bias; the multiply-adds of convolutions and of the classifier's matrix,
/// none for batch norm, bias or activations.
/// </summary>
/// <param name="Parameters">Number of parameters.</param>
/// <param name="MultiplyAdds">Multiply-adds for one image.</param>
public readonly record struct ArchitectureCost(long Parameters, long MultiplyAdds)
{
    /// <summary>Counts a whole network.</summary>
    public static ArchitectureCost Of(Architecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return architecture.Blocks.Aggregate(
            Of(architecture.Stem) + Of(architecture.Head),
            (sum, block) => sum + Of(block)
        );
    }

    /// <summary>Counts the first convolution.</summary>
    public static ArchitectureCost Of(Stem stem)
    {
        ArgumentNullException.ThrowIfNull(stem);
        return Convolution(stem.InputChannels, stem.Width, 3, 1, stem.OutputResolution);
    }

    /// <summary>Counts one block.</summary>
    public static ArchitectureCost Of(Block block)
    {
        ArgumentNullException.ThrowIfNull(block);
        switch (block.Operation.Kind)
        {
            case OperationKind.Zero:
                return default;
            case OperationKind.Identity:
                return block.KeepsShape
                    ? default
                    : Convolution(block.InputWidth, block.OutputWidth, 1, 1, block.OutputResolution);
            default:
                int hidden = block.HiddenWidth;
                ArchitectureCost expand = block.Operation.HasExpansion
                    ? Convolution(block.InputWidth, hidden, 1, 1, block.InputResolution)
                    : default;
                return expand
                    + Convolution(hidden, hidden, block.Operation.Kernel, hidden, block.OutputResolution)
                    + Convolution(hidden, block.OutputWidth, 1, 1, block.OutputResolution);
        }
    }

    /// <summary>Counts the last convolution and the classifier.</summary>
    public static ArchitectureCost Of(Head head)
    {
        ArgumentNullException.ThrowIfNull(head);
        long classifier = (long)head.Width * head.Classes;
        return Convolution(head.InputWidth, head.Width, 1, 1, head.InputResolution)
            + new ArchitectureCost(classifier + head.Classes, classifier);
    }

    /// <summary>Adds two costs.</summary>
    public static ArchitectureCost operator +(ArchitectureCost left, ArchitectureCost right) =>
        new(left.Parameters + right.Parameters, left.MultiplyAdds + right.MultiplyAdds);

    /// <summary>Adds two costs.</summary>
    public static ArchitectureCost Add(ArchitectureCost left, ArchitectureCost right) => left + right;

    private static ArchitectureCost Convolution(int input, int output, int kernel, int groups, int outputResolution)
    {
        long weights = (long)output * (input / groups) * kernel * kernel;
        return new(weights + (2L * output), weights * outputResolution * outputResolution);
    }
}
