using Proxyless.Architectures;

namespace Proxyless.Comparisons;

/// <summary>A network of a comparison.</summary>
/// <param name="Request">The entry that asked for it.</param>
/// <param name="Group">The networks it is averaged and tested with.</param>
/// <param name="Name">What tables and folders call it; no other network of the comparison has it.</param>
internal sealed record ComparedNetwork(string Request, string Group, string Name);

/// <summary>What stands fixed about a network before it is trained.</summary>
/// <param name="Latencies">
/// Milliseconds by the identity of the target, measured untrained: weights change nothing.
/// </param>
/// <param name="PredictedMs">What the space's table predicts; null for a network that is none of the space.</param>
/// <param name="SharedTop1">
/// Accuracy with a super-network's shared weights on the images held out of its training, 0..1; null where not judged.
/// </param>
/// <param name="ScoredBy">The run of that super-network, or null.</param>
/// <param name="SharedLoss">The cross entropy on the same images, by which networks are ranked.</param>
internal sealed record NetworkMeasurement(
    IReadOnlyDictionary<string, double> Latencies,
    double? PredictedMs,
    double? SharedTop1,
    string? ScoredBy,
    double? SharedLoss = null
);

/// <summary>How one training of a network ended.</summary>
/// <param name="Top1">Share of right answers on the test set.</param>
/// <param name="Top5">Share of test images whose class is among the five likeliest.</param>
/// <param name="TrainSeconds">What it took.</param>
internal sealed record NetworkTraining(double Top1, double Top5, double TrainSeconds);

/// <summary>A network with what a comparison knows of it.</summary>
/// <param name="Network">Which one.</param>
/// <param name="Architecture">Its layers.</param>
internal sealed record OpenedNetwork(ComparedNetwork Network, Architecture Architecture);
