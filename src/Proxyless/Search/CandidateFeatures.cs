using Proxyless.Architectures;

namespace Proxyless.Search;

/// <summary>
/// The common features of a space's candidates, for a predictor of scores: a candidate's features are itself, its
/// kernel, its expansion and whether it computes anything, each for its block alone and for its stage as a whole. A
/// network with an <c>mb5e6</c> says something about every kernel of 5 and every expansion of 6 near it. This helps
/// because there are about as many candidates as scores (the gain is in docs/results/choices.md).
/// </summary>
internal sealed class CandidateFeatures
{
    private readonly int[][][] _features;

    private CandidateFeatures(int[][][] features, int count)
    {
        _features = features;
        Count = count;
    }

    /// <summary>Number of features.</summary>
    public int Count { get; }

    /// <summary>Number of candidates of each block.</summary>
    public IReadOnlyList<int> Candidates => [.. _features.Select(block => block.Length)];

    /// <summary>The features of candidate j of block i, numbers from 0; each counts once.</summary>
    public IReadOnlyList<int> Of(int block, int candidate) => _features[block][candidate];

    /// <summary>The features of the networks of a space.</summary>
    public static CandidateFeatures Of(SearchSpace space)
    {
        ArgumentNullException.ThrowIfNull(space);
        var numbers = new Dictionary<string, int>();
        int NumberOf(string name)
        {
            if (!numbers.TryGetValue(name, out int number))
            {
                number = numbers.Count;
                numbers.Add(name, number);
            }

            return number;
        }

        int[][][] features =
        [
            .. space
                .Blocks()
                .Select(block =>
                    block
                        .Candidates.Select(candidate => Names(block.Index, candidate).Select(NumberOf).ToArray())
                        .ToArray()
                ),
        ];
        return new CandidateFeatures(features, numbers.Count);
    }

    /// <summary>Features of candidates that have nothing in common.</summary>
    /// <param name="candidates">Number of candidates of each block.</param>
    public static CandidateFeatures OneForEach(IReadOnlyList<int> candidates)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        int count = 0;
        int[][][] features =
        [
            .. candidates.Select(block => Enumerable.Range(0, block).Select(_ => new[] { count++ }).ToArray()),
        ];
        return new CandidateFeatures(features, count);
    }

    private static IEnumerable<string> Names(int index, Block block)
    {
        // Blocks of one stage compute similar things; the first one, which changes the shape, less so.
        string stage = $"{block.OutputWidth}x{block.OutputResolution}";
        string place = block.KeepsShape ? stage : $"{stage} first";
        foreach (string owner in (string[])[$"block {index}", place])
        {
            yield return $"{owner}: {block.Operation}";
        }

        if (block.IsPassThrough)
        {
            yield break;
        }

        foreach (string owner in (string[])[$"block {index}", stage])
        {
            yield return $"{owner}: computes";
            yield return $"{owner}: kernel {block.Operation.Kernel}";
            yield return $"{owner}: expansion {block.Operation.Expansion}";
        }
    }
}
