using Proxyless.Architectures;
using Proxyless.Reports;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>
/// Why each block of a chosen network is what it is: the best other candidate by an additive predictor of the scored
/// networks (<see cref="AdditivePredictor"/>), and what it would change.
/// </summary>
internal static class ChoiceReasons
{
    // With fewer scores than this, effects are mostly noise.
    private const int FewestNetworks = 20;
    private const int Draws = 200;

    /// <summary>Estimates the changes.</summary>
    /// <param name="scores">The networks that were scored with the shared weights.</param>
    /// <param name="space">Their space.</param>
    /// <param name="latency">The latencies of its candidates.</param>
    /// <param name="choice">The chosen network.</param>
    /// <returns>Null with too few scores, or if no block has another candidate.</returns>
    public static BlockReasons? Of(
        IReadOnlyList<SharedScore> scores,
        SearchSpace space,
        SpaceCost latency,
        IReadOnlyList<int> choice
    )
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(space);
        ArgumentNullException.ThrowIfNull(latency);
        IReadOnlyList<SearchBlock> all = space.Blocks();
        ScoredNetwork[] scored =
        [
            .. scores
                .Where(score => space.Misfit(score.Choice) is null && double.IsFinite(score.Top1))
                .Select(score => new ScoredNetwork(
                    [.. all.Select(block => Alike(block, score.Choice[block.Index]))],
                    score.Top1
                )),
        ];
        if (scored.Length < FewestNetworks)
        {
            return null;
        }

        var predictor = AdditivePredictor.Fit(CandidateFeatures.Of(space), scored);
        var random = new Random(0);
        double[][][] draws = [.. Enumerable.Range(0, Draws).Select(_ => predictor.Draw(random))];
        int first = FirstBlockOf(space);
        var blocks = new List<BlockReason>();
        double variance = 0;
        foreach (SearchBlock block in all)
        {
            int i = block.Index;
            int chosen = Alike(block, choice[i]);
            int[] others =
            [
                .. Enumerable.Range(0, block.Candidates.Count).Where(j => j != chosen && j == Alike(block, j)),
            ];
            if (others.Length == 0)
            {
                continue;
            }

            int next = others.MaxBy(j => predictor.Effects[i][j]);
            double change = predictor.Effects[i][next] - predictor.Effects[i][chosen];
            variance += draws.Average(draw => Math.Pow(draw[i][next] - draw[i][chosen] - change, 2));
            blocks.Add(
                new BlockReason(
                    first + i,
                    block.Candidates[choice[i]].Operation.ToString(),
                    block.Candidates[next].Operation.ToString(),
                    change,
                    latency.Of(With(choice, i, next)) - latency.Of(choice)
                )
            );
        }

        return blocks.Count == 0 ? null : new BlockReasons(blocks, scored.Length, Math.Sqrt(variance / blocks.Count));
    }

    /// <summary>The number of the first searched block in the network, from 1.</summary>
    public static int FirstBlockOf(SearchSpace space)
    {
        ArgumentNullException.ThrowIfNull(space);
        return space.FirstBlock is null ? 1 : 2;
    }

    private static int Alike(SearchBlock block, int candidate) => block.FirstAlike(candidate, _ => true);

    private static int[] With(IReadOnlyList<int> choice, int block, int candidate)
    {
        int[] other = [.. choice];
        other[block] = candidate;
        return other;
    }
}
