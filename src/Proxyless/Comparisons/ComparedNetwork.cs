using Proxyless.Architectures;

namespace Proxyless.Comparisons;

/// <summary>A network of a comparison.</summary>
/// <param name="Request">The entry that requested it.</param>
/// <param name="Group">The group in which it is averaged and tested.</param>
/// <param name="Name">Its name in tables and folders, unique within the comparison.</param>
internal sealed record ComparedNetwork(string Request, string Group, string Name)
{
    /// <summary>The name of integer models in tables.</summary>
    /// <param name="name">The name of the network, or of its group.</param>
    public static string IntegerName(string name) => $"{name} {NetworkResult.OfIntegers}";
}

/// <summary>What is known of a network before it is trained.</summary>
/// <param name="Latencies">
/// Milliseconds by target identity, measured before training: weights do not change them.
/// </param>
/// <param name="PredictedMs">
/// Prediction of the space's table in milliseconds; null for a network outside the space.
/// </param>
/// <param name="SharedTop1">
/// Accuracy with a super-network's shared weights on the images held out of its training, 0..1; null if not scored.
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

/// <summary>The result of one training of a network.</summary>
/// <param name="Top1">Share of correct answers on the test set.</param>
/// <param name="Top5">Share of test images whose class is among the five most probable.</param>
/// <param name="TrainSeconds">Duration of the training.</param>
internal sealed record NetworkTraining(double Top1, double Top5, double TrainSeconds)
{
    /// <summary>Number of test images that could be read; null in files of older versions.</summary>
    public long? TestImages { get; init; }

    /// <summary>The accuracy of its integer model; null if none was made.</summary>
    public IntegerAccuracy? Integers { get; init; }

    /// <summary>Whether it has the integer model that a plan wants of it.</summary>
    /// <param name="integerBits">Bits of its weights; null if the plan wants none.</param>
    public bool HasIntegers(int? integerBits) => integerBits is null || Integers?.WeightBits == integerBits;
}

/// <summary>The accuracy of an integer model.</summary>
/// <param name="Top1">Share of correct answers on the test set.</param>
/// <param name="Top5">Share of test images whose class is among the five most probable.</param>
/// <param name="WeightBits">Bits of its weights.</param>
internal sealed record IntegerAccuracy(double Top1, double Top5, int WeightBits);

/// <summary>A network with what a comparison knows of it.</summary>
/// <param name="Network">The network.</param>
/// <param name="Architecture">Its layers.</param>
internal sealed record OpenedNetwork(ComparedNetwork Network, Architecture Architecture);

/// <summary>A training that was given up.</summary>
/// <param name="Network">The name of its network.</param>
/// <param name="Message">Which training, and why.</param>
internal sealed record NetworkFailure(string Network, string Message);
