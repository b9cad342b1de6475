namespace Proxyless.Runs;

/// <summary>
/// How a network does with the shared weights of a search, a line of <c>scores.jsonl</c>: on images that no weight
/// learnt from, its batch norms' statistics estimated anew.
/// </summary>
/// <param name="Choice">A candidate for each block.</param>
/// <param name="Loss">
/// The mean cross entropy, which ranks networks: it is less noisy than <paramref name="Top1"/>.
/// </param>
/// <param name="Top1">Share of right answers, 0..1.</param>
/// <param name="For">The target and limit that it was first scored for.</param>
internal sealed record SharedScore(int[] Choice, double Loss, double Top1, string For = "");
