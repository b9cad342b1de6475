namespace Proxyless.Search;

/// <summary>Sums over the steps of the epoch at hand.</summary>
internal sealed class EpochTotals
{
    public double TrainLoss { get; set; }

    public double TrainTop1 { get; set; }

    public long TrainSteps { get; set; }

    public double ArchitectureLoss { get; set; }

    public long ArchitectureSteps { get; set; }

    public List<int[]> Pruned { get; set; } = [];
}
