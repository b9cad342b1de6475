using Proxyless.Architectures;
using Proxyless.Spaces;

namespace Proxyless.Latency;

/// <summary>The different parts that the networks of a space are made of, as keys of a latency table.</summary>
internal static class SpaceParts
{
    /// <summary>Every key once, in the order of a network. Blocks that compute nothing are left out.</summary>
    public static IReadOnlyList<string> Keys(SearchSpace space, int classes)
    {
        Head head = space.Head(classes);
        IEnumerable<Block> candidates = space.Blocks().SelectMany(block => block.Candidates);
        IEnumerable<Block> blocks = space.FirstBlock is { } first ? candidates.Prepend(first) : candidates;
        return
        [
            .. blocks
                .Where(block => !block.IsPassThrough)
                .Select(block => block.Key)
                .Prepend(space.Stem.Key)
                .Append(head.ConvolutionKey)
                .Append(head.ClassifierKey)
                .Distinct(),
        ];
    }
}
