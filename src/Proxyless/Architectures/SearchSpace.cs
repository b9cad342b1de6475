namespace Proxyless.Architectures;

/// <summary>A run of blocks of one width; the first of them carries the stride.</summary>
/// <param name="Width">Channels of every block's output.</param>
/// <param name="Depth">Number of blocks.</param>
/// <param name="Stride">Stride of the first block, 1 or 2.</param>
/// <param name="Candidates">What each block may be. <c>zero</c> is allowed only where a block keeps its shape.</param>
public sealed record Stage(int Width, int Depth, int Stride, IReadOnlyList<CandidateOperation> Candidates)
{
    /// <summary>Whether its blocks go without the shortcut that their shapes allow.</summary>
    internal bool LacksShortcut { get; init; }
}

/// <summary>A block that is searched: its shapes and its candidates.</summary>
/// <param name="Index">Its index among the searched blocks, from 0.</param>
/// <param name="Candidates">One <see cref="Block"/> per candidate; they differ only in the operation.</param>
public sealed record SearchBlock(int Index, IReadOnlyList<Block> Candidates)
{
    /// <summary>
    /// Returns the first candidate that makes the same network: where a block keeps its shape, those that compute
    /// nothing do.
    /// </summary>
    /// <param name="candidate">A candidate's index.</param>
    /// <param name="isThere">Whether a candidate of an index remains.</param>
    /// <returns>The candidate itself if it computes something, or if none that does not remains.</returns>
    internal int FirstAlike(int candidate, Func<int, bool> isThere) =>
        Candidates[candidate].IsPassThrough
            ? Enumerable
                .Range(0, Candidates.Count)
                .Where(j => isThere(j) && Candidates[j].IsPassThrough)
                .FirstOrDefault(candidate)
            : candidate;
}

/// <summary>
/// A search space: stem, an optional fixed first block, stages of searched blocks, head. <see cref="SearchSpaceFile"/>
/// reads it from YAML, <see cref="SearchSpacePresets"/> has spaces by name.
/// </summary>
public sealed record SearchSpace
{
    /// <summary>The smallest side of the images of a space, or of a run, in pixels.</summary>
    internal const int LeastResolution = 8;

    /// <summary>The largest side.</summary>
    internal const int MostResolution = 2048;

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Side of the square image in pixels.</summary>
    public required int Resolution { get; init; }

    /// <summary>3 for color, 1 for gray.</summary>
    public int InputChannels { get; init; } = 3;

    /// <summary>Channels of the first convolution.</summary>
    public required int StemWidth { get; init; }

    /// <summary>Stride of the first convolution.</summary>
    public required int StemStride { get; init; }

    /// <summary>
    /// Channels of the fixed first block (an inverted residual, kernel 3, expansion 1); 0 if there is none.
    /// </summary>
    public int FirstBlockWidth { get; init; }

    /// <summary>The searched stages in order.</summary>
    public required IReadOnlyList<Stage> Stages { get; init; }

    /// <summary>Channels of the last 1x1 convolution.</summary>
    public required int HeadWidth { get; init; }

    /// <summary>The non-linearity.</summary>
    public Activation Activation { get; init; } = Activation.Relu6;

    /// <summary>Where the zeros around the inputs of its convolutions are.</summary>
    internal ConvolutionPadding Padding { get; init; }

    /// <summary>The stem with its shapes.</summary>
    public Stem Stem => new(InputChannels, StemWidth, StemStride, Resolution);

    /// <summary>The fixed first block with its shapes, or null.</summary>
    public Block? FirstBlock =>
        FirstBlockWidth == 0
            ? null
            : new Block(
                CandidateOperation.InvertedResidual(3, 1),
                StemWidth,
                FirstBlockWidth,
                1,
                Stem.OutputResolution
            );

    /// <summary>Number of searched blocks.</summary>
    public int Depth => Stages.Sum(stage => stage.Depth);

