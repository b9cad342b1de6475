namespace Proxyless.Architectures;

/// <summary>
/// The space that a network spans: each of its blocks may stay as it is, take a smaller kernel or fewer hidden
/// channels, or be reduced to its shortcut. The first candidate of each block is the unchanged block.
/// </summary>
internal static class SpannedSpace
{
    private const int SmallestKernel = 3;

    // With fewer than a third of the hidden channels, too little remains; neighboring shares are far enough apart to be
    // told apart by timing.
    private static readonly double[] Shares = [1, 5.0 / 6, 2.0 / 3, 1.0 / 2, 1.0 / 3];

    /// <summary>Returns the space.</summary>
    /// <param name="network">The network, at the resolution of the space.</param>
    public static SearchSpace Of(Architecture network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return new SearchSpace
        {
            Name = network.Name,
            Resolution = network.Resolution,
            InputChannels = network.InputChannels,
            StemWidth = network.Stem.Width,
            StemStride = network.Stem.Stride,
            Stages =
            [
                .. network.Blocks.Select(block => new Stage(
                    block.OutputWidth,
                    Depth: 1,
                    block.Stride,
                    [.. CandidatesOf(block)]
                )
                {
                    LacksShortcut = block.LacksShortcut,
                }),
            ],
            HeadWidth = network.Head.Width,
            Activation = network.Activation,
            Padding = network.Padding,
        };
    }

    private static IEnumerable<CandidateOperation> CandidatesOf(Block block)
    {
        CandidateOperation whole = block.Operation;
        if (whole.Kind != OperationKind.InvertedResidual)
        {
            return [whole];
        }

        IEnumerable<CandidateOperation> residuals = KernelsOf(whole.Kernel)
            .SelectMany(kernel =>
                Shares
                    .Select(share => Math.Max(1, (int)Math.Round(share * whole.Expansion)))
                    .Distinct()
                    .Select(expansion =>
                        whole with
                        {
                            Kernel = kernel,
                            Expansion = expansion,
                            AlwaysExpands = whole.HasExpansion && expansion == 1,
                        }
                    )
            );
        return block.HasShortcut ? residuals.Append(CandidateOperation.Zero) : residuals;
    }

    private static IEnumerable<int> KernelsOf(int largest)
    {
        yield return largest;
        for (int kernel = largest - 2; kernel >= SmallestKernel; kernel -= 2)
        {
            yield return kernel;
        }
    }
}
