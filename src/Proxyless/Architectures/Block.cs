namespace Proxyless.Architectures;

/// <summary>One block of a network with all its shapes: enough to build it, to count it and to time it alone.</summary>
/// <param name="Operation">What it computes.</param>
/// <param name="InputWidth">Input channels.</param>
/// <param name="OutputWidth">Output channels.</param>
/// <param name="Stride">1 or 2.</param>
/// <param name="InputResolution">Side of the square input in pixels.</param>
public sealed record Block(
    CandidateOperation Operation,
    int InputWidth,
    int OutputWidth,
    int Stride,
    int InputResolution
)
{
    /// <summary>Whether input and output have the same shape.</summary>
    public bool KeepsShape => Stride == 1 && InputWidth == OutputWidth;

    /// <summary>
    /// Whether the block goes without the shortcut that its shape allows, as the first block of narrow networks does.
    /// </summary>
    public bool LacksShortcut { get; init; }

    /// <summary>
    /// Whether the input is added to the operation's output. An identity path is never added to a shortcut.
    /// </summary>
    public bool HasShortcut => KeepsShape && !LacksShortcut && Operation.Kind != OperationKind.Identity;

    /// <summary>
    /// Whether the block computes nothing: <c>zero</c> beside a shortcut, or an identity that keeps the shape.
    /// </summary>
    public bool IsPassThrough => KeepsShape && Operation.Kind != OperationKind.InvertedResidual;

    /// <summary>
    /// Side of the square output in pixels (padding keeps the size, so a stride of 2 halves it, rounded up).
    /// </summary>
    public int OutputResolution => (InputResolution + Stride - 1) / Stride;

    /// <summary>Channels between expansion and projection; 0 for operations without them.</summary>
    public int HiddenWidth => InputWidth * Operation.Expansion;

    /// <summary>
    /// The shapes in one line, the key of latency tables: <c>mb3e6 24x56x56 40 s2</c>. Two blocks with one key take the
    /// same time.
    /// </summary>
    public string Key =>
        $"{Operation} {InputWidth}x{InputResolution}x{InputResolution} {OutputWidth} s{Stride}"
        + (LacksShortcut ? " alone" : "");
}
