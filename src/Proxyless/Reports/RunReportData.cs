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

/// <summary>An accuracy with the images behind it.</summary>
/// <param name="What">The images, such as <c>5,000 test images</c>.</param>
/// <param name="Top1">Share of correct answers, 0..1.</param>
/// <param name="Images">Number of images.</param>
internal sealed record AccuracyFigure(string What, double Top1, long Images)
{
    /// <summary>Share of images whose class is among the five most probable, 0..1; null if it is not known.</summary>
    public double? Top5 { get; init; }
}

/// <summary>A model of a precision.</summary>
/// <param name="Name">The precision.</param>
/// <param name="Top1">Share of correct answers, 0..1; null if the images have no labels.</param>
/// <param name="Images">Number of images behind it.</param>
/// <param name="LatencyMs">Latency in milliseconds; null if the target runs no models.</param>
/// <param name="Bytes">Size of the file.</param>
internal sealed record PrecisionFigure(string Name, double? Top1, long Images, double? LatencyMs, long Bytes);

/// <summary>What a reader may want to do with a run.</summary>
/// <param name="Command">What to type, or to call.</param>
/// <param name="Purpose">What it gives.</param>
internal sealed record NextStep(string Command, string Purpose);

/// <summary>The latency of a part of the network.</summary>
/// <param name="Name">The part, as a reader of the picture names it.</param>
/// <param name="PredictedMs">By the latency table, in milliseconds; null for a block that computes nothing.</param>
/// <param name="MeasuredMs">Within the whole network, in milliseconds; null if it was not measured.</param>
internal sealed record PartLatency(string Name, double? PredictedMs, double? MeasuredMs);

/// <summary>The latencies of the candidates.</summary>
/// <param name="Milliseconds">Of each candidate of each block, at [i][j].</param>
/// <param name="Chosen">The chosen candidate of each block; -1 if none of them was.</param>
internal sealed record CandidateTable(IReadOnlyList<IReadOnlyList<double>> Milliseconds, IReadOnlyList<int> Chosen);

/// <summary>What the best other candidate of a block would change.</summary>
/// <param name="Block">The number of the block, from 1.</param>
/// <param name="Chosen">The chosen candidate.</param>
/// <param name="Next">The best other candidate by the estimate.</param>
/// <param name="Top1Change">The estimated change in accuracy with shared weights, as a share.</param>
/// <param name="LatencyChangeMs">The change in latency by the table, in milliseconds.</param>
internal sealed record BlockReason(int Block, string Chosen, string Next, double Top1Change, double LatencyChangeMs);

/// <summary>Why the blocks were chosen.</summary>
/// <param name="Blocks">The blocks that have another candidate.</param>
/// <param name="Networks">Number of scored networks behind the estimates.</param>
/// <param name="Deviation">The standard deviation of an estimated change, as a share: the mean over the blocks.</param>
internal sealed record BlockReasons(IReadOnlyList<BlockReason> Blocks, int Networks, double Deviation);

/// <summary>
/// All contents of a run's report, as plain data. Values that are null or empty are left out of the page.
/// </summary>
internal sealed record RunReportData
{
    /// <summary>The heading.</summary>
    public required string Title { get; init; }

    /// <summary>The network that was chosen.</summary>
    public required Architecture Architecture { get; init; }

    /// <summary>What an unfinished run is doing; null if it is finished.</summary>
    public string? Status { get; init; }

    /// <summary>The accuracies, the most important first.</summary>
    public IReadOnlyList<AccuracyFigure> Accuracies { get; init; } = [];

    /// <summary>Measured latency of the exported model in milliseconds.</summary>
    public double? LatencyMs { get; init; }

    /// <summary>False if the target is a table; <see cref="LatencyMs"/> is then its sum.</summary>
    public bool LatencyIsMeasured { get; init; } = true;

    /// <summary>The requested limit in milliseconds.</summary>
    public double? LatencyLimitMs { get; init; }

    /// <summary>Median of the measured runs in milliseconds, other work on the machine included.</summary>
    public double? MedianLatencyMs { get; init; }

    /// <summary>90th percentile of the measured runs in milliseconds.</summary>
    public double? LatencyP90Ms { get; init; }

    /// <summary>The latency table's prediction in milliseconds.</summary>
    public double? PredictedLatencyMs { get; init; }

    /// <summary>Size of the model's file in bytes.</summary>
    public long? ModelBytes { get; init; }

    /// <summary>The model of floats and that of integers, if both exist.</summary>
    public IReadOnlyList<PrecisionFigure> Precisions { get; init; } = [];

    /// <summary>What a reader may want to do next.</summary>
    public IReadOnlyList<NextStep> Next { get; init; } = [];

    /// <summary>What the model says about images that it was trained without; null if it was not asked.</summary>
    public AnswerReport? Answers { get; init; }

    /// <summary>The latency of the network's parts, in the order of execution.</summary>
    public IReadOnlyList<PartLatency> Parts { get; init; } = [];

    /// <summary>The latencies of <see cref="Candidates"/>; null if there is no table of them.</summary>
    public CandidateTable? Table { get; init; }

    /// <summary>Why each block was chosen; null if too few networks were scored to tell.</summary>
    public BlockReasons? Reasons { get; init; }

    /// <summary>
    /// The names of the candidates of each searched block, in the order of
    /// <see cref="SearchCurvePoint.Probabilities"/>.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<string>> Candidates { get; init; } = [];

    /// <summary>The number of the first searched block in the network, from 1.</summary>
    public int FirstSearchedBlock { get; init; } = 1;

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

    /// <summary>All options as in <c>config.yaml</c>; null to leave them out.</summary>
    public string? Configuration { get; init; }
}
