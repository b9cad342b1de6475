namespace Proxyless.Search;

/// <summary>A line of <c>search.jsonl</c>: an epoch of the search.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Step">Weight steps so far.</param>
/// <param name="TrainLoss">Mean cross entropy of the weight steps.</param>
/// <param name="TrainTop1">Share of correct answers in the weight steps, over all the paths drawn.</param>
/// <param name="ArchitectureLoss">Mean cross entropy of the architecture steps; null in warm-up.</param>
/// <param name="ExpectedCosts">E[cost] by quantity, in its unit.</param>
/// <param name="Multipliers">lambda by quantity.</param>
/// <param name="RelativeEntropy">Entropy of the probabilities over that of uniform probabilities.</param>
/// <param name="EntropyMultiplier">The entropy's weight in the objective.</param>
/// <param name="Probabilities">p_ij at [i][j]; 0 where pruned, and nowhere else.</param>
/// <param name="Pruned">The candidates removed in this epoch, as block and candidate.</param>
internal sealed record SearchEpoch(
    int Epoch,
    long Step,
    double TrainLoss,
    double TrainTop1,
    double? ArchitectureLoss,
    IReadOnlyDictionary<string, double> ExpectedCosts,
    IReadOnlyDictionary<string, double> Multipliers,
    double RelativeEntropy,
    double EntropyMultiplier,
    IReadOnlyList<double[]> Probabilities,
    IReadOnlyList<int[]> Pruned
);
