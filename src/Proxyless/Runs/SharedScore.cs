using Proxyless.Networks;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>
/// The result of a network with the shared weights of a search, a line of <c>scores.jsonl</c>: on images that no weight
/// learned from, with its batch norms' statistics re-estimated.
/// </summary>
/// <param name="Choice">A candidate for each block.</param>
/// <param name="Loss">
/// The mean cross entropy, which ranks networks: it is less noisy than <paramref name="Top1"/>.
/// </param>
/// <param name="Top1">Share of correct answers, 0..1.</param>
/// <param name="For">The target and limit that it was first scored for.</param>
internal sealed record SharedScore(int[] Choice, double Loss, double Top1, string For = "")
{
    /// <summary>
    /// The network with its score for a search: higher is better, and candidates that compute the same are one.
    /// </summary>
    /// <param name="network">The shared weights.</param>
    public ScoredNetwork ToScored(SuperNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return new ScoredNetwork(network.WithoutCopies(Choice), -Loss);
    }
}
