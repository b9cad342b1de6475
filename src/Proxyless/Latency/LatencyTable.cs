using System.Text.Json.Serialization;
using Proxyless.Architectures;

namespace Proxyless.Latency;

/// <summary>The time of one part of a network.</summary>
/// <param name="Milliseconds">
/// The middle of the measurements, before calibration: on this machine the mean of their middle half, on a device that
/// times whole models the median of the rounds. In a table of others it is what their file says.
/// </param>
/// <param name="Spread">
/// The largest minus the smallest of the measurements, as a share of <paramref name="Milliseconds"/>. In a table of
/// others it is the standard deviation as a share of it if the file has the variance, and else 0.
/// </param>
public sealed record LatencyEntry(double Milliseconds, double Spread);

/// <summary>
/// A network of the space whose latency was measured when the table was made. Measured again beside another network, it
/// shows whether the machine is as fast as it was.
/// </summary>
/// <param name="Choice">The candidate it takes in each searched block.</param>
/// <param name="Milliseconds">Its measured latency.</param>
public sealed record LatencyReference(IReadOnlyList<int> Choice, double Milliseconds);

/// <summary>
/// The time of each part that a space can hold on a target, and the calibration of sums to latencies of whole networks.
/// Made by <see cref="LatencyProfiler"/>, stored by <see cref="LatencyTableFile"/>.
/// </summary>
public sealed record LatencyTable
{
    /// <summary>The name of the profiled space.</summary>
    public required string Space { get; init; }

    /// <summary>The target's name, such as <c>cpu:2</c>.</summary>
    public required string Target { get; init; }

    /// <summary>The target's identity: processor, threads, batch, version of ONNX Runtime.</summary>
    public required string TargetId { get; init; }

    /// <summary>How carefully it was measured.</summary>
    public required ProfileMode Mode { get; init; }

    /// <summary>When it was measured.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>
    /// Times by <see cref="Block.Key"/>, <see cref="Stem.Key"/>, <see cref="Head.ConvolutionKey"/> and
    /// <see cref="Head.ClassifierKey"/>; blocks that compute nothing are left out.
    /// </summary>
    public required IReadOnlyDictionary<string, LatencyEntry> Entries { get; init; }

    /// <summary>How a sum of entries becomes the latency of a network.</summary>
    public required LatencyCalibration Calibration { get; init; }

    /// <summary>The network that later measurements are made beside.</summary>
    public required LatencyReference Reference { get; init; }

    /// <summary>
    /// How far other work disturbed the profile: the reference's median run over its quiet runs, minus 1. 0.01 on an
    /// idle machine; above 0.1 every use of the table gives a warning. Null if it is not known: tables of older
    /// versions, and of targets that report only one latency of a model.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Disturbance { get; init; }

    /// <summary>Predicts the latency of a network in milliseconds.</summary>
    /// <exception cref="InvalidInputException">The network holds a part that the table does not have.</exception>
    public double Predict(Architecture architecture) => Calibration.Apply(RawSum(architecture));

    /// <summary>
    /// Predicts a block's share of a network's latency in milliseconds; 0 for one that computes nothing.
    /// </summary>
    /// <exception cref="InvalidInputException">The table does not have the block.</exception>
    public double Predict(Block block)
    {
        ArgumentNullException.ThrowIfNull(block);
        return Calibration.Scale * Of(block);
    }

    /// <summary>
    /// Predicts each part's share of a network's latency in milliseconds, in the order of
    /// <see cref="BlockTimes.Keys"/>; with the calibration's offset, they add up to the prediction of the network.
    /// </summary>
    /// <exception cref="InvalidInputException">The table lacks a part.</exception>
    internal IReadOnlyList<double> PredictParts(Architecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return
        [
            Calibration.Scale * Of(architecture.Stem),
            .. architecture.Blocks.Select(Predict),
            Calibration.Scale * Entry(architecture.Head.ConvolutionKey),
            Calibration.Scale * Entry(architecture.Head.ClassifierKey),
        ];
    }

    /// <summary>Computes the sum of a network's entries in milliseconds, before calibration.</summary>
    /// <exception cref="InvalidInputException">The network holds a part that the table does not have.</exception>
    public double RawSum(Architecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return Of(architecture.Stem) + architecture.Blocks.Sum(Of) + Of(architecture.Head);
    }

