namespace Proxyless.Search;

/// <summary>A network of the space and its score.</summary>
/// <param name="Choice">A candidate for each block.</param>
/// <param name="Score">Higher is better; noisy.</param>
internal sealed record ScoredNetwork(int[] Choice, double Score);
