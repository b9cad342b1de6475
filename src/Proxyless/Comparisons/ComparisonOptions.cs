using Proxyless.Runs;

namespace Proxyless.Comparisons;

/// <summary>What is compared, and how it is trained and measured.</summary>
public sealed record ComparisonOptions
{
    /// <summary>
    /// Data, space, target, limits and training, the same for all networks. <see cref="RunOptions.Out"/> is the folder
    /// of the comparison. With <see cref="RunOptions.Resume"/> the rest is read from there. If a target is one for
    /// integer models, each network is compared in both precisions, as two networks.
    /// </summary>
    public required RunOptions Run { get; init; }

    /// <summary>
    /// The networks, each in a form that <see cref="NetworkRequest.Parse"/> takes. With
    /// <see cref="RunOptions.Resume"/>, those that are not in the comparison yet are added.
    /// </summary>
    public IReadOnlyList<string> Networks { get; init; } = [];

    /// <summary>
    /// With <see cref="RunOptions.Resume"/>, names of networks to remove from the comparison, with all their trainings:
    /// for instance, one whose training diverges and keeps the comparison from ending.
    /// </summary>
    public IReadOnlyList<string> Without { get; init; } = [];

    /// <summary>
    /// Trainings of each network, each from a seed of its own, which depends on <see cref="RunOptions.Seed"/>; null: 1,
    /// or as many as the resumed comparison has, which keeps all of them.
    /// </summary>
    public int? Seeds { get; init; }

    /// <summary>
    /// Targets besides that of <see cref="Run"/> on which every network is measured; they set no limit.
    /// </summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>A finished search in the same space whose shared weights score the networks too, or null.</summary>
    public string? ScoredBy { get; init; }
}