    /// <summary>The searched blocks in order, with their shapes and candidates.</summary>
    public IReadOnlyList<SearchBlock> Blocks()
    {
        var blocks = new List<SearchBlock>(Depth);
        int width = FirstBlock?.OutputWidth ?? StemWidth;
        int side = Stem.OutputResolution;
        foreach (Stage stage in Stages)
        {
            for (int i = 0; i < stage.Depth; i++)
            {
                int stride = i == 0 ? stage.Stride : 1;
                bool keepsShape = stride == 1 && width == stage.Width;
                Block[] candidates =
                [
                    .. stage
                        .Candidates.Where(candidate => keepsShape || candidate.Kind != OperationKind.Zero)
                        .Select(candidate => new Block(candidate, width, stage.Width, stride, side)
                        {
                            LacksShortcut = stage.LacksShortcut,
                        }),
                ];
                blocks.Add(new SearchBlock(blocks.Count, candidates));
                width = stage.Width;
                side = candidates[0].OutputResolution;
            }
        }

        return blocks;
    }

    /// <summary>The head with its shapes.</summary>
    /// <param name="classes">Number of outputs of the classifier.</param>
    public Head Head(int classes)
    {
        IReadOnlyList<SearchBlock> blocks = Blocks();
        Block last = blocks[^1].Candidates[0];
        return new Head(last.OutputWidth, HeadWidth, classes, last.OutputResolution);
    }

    /// <summary>Returns the network that takes candidate <c>choice[i]</c> in block i.</summary>
    /// <param name="choice">A candidate's index for each searched block.</param>
    /// <param name="classes">Number of outputs of the classifier.</param>
    /// <param name="name">The architecture's name.</param>
    /// <param name="metadata">Where it comes from.</param>
    /// <exception cref="ArgumentException">The choice does not fit the space.</exception>
    public Architecture Architecture(
        IReadOnlyList<int> choice,
        int classes,
        string name,
        IReadOnlyDictionary<string, string>? metadata = null
    )
    {
        ArgumentNullException.ThrowIfNull(choice);
        if (Misfit(choice) is { } misfit)
        {
            throw new ArgumentException(misfit, nameof(choice));
        }

        IReadOnlyList<SearchBlock> blocks = Blocks();
        IEnumerable<Block> chosen = blocks.Select(block => block.Candidates[choice[block.Index]]);
        return new Architecture(
            name,
            Stem,
            [.. FirstBlock is { } first ? chosen.Prepend(first) : chosen],
            Head(classes),
            Activation,
            metadata ?? new Dictionary<string, string> { ["space"] = Name }
        )
        {
            Padding = Padding,
        };
    }

    /// <summary>Says why a choice of candidates is no network of this space; null if it is one.</summary>
    /// <param name="choice">A candidate's index for each searched block.</param>
    internal string? Misfit(IReadOnlyList<int> choice)
    {
        IReadOnlyList<SearchBlock> blocks = Blocks();
        if (choice.Count != blocks.Count)
        {
            return Invariant($"the space '{Name}' has {blocks.Count} blocks, the choice has {choice.Count}");
        }

        SearchBlock? without = blocks.FirstOrDefault(block =>
            choice[block.Index] < 0 || choice[block.Index] >= block.Candidates.Count
        );
        return without is null
            ? null
            : Invariant($"block {without.Index + 1} of the space '{Name}' has {without.Candidates.Count} candidates; ")
                + Invariant($"there is no number {choice[without.Index]}, counted from 0");
    }

    /// <summary>
    /// Returns the candidates that an architecture takes in each searched block; null if it is not in this space.
    /// </summary>
    public int[]? ChoiceOf(Architecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        IReadOnlyList<SearchBlock> blocks = Blocks();
        IReadOnlyList<Block> own =
            FirstBlock is { } first && architecture.Blocks.Count > 0 && architecture.Blocks[0] == first
                ? [.. architecture.Blocks.Skip(1)]
                : architecture.Blocks;
        if (
            own.Count != blocks.Count
            || architecture.Blocks.Count - own.Count != (FirstBlock is null ? 0 : 1)
            || architecture.Stem != Stem
            || architecture.Head != Head(architecture.Classes)
            || architecture.Activation != Activation
            || architecture.Padding != Padding
        )
        {
            return null;
        }

        int[] choice = [.. blocks.Select(block => block.Candidates.ToList().IndexOf(own[block.Index]))];
        return choice.Contains(-1) ? null : choice;
    }

    /// <summary>Returns the same space for images of another size or kind.</summary>
    public SearchSpace WithInput(int resolution, int channels) =>
        this with
        {
            Resolution = resolution,
            InputChannels = channels,
        };
}
