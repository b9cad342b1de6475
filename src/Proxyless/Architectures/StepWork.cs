namespace Proxyless.Architectures;

/// <summary>The least work of one weight step of a network, whatever the implementation.</summary>
/// <param name="MultiplyAdds">
/// Those of all convolutions and the classifier, three times: forward, gradient of the input, gradient of the weights.
/// The first convolution has no gradient of its input.
/// </param>
/// <param name="Bytes">
/// Memory traffic if nothing larger than the caches stays in them from one pass over the batch to the next. Batch norm
/// needs the statistics of the whole batch before it can be applied, and its gradient needs sums over the whole batch:
/// so the output of each convolution is written once and read three times (by what follows; for the sums; for the
/// gradient), and the gradient of what follows is written once and read once. Parameters: read twice, their gradients
/// written; the optimizer reads three arrays and writes two. Single precision.
/// </param>
internal readonly record struct StepWork(double MultiplyAdds, double Bytes)
{
    /// <summary>Of the output of a convolution and the gradient of what follows it.</summary>
    public const int PassesOverOutputs = 6;

    private const int PassesOverParameters = 8;

    /// <summary>Counts a step.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="batch">Images per step.</param>
    public static StepWork Of(Architecture architecture, int batch)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        ArchitectureCost cost = ArchitectureCost.Of(architecture);
        double outputs =
            Square(architecture.Stem.OutputResolution) * architecture.Stem.Width
            + architecture.Blocks.Sum(Outputs)
            + (Square(architecture.Head.InputResolution) * architecture.Head.Width);
        return new StepWork(
            batch * ((3.0 * cost.MultiplyAdds) - ArchitectureCost.Of(architecture.Stem).MultiplyAdds),
            sizeof(float) * ((PassesOverOutputs * batch * outputs) + (PassesOverParameters * (double)cost.Parameters))
        );
    }

    // Output values of a block's convolutions for one image.
    private static double Outputs(Block block)
    {
        if (block.IsPassThrough || block.Operation.Kind == OperationKind.Zero)
        {
            return 0;
        }

        double last = Square(block.OutputResolution) * block.OutputWidth;
        if (block.Operation.Kind == OperationKind.Identity)
        {
            return last;
        }

        double expanded = block.Operation.HasExpansion ? Square(block.InputResolution) * block.HiddenWidth : 0;
        return expanded + (Square(block.OutputResolution) * block.HiddenWidth) + last;
    }

    private static double Square(double side) => side * side;
}
