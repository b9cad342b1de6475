using System.Globalization;
using System.Text.RegularExpressions;

namespace Proxyless.Architectures;

/// <summary>The kinds of path a block can hold.</summary>
public enum OperationKind
{
    /// <summary>
    /// 1x1 expansion, depthwise convolution, 1x1 projection (MobileNetV2, arXiv 1801.04381, section 3.3).
    /// </summary>
    InvertedResidual,

    /// <summary>
    /// The input itself, or a 1x1 convolution with batch norm where the shape changes; never added to a shortcut.
    /// </summary>
    Identity,

    /// <summary>An output of zeros: a block with a shortcut becomes its shortcut.</summary>
    Zero,
}

/// <summary>
/// One candidate path of a block, written <c>mb3e6</c> (inverted residual, kernel 3, expansion 6), <c>identity</c> or
/// <c>zero</c>.
/// </summary>
/// <param name="Kind">What it computes.</param>
/// <param name="Kernel">Side of the depthwise kernel in pixels; 0 if there is none.</param>
/// <param name="Expansion">Hidden channels per input channel; 0 where there are none.</param>
/// <param name="AlwaysExpands">
/// Whether there is a 1x1 expansion even with an <paramref name="Expansion"/> of 1 (FBNet, arXiv 1812.03443); written
/// <c>mb3e1x</c>.
/// </param>
public sealed partial record CandidateOperation(
    OperationKind Kind,
    int Kernel = 0,
    int Expansion = 0,
    bool AlwaysExpands = false
)
{
    /// <summary>The forms that <see cref="Parse"/> takes, for messages.</summary>
    public const string Forms = "mb{1|3|5|7|9|11}e{1..12} such as mb3e6, mb{1|3|5|7|9|11}e1x, identity, zero";

    /// <summary>The identity path.</summary>
    public static CandidateOperation Identity { get; } = new(OperationKind.Identity);

    /// <summary>The path of zeros.</summary>
    public static CandidateOperation Zero { get; } = new(OperationKind.Zero);

    /// <summary>Whether the operation begins with a 1x1 expansion.</summary>
    public bool HasExpansion => Expansion > 1 || AlwaysExpands;

    /// <summary>An inverted residual.</summary>
    public static CandidateOperation InvertedResidual(int kernel, int expansion) =>
        new(OperationKind.InvertedResidual, kernel, expansion);

    /// <summary>Reads <c>mb3e6</c>, <c>identity</c> or <c>zero</c>.</summary>
    /// <exception cref="FormatException">The text is not one of <see cref="Forms"/>.</exception>
    public static CandidateOperation Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        switch (text)
        {
            case "identity":
                return Identity;
            case "zero":
                return Zero;
        }

        Match match = InvertedResidualPattern().Match(text);
        if (match.Success)
        {
            int kernel = int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            int expansion = int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture);
            bool alwaysExpands = match.Groups[3].Length > 0;
            if (
                kernel is >= 1 and <= 11
                && kernel % 2 == 1
                && expansion is >= 1 and <= 12
                && (expansion == 1 || !alwaysExpands)
            )
            {
                return InvertedResidual(kernel, expansion) with { AlwaysExpands = alwaysExpands };
            }
        }

        throw new FormatException($"'{text}' is not a candidate operation; allowed are {Forms}");
    }

    /// <inheritdoc/>
    public override string ToString() =>
        Kind switch
        {
            OperationKind.Identity => "identity",
            OperationKind.Zero => "zero",
            _ => $"mb{Kernel}e{Expansion}{(AlwaysExpands ? "x" : "")}",
        };

    [GeneratedRegex("^mb([0-9]{1,2})e([0-9]{1,2})(x?)$", RegexOptions.CultureInvariant)]
    private static partial Regex InvertedResidualPattern();
}
