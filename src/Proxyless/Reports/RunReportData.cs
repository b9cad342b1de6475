using Proxyless.Architectures;
using Proxyless.Training;

namespace Proxyless.Reports;

/// <summary>An epoch of a search, as in <c>search.jsonl</c>.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="TrainLoss">Mean cross entropy of the weight steps.</param>
/// <param name="ValidationLoss">Mean cross entropy of the architecture steps; null in warm-up.</param>
/// <param name="ExpectedLatencyMs">Expectation of the table's latency; null without a target.</param>
/// <param name="Entropy">Mean entropy of the blocks' probabilities in nats.</param>
/// <param name="Probabilities">p_ij of candidate j in block i at [i][j]; a pruned candidate has 0.</param>
internal sealed record SearchCurvePoint(
    int Epoch,
    double TrainLoss,
    double? ValidationLoss,
    double? ExpectedLatencyMs,
    double Entropy,
    IReadOnlyList<IReadOnlyList<double>> Probabilities
);

/// <summary>
/// All contents of a run's report, as plain data. Values that are null or empty are left out of the page.
/// </summary>
internal sealed record RunReportData
{
    /// <summary>The heading.</summary>
    public required string Title { get; init; }

    /// <summary>The network that was chosen.</summary>
    public required Architecture Architecture { get; init; }

    /// <summary>Share of correct answers on the test set, 0..1.</summary>
    public double? Top1 { get; init; }

    /// <summary>Share of images whose class is among the five most probable, 0..1.</summary>
    public double? Top5 { get; init; }

    /// <summary>Number of images behind the shares.</summary>
    public int? TestImages { get; init; }

    /// <summary>Measured latency of the exported model in milliseconds.</summary>
    public double? LatencyMs { get; init; }

    /// <summary>False if the target is a table; <see cref="LatencyMs"/> is then its sum.</summary>
    public bool LatencyIsMeasured { get; init; } = true;

    /// <summary>The requested limit in milliseconds.</summary>
    public double? LatencyLimitMs { get; init; }

    /// <summary>The latency table's prediction in milliseconds.</summary>
    public double? PredictedLatencyMs { get; init; }

    /// <summary>The table's latency of each block in milliseconds, in the order of the architecture's blocks.</summary>
    public IReadOnlyList<double> BlockLatenciesMs { get; init; } = [];

    /// <summary>
    /// The names of the candidates of each searched block, in the order of
    /// <see cref="SearchCurvePoint.Probabilities"/>.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<string>> Candidates { get; init; } = [];

    /// <summary>What was scored and chosen; null if nothing was scored.</summary>
    public FrontPlotData? Front { get; init; }

    /// <summary>The epochs of the search.</summary>
    public IReadOnlyList<SearchCurvePoint> Search { get; init; } = [];

    /// <summary>The epochs of the training.</summary>
    public IReadOnlyList<TrainingCurvePoint> Training { get; init; } = [];

    /// <summary>What the user should know before trusting the result.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Where the result comes from: data, space, target, versions, times, by name.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Provenance { get; init; } = [];
}
