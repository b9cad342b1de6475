namespace Proxyless.Search;

/// <summary>A network within the limits, as the result of a search by score.</summary>
/// <param name="Choice">A candidate for each block.</param>
/// <param name="Score">Its own score.</param>
/// <param name="Estimate">
/// The estimate of all scores together, in the score's unit; less noisy than <paramref name="Score"/>.
/// </param>
internal sealed record RankedNetwork(int[] Choice, double Score, double Estimate);
