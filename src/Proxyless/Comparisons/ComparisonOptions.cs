using Proxyless.Runs;

namespace Proxyless.Comparisons;

/// <summary>What is compared, and how it is trained and measured.</summary>
public sealed record ComparisonOptions
{
    /// <summary>
    /// Data, space, target, limits and the training, the same for all networks. <see cref="RunOptions.Out"/> gets the
    /// comparison. With <see cref="RunOptions.Resume"/> the rest is read from there.
    /// </summary>
    public required RunOptions Run { get; init; }

    /// <summary>
    /// The networks, each as <see cref="NetworkRequest.Parse"/> takes it. With <see cref="RunOptions.Resume"/>, those
    /// that are not in the comparison yet are added.
    /// </summary>
    public IReadOnlyList<string> Networks { get; init; } = [];

    /// <summary>
    /// With <see cref="RunOptions.Resume"/>, names of networks that are taken out of the comparison, with all that was
    /// trained of them: one whose training diverges, for instance, keeps it from ending.
    /// </summary>
    public IReadOnlyList<string> Without { get; init; } = [];

    /// <summary>
    /// Trainings of each network, from seeds 0, 1 and so on; null: 1, or as many as the comparison has.
    /// </summary>
    public int? Seeds { get; init; }

    /// <summary>
    /// Targets beside that of <see cref="Run"/> on which every network is measured; they set no limit.
    /// </summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>A finished search in the same space whose shared weights judge the networks too, or null.</summary>
    public string? ScoredBy { get; init; }
}
