namespace Proxyless.Comparisons;

/// <summary>What a process has done for a comparison that another one leads.</summary>
public sealed record JoinedComparison
{
    /// <summary>The folder of the comparison.</summary>
    public required string Folder { get; init; }

    /// <summary>The number of trainings that this process has made.</summary>
    public required int Trainings { get; init; }
}
