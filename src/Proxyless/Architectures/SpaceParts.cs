namespace Proxyless.Architectures;

/// <summary>The different parts that the networks of a space are made of, as keys of a latency table.</summary>
internal static class SpaceParts
{
    /// <summary>Every key once, in network order. Blocks that compute nothing are left out.</summary>
    public static IReadOnlyList<string> Keys(SearchSpace space, int classes)
    {
        Head head = space.Head(classes);
        return [space.Stem.Key, .. Blocks(space).Select(block => block.Key), head.ConvolutionKey, head.ClassifierKey];
    }

    /// <summary>The blocks that compute something, each key once, in network order.</summary>
    public static IEnumerable<Block> Blocks(SearchSpace space)
    {
        IEnumerable<Block> candidates = space.Blocks().SelectMany(block => block.Candidates);
        return (space.FirstBlock is { } first ? candidates.Prepend(first) : candidates)
            .Where(block => !block.IsPassThrough)
            .DistinctBy(block => block.Key);
    }
}
