using Proxyless.Architectures;

namespace Proxyless.Search;

/// <summary>
/// Trains shared channels before candidates are compared (docs/decisions/shared-weights.md). Hidden channels that only
/// the widest candidates have would be trained in few steps, the first ones in nearly all, and a wide candidate would
/// look no better than a narrow one. During warm-up a drawn candidate is replaced by the widest one of its kernel, at
/// first always and at the end never (the warm-up of filters in TuNAS, arXiv 2008.06120, section 4).
/// </summary>
/// <param name="space">The space, whose candidates share their convolutions.</param>
internal sealed class ChannelWarmup(SearchSpace space)
{
    /// <summary>Half of the warm-up: its average steps.</summary>
    internal const double Middle = 0.5;

    private readonly int[][] _widest = [.. space.Blocks().Select(WidestOfEach)];

    /// <summary>Returns the path to train.</summary>
    /// <param name="path">The drawn path.</param>
    /// <param name="share">Share of the warm-up that is done, 0..1.</param>
    /// <param name="random">Decides for each block.</param>
    public int[] Widen(int[] path, double share, Random random) =>
        [.. path.Select((candidate, i) => random.NextDouble() >= share ? _widest[i][candidate] : candidate)];

    /// <summary>Returns the probability that each candidate is trained.</summary>
    /// <param name="probabilities">The probability that each is drawn, at [i][j].</param>
    /// <param name="share">As in <see cref="Widen"/>.</param>
    public double[][] Odds(IReadOnlyList<double[]> probabilities, double share) =>
        [
            .. probabilities.Select(
                (drawn, i) =>
                    drawn
                        .Select(
                            (probability, j) =>
                                (share * probability) + ((1 - share) * drawn.Where((_, k) => _widest[i][k] == j).Sum())
                        )
                        .ToArray()
            ),
        ];

    private static int[] WidestOfEach(SearchBlock block) =>
        [
            .. block.Candidates.Select(
                (candidate, j) =>
                    candidate.Operation.Kind != OperationKind.InvertedResidual
                        ? j
                        : Enumerable
                            .Range(0, block.Candidates.Count)
                            .Where(k =>
                                block.Candidates[k].Operation is { Kind: OperationKind.InvertedResidual } other
                                && other.Kernel == candidate.Operation.Kernel
                            )
                            .MaxBy(k => block.Candidates[k].Operation.Expansion)
            ),
        ];
}
