namespace Proxyless.Search;

/// <summary>A network within the limits, as a search by score leaves it.</summary>
/// <param name="Choice">A candidate for each block.</param>
/// <param name="Score">Its own score.</param>
/// <param name="Estimate">
/// What all scores together say of it, in the score's unit; less noisy than <paramref name="Score"/>.
/// </param>
internal sealed record RankedNetwork(int[] Choice, double Score, double Estimate);
