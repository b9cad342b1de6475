namespace Proxyless.Comparisons;

/// <summary>What a comparison ends with; its JSON names are these in snake_case. Shares 0..1.</summary>
public sealed record ComparisonResult
{
    /// <summary>The folder with tables, plot, models.</summary>
    public required string Folder { get; init; }

    /// <summary>The limit in milliseconds that random and fitted networks were held to.</summary>
    public required double LatencyLimitMs { get; init; }

    /// <summary>The target.</summary>
    public required string Target { get; init; }

    /// <summary>The networks, group by group.</summary>
    public required IReadOnlyList<NetworkResult> Networks { get; init; }

    /// <summary>The groups.</summary>
    public required IReadOnlyList<GroupResult> Groups { get; init; }

    /// <summary>
    /// Order by shared weights against order by accuracy; null without <see cref="ComparisonOptions.ScoredBy"/>.
    /// </summary>
    public required ScoreAgreement? Scores { get; init; }
}

/// <summary>A network of a comparison.</summary>
public sealed record NetworkResult
{
    /// <summary>Its group.</summary>
    public required string Group { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Mean top-1 on the test set over its trainings.</summary>
    public required double Top1 { get; init; }

    /// <summary>Standard deviation over its trainings; null with one.</summary>
    public required double? Top1Deviation { get; init; }

    /// <summary>Mean top-5 on the test set.</summary>
    public required double Top5 { get; init; }

    /// <summary>Trainings.</summary>
    public required int Trainings { get; init; }

    /// <summary>Measured latency in milliseconds.</summary>
    public required double LatencyMs { get; init; }

    /// <summary>Milliseconds on the further targets, by their names.</summary>
    public IReadOnlyDictionary<string, double> OtherLatenciesMs { get; init; } = new Dictionary<string, double>();

    /// <summary>Latency by the space's table; null for a network of no space.</summary>
    public required double? PredictedLatencyMs { get; init; }

    /// <summary>Learned numbers.</summary>
    public required long Parameters { get; init; }

    /// <summary>Multiply-adds for one image.</summary>
    public required long MultiplyAdds { get; init; }

    /// <summary>
    /// Accuracy with shared weights on the images that architectures are chosen on; null where not judged.
    /// </summary>
    public required double? SharedTop1 { get; init; }

    /// <summary>Cross entropy on the same images, by which networks are ranked; null where not judged.</summary>
    public double? SharedLoss { get; init; }
}

/// <summary>Networks that belong together.</summary>
public sealed record GroupResult
{
    /// <summary>Its name.</summary>
    public required string Group { get; init; }

    /// <summary>Networks in it.</summary>
    public required int Networks { get; init; }

    /// <summary>Mean of the networks' <see cref="NetworkResult.Top1"/>.</summary>
    public required double Top1 { get; init; }

    /// <summary>Standard deviation among the networks; null with one.</summary>
    public required double? Top1Deviation { get; init; }

    /// <summary>Mean latency in milliseconds.</summary>
    public required double LatencyMs { get; init; }

    /// <summary>
    /// The group it is tested against: <c>random</c> if there is one, else the first; null for that group itself.
    /// </summary>
    public required string? Against { get; init; }

    /// <summary>Top-1 of this group less that of <see cref="Against"/>.</summary>
    public required double? Difference { get; init; }

    /// <summary>Two-sided p of <see cref="WelchTest"/> over the networks; null where a group has one network.</summary>
    public required double? P { get; init; }
}

/// <summary>How far a search's own score can be trusted.</summary>
/// <param name="Networks">Networks that have both.</param>
/// <param name="KendallTau">
/// Rank correlation of the accuracy after training with the loss of shared weights, the lowest loss first.
/// </param>
/// <param name="Low">Lower end of its 95 % interval, by bootstrap over the networks.</param>
/// <param name="High">Upper end.</param>
public sealed record ScoreAgreement(int Networks, double KendallTau, double Low, double High);
