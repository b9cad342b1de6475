namespace Proxyless.Search;

/// <summary>Sums over the weight steps of the current epoch.</summary>
internal sealed class EpochTotals
{
    public double TrainLoss { get; set; }

    public double TrainTop1 { get; set; }

    public long TrainSteps { get; set; }
}

/// <summary>Sums over a target's architecture steps of the current epoch.</summary>
internal sealed class ArchitectureTotals
{
    public double Loss { get; set; }

    public long Steps { get; set; }

    public List<int[]> Pruned { get; set; } = [];
}
