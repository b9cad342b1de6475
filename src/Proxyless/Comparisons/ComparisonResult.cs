namespace Proxyless.Comparisons;

/// <summary>The result of a comparison; its JSON names are these in snake_case. Shares are 0..1.</summary>
public sealed record ComparisonResult
{
    /// <summary>The folder with tables, plot and models.</summary>
    public required string Folder { get; init; }

    /// <summary>The latency limit in milliseconds for random and fitted networks.</summary>
    public required double LatencyLimitMs { get; init; }

    /// <summary>The target.</summary>
    public required string Target { get; init; }

    /// <summary>The networks, group by group.</summary>
    public required IReadOnlyList<NetworkResult> Networks { get; init; }

    /// <summary>The groups.</summary>
    public required IReadOnlyList<GroupResult> Groups { get; init; }

    /// <summary>
    /// The ranking by shared weights against the ranking by accuracy; null without
    /// <see cref="ComparisonOptions.ScoredBy"/>.
    /// </summary>
    public required ScoreAgreement? Scores { get; init; }
}

/// <summary>A network of a comparison.</summary>
public sealed record NetworkResult
{
    internal const string OfIntegers = "int8";

    /// <summary>Its group.</summary>
    public required string Group { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// <c>float</c>, or <c>int8</c>: then it is the integer model of the network before it, and its latencies are those
    /// of integer models.
    /// </summary>
    public string Precision { get; init; } = "float";

    internal bool IsInteger => Precision == OfIntegers;

    /// <summary>Mean top-1 on the test set over its trainings.</summary>
    public required double Top1 { get; init; }

    /// <summary>Standard deviation over its trainings; null for a single training.</summary>
    public required double? Top1Deviation { get; init; }

    /// <summary>Mean top-5 on the test set.</summary>
    public required double Top5 { get; init; }

    /// <summary>Number of trainings.</summary>
    public required int Trainings { get; init; }

    /// <summary>Measured latency in milliseconds.</summary>
    public required double LatencyMs { get; init; }

    /// <summary>Latency in milliseconds on the further targets, by target name.</summary>
    public IReadOnlyDictionary<string, double> OtherLatenciesMs { get; init; } = new Dictionary<string, double>();

    /// <summary>Latency predicted by the space's table; null for a network outside the space.</summary>
    public required double? PredictedLatencyMs { get; init; }

    /// <summary>Number of parameters.</summary>
    public required long Parameters { get; init; }

    /// <summary>Multiply-adds for one image.</summary>
    public required long MultiplyAdds { get; init; }

    /// <summary>
    /// Accuracy with shared weights on the images that architectures are chosen on; null if not scored.
    /// </summary>
    public required double? SharedTop1 { get; init; }

    /// <summary>Cross entropy on the same images, by which networks are ranked; null if not scored.</summary>
    public double? SharedLoss { get; init; }
}

/// <summary>A group of networks.</summary>
public sealed record GroupResult
{
    /// <summary>Its name.</summary>
    public required string Group { get; init; }

    /// <summary>Number of networks in it.</summary>
    public required int Networks { get; init; }

    /// <summary>Mean of the networks' <see cref="NetworkResult.Top1"/>.</summary>
    public required double Top1 { get; init; }

    /// <summary>Standard deviation among the networks; null for a single network.</summary>
    public required double? Top1Deviation { get; init; }

    /// <summary>Mean latency in milliseconds.</summary>
    public required double LatencyMs { get; init; }

    /// <summary>
    /// The group it is tested against: <c>random</c> if there is one, otherwise the first; null for that group itself.
    /// A group of integer models is tested against the integer models of that group, and these against that group.
    /// </summary>
    public required string? Against { get; init; }

    /// <summary>Top-1 of this group minus that of <see cref="Against"/>.</summary>
    public required double? Difference { get; init; }

    /// <summary>
    /// Two-sided p value of <see cref="WelchTest"/> over the networks; null if a group has one network, or the
    /// accuracies are the same within both groups.
    /// </summary>
    public required double? P { get; init; }
}

/// <summary>How well a search's own score predicts accuracy.</summary>
/// <param name="Networks">Number of networks that have both.</param>
/// <param name="KendallTau">
/// Rank correlation of the accuracy after training with the loss of shared weights, the lowest loss first.
/// </param>
/// <param name="Low">Lower end of its 95 % interval, by bootstrap over the networks.</param>
/// <param name="High">Upper end.</param>
public sealed record ScoreAgreement(int Networks, double KendallTau, double Low, double High);
