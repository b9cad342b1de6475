namespace Proxyless.Architectures;

/// <summary>
/// One network as data: every operation with its shapes. <see cref="ArchitectureFile"/> reads and writes it,
/// <see cref="ArchitectureCost"/> counts it, Networks builds it, Export writes it as ONNX.
/// </summary>
/// <param name="Name">Its name in reports.</param>
/// <param name="Stem">The first convolution.</param>
/// <param name="Blocks">
/// The blocks in order, including those that compute nothing (<see cref="Block.IsPassThrough"/>).
/// </param>
/// <param name="Head">The classifier.</param>
/// <param name="Activation">The non-linearity.</param>
/// <param name="Metadata">Where it comes from (search, paper, device), as free text by name.</param>
public sealed record Architecture(
    string Name,
    Stem Stem,
    IReadOnlyList<Block> Blocks,
    Head Head,
    Activation Activation,
    IReadOnlyDictionary<string, string> Metadata
)
{
    /// <summary>Where the zeros around the inputs of its convolutions are.</summary>
    public ConvolutionPadding Padding { get; init; }

    /// <summary>Side of the square image in pixels.</summary>
    public int Resolution => Stem.InputResolution;

    /// <summary>3 for color, 1 for gray.</summary>
    public int InputChannels => Stem.InputChannels;

    /// <summary>Number of outputs of the classifier.</summary>
    public int Classes => Head.Classes;

    /// <summary>
    /// Returns the same network for images of another size, with the shapes of all blocks recomputed.
    /// </summary>
    public Architecture WithInput(int resolution, int channels, int classes)
    {
        Stem stem = Stem with { InputResolution = resolution, InputChannels = channels };
        int side = stem.OutputResolution;
        var blocks = new List<Block>(Blocks.Count);
        foreach (Block block in Blocks)
        {
            Block resized = block with { InputResolution = side };
            side = resized.OutputResolution;
            blocks.Add(resized);
        }

        return this with
        {
            Stem = stem,
            Blocks = blocks,
            Head = Head with { InputResolution = side, Classes = classes },
        };
    }

    /// <summary>
    /// Returns a network of only the first blocks, whose head passes the mean of each channel of the last block to the
    /// classifier: its convolution returns each channel and its negative, so that what the activation cuts off from one
    /// remains in the other.
    /// </summary>
    /// <param name="blocks">Number of blocks that are kept, at least 1.</param>
    public Architecture FirstBlocks(int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(blocks, Blocks.Count);
        Block last = Blocks[blocks - 1];
        return this with
        {
            Name = Invariant($"{Name}, {blocks} of {Blocks.Count} blocks"),
            Blocks = [.. Blocks.Take(blocks)],
            Head = new Head(last.OutputWidth, 2 * last.OutputWidth, Classes, last.OutputResolution),
        };
    }
}