    /// <summary>
    /// Returns the same table as a cost of the space, with calibration applied: for every choice,
    /// <see cref="SpaceCost.Of"/> is <see cref="Predict(Architecture)"/> of the chosen architecture.
    /// </summary>
    /// <param name="space">The space that was profiled.</param>
    /// <param name="classes">Number of outputs of the classifier.</param>
    /// <exception cref="InvalidInputException">The space holds a part that the table does not have.</exception>
    internal SpaceCost ToSpaceCost(SearchSpace space, int classes)
    {
        ArgumentNullException.ThrowIfNull(space);
        double first = space.FirstBlock is { } block ? Of(block) : 0;
        return new SpaceCost(
            SpaceCost.LatencyQuantity,
            "ms",
            Calibration.Apply(Of(space.Stem) + first + Of(space.Head(classes))),
            [
                .. space
                    .Blocks()
                    .Select(searched =>
                        searched.Candidates.Select(candidate => Calibration.Scale * Of(candidate)).ToArray()
                    ),
            ]
        );
    }

    /// <summary>As <see cref="ToSpaceCost"/>, for a search: by the table, networks take time.</summary>
    /// <param name="space">The space that was profiled.</param>
    /// <param name="classes">Number of outputs of the classifier.</param>
    /// <exception cref="InvalidInputException">
    /// The space holds a part that the table does not have, or all of its networks take no time, or one of them less in
    /// a table of others. In a measured one, noise can make the offset negative.
    /// </exception>
    internal SpaceCost ToSpaceTimes(SearchSpace space, int classes)
    {
        SpaceCost latency = ToSpaceCost(space, classes);
        string offset = Calibration.Offset < 0 ? Invariant($" (its offset is {Calibration.Offset:G4} ms)") : "";
        return latency.EvenExpectation > 0 && (latency.Smallest >= 0 || Calibration.Networks > 0)
            ? latency
            : throw new InvalidInputException(
                Invariant($"by the latency table of '{Target}' networks of space '{space.Name}' take ")
                    + Invariant($"{latency.Smallest:G4} to {latency.Largest:G4} ms; times are over 0: correct the ")
                    + $"table{offset}, or have it measured again"
            );
    }

    /// <summary>
    /// Returns the table corrected after a whole network was measured: every prediction is multiplied by one ratio.
    /// </summary>
    /// <param name="ratio">Measured latency over predicted latency.</param>
    public LatencyTable WithCorrection(double ratio)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ratio);
        return this with
        {
            Calibration = Calibration with { Scale = Calibration.Scale * ratio, Offset = Calibration.Offset * ratio },
        };
    }

    /// <summary>
    /// Returns the ratio of a measured latency to a predicted one, for <see cref="WithCorrection"/>; 1 if one of them
    /// is 0 or less: no ratio makes one of the other.
    /// </summary>
    internal static double CorrectionOf(double measuredMs, double predictedMs) =>
        measuredMs > 0 && predictedMs > 0 ? measuredMs / predictedMs : 1;

    /// <summary>
    /// Rejects a reference network that cannot be measured again: networks are measured beside it. A target that runs
    /// no models needs none.
    /// </summary>
    /// <param name="space">The space of the table.</param>
    /// <param name="target">The target of the table.</param>
    /// <param name="file">The table's file; null if it has none.</param>
    /// <param name="remedy">What to do; null if the table can be made anew.</param>
    /// <exception cref="InvalidInputException">It is not of the space, or took no time.</exception>
    internal void RequireReference(SearchSpace space, ITarget target, string? file = null, string? remedy = null)
    {
        if (target is not IModelTimer)
        {
            return;
        }

        string? timeless =
            Reference.Milliseconds > 0 ? null : Invariant($"it takes {Reference.Milliseconds} ms; a time is over 0");
        if ((space.Misfit(Reference.Choice) ?? timeless) is { } complaint)
        {
            string source = file ?? $"the latency table of space '{Space}' on '{Target}'";
            remedy ??= file is null ? "profile the space again" : "remove the file to have the space profiled again";
            throw new InvalidInputException($"{source}: the reference network does not fit: {complaint}; {remedy}")
            {
                File = file,
            };
        }
    }

    private double Of(Stem stem) => Entry(stem.Key);

    private double Of(Block block) => block.IsPassThrough ? 0 : Entry(block.Key);

    private double Of(Head head) => Entry(head.ConvolutionKey) + Entry(head.ClassifierKey);

    private double Entry(string key) =>
        Entries.TryGetValue(key, out LatencyEntry? entry)
            ? entry.Milliseconds
            : throw new InvalidInputException(
                $"the latency table of space '{Space}' on '{Target}' has no '{key}'; profile the space with this "
                    + $"resolution and number of classes"
            );
}
