namespace Proxyless.Runs;

/// <summary>
/// What <c>run</c> ends with; its JSON names are these in snake_case. Times in milliseconds unless the name says
/// otherwise, shares 0..1.
/// </summary>
public sealed record RunResult
{
    /// <summary>The run directory.</summary>
    public required string Run { get; init; }

    /// <summary>The architecture's file.</summary>
    public required string Architecture { get; init; }

    /// <summary>The model's file.</summary>
    public required string Model { get; init; }

    /// <summary>The report's file.</summary>
    public required string Report { get; init; }

    /// <summary>Share of right answers on the test set.</summary>
    public required double Top1 { get; init; }

    /// <summary>Share of test images whose class is among the five likeliest.</summary>
    public required double Top5 { get; init; }

    /// <summary>
    /// The model's latency that the limit is for: <see cref="QuietLatencyMs"/>, or the sum of the target's table.
    /// </summary>
    public required double LatencyMs { get; init; }

    /// <summary>
    /// The model's latency on the machine at its quietest (<see cref="Latency.NetworkLatency.QuietMs"/>); null where
    /// the target is a table.
    /// </summary>
    public double? QuietLatencyMs { get; init; }

    /// <summary>
    /// The model's median latency just now, other work on the machine included; null where the target is a table.
    /// </summary>
    public double? MedianLatencyMs { get; init; }

    /// <summary>False where the target is a table, whose sum <see cref="LatencyMs"/> is then.</summary>
    public bool LatencyIsMeasured { get; init; } = true;

    /// <summary>The limit.</summary>
    public required double LatencyLimitMs { get; init; }

    /// <summary>What the latency table predicts.</summary>
    public required double PredictedLatencyMs { get; init; }

    /// <summary>Learned numbers.</summary>
    public required long Parameters { get; init; }

    /// <summary>Multiply-adds for one image.</summary>
    public required long MultiplyAdds { get; init; }

    /// <summary>Seconds of the search, profiling included.</summary>
    public required double SearchSeconds { get; init; }

    /// <summary>Seconds of the final training.</summary>
    public required double TrainSeconds { get; init; }
}

/// <summary>What <c>search</c> and <c>derive</c> end with.</summary>
public sealed record SearchResult
{
    /// <summary>The run directory.</summary>
    public required string Run { get; init; }

    /// <summary>The architecture's file.</summary>
    public required string Architecture { get; init; }

    /// <summary>The report's file; null where none was written, as by older versions.</summary>
    public string? Report { get; init; }

    /// <summary>
    /// Accuracy of the derived network with the super-network's weights on the architecture images; null where the
    /// search has pruned some of these weights.
    /// </summary>
    public required double? ValidationTop1 { get; init; }

    /// <summary>E[latency] at the end of the search.</summary>
    public required double ExpectedLatencyMs { get; init; }

    /// <summary>The table's latency of the derived network, corrected by measurements.</summary>
    public required double PredictedLatencyMs { get; init; }

    /// <summary>The quiet latency of the derived network, untrained.</summary>
    public required double LatencyMs { get; init; }

    /// <summary>False where the target is a table, whose sum <see cref="LatencyMs"/> is then.</summary>
    public bool LatencyIsMeasured { get; init; } = true;

    /// <summary>The limit.</summary>
    public required double LatencyLimitMs { get; init; }

    /// <summary>Entropy of the probabilities over that of even odds; near 0 where the search has chosen.</summary>
    public required double Entropy { get; init; }

    /// <summary>Seconds, profiling included.</summary>
    public required double Seconds { get; init; }

    /// <summary>
    /// What other latencies of the target would buy, by the networks that were scored; null where none were.
    /// </summary>
    public NetworkFront? Front { get; init; }
}

/// <summary>What <c>train</c> ends with.</summary>
public sealed record TrainResult
{
    /// <summary>The run directory.</summary>
    public required string Run { get; init; }

    /// <summary>The network's name.</summary>
    public required string Architecture { get; init; }

    /// <summary>The model's file.</summary>
    public required string Model { get; init; }

    /// <summary>Accuracy on the validation images at the best epoch; null where those were trained on.</summary>
    public required double? ValidationTop1 { get; init; }

    /// <summary>Seconds.</summary>
    public required double Seconds { get; init; }
}

/// <summary>What <c>evaluate</c> ends with.</summary>
public sealed record EvaluateResult
{
    /// <summary>Share of right answers.</summary>
    public required double Top1 { get; init; }

    /// <summary>Share of images whose class is among the five likeliest.</summary>
    public required double Top5 { get; init; }

    /// <summary>How many images the shares are of.</summary>
    public required long Images { get; init; }

    /// <summary>The same as <see cref="MedianLatencyMs"/>.</summary>
    public required double? LatencyMs { get; init; }

    /// <summary>
    /// Latency on the target at its quietest, as a run tells it (<see cref="Latency.NetworkLatency.QuietMs"/>); of a
    /// model file without the latency table of its run, what one in five runs stayed under. Null where the target is a
    /// table.
    /// </summary>
    public double? QuietLatencyMs { get; init; }

    /// <summary>Median latency on the target just now, other work there included; null where that is a table.</summary>
    public double? MedianLatencyMs { get; init; }

    /// <summary>Nine runs of ten are at least this fast; null where the target is a table.</summary>
    public required double? LatencyP90Ms { get; init; }

    /// <summary>
    /// Share of images for which the network in TorchSharp names the same class; null where it was not asked.
    /// </summary>
    public double? NetworkAgreement { get; init; }

    /// <summary>The classes in the order of the confusion's rows and columns.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>Images of class i that were taken for class j, at [i][j].</summary>
    public required IReadOnlyList<int[]> Confusion { get; init; }
}
