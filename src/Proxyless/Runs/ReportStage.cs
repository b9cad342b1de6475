using System.Globalization;
using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Latency;
using Proxyless.Reports;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>Collects a run's results into its report.</summary>
internal static class ReportStage
{
    /// <summary>Writes <c>report.html</c>, and <c>front.svg</c> if networks were scored.</summary>
    /// <param name="context">The common context of all stages.</param>
    /// <param name="store">The run.</param>
    /// <param name="table">The latency table of its target.</param>
    /// <param name="derived">The network that the search found.</param>
    /// <param name="result">The result of the run; null if the network has not been evaluated yet.</param>
    public static void Write(
        RunContext context,
        RunStore store,
        LatencyTable table,
        DerivedNetwork derived,
        RunResult? result
    )
    {
        SearchResult found = derived.Result;
        FrontPlotData? front = FrontOf(table.Target, [derived]);
        if (front is not null)
        {
            AtomicFile.WriteAllText(store.Directory.FrontPicture, FrontPlot.File(front));
        }

        RunReport.WriteHtml(
            store.Directory.Report,
            new RunReportData
            {
                Title = $"{context.Images.Name} on {table.Target}",
                Architecture = derived.Architecture,
                Top1 = result?.Top1,
                Top5 = result?.Top5,
                TestImages = context.Images.Test.Count,
                LatencyMs = result?.LatencyMs ?? found.LatencyMs,
                LatencyIsMeasured = found.LatencyIsMeasured,
                LatencyLimitMs = found.LatencyLimitMs,
                PredictedLatencyMs = found.PredictedLatencyMs,
                BlockLatenciesMs = [.. derived.Architecture.Blocks.Select(table.Predict)],
                Candidates =
                [
                    .. context
                        .Space.Blocks()
                        .Select(block =>
                            block.Candidates.Select(candidate => candidate.Operation.ToString()).ToArray()
                        ),
                ],
                Front = front,
                Search = [.. derived.Log.Select(Point)],
                Training = store.ReadTrainingLog(),
                Warnings = context.Observer.Warnings,
                Provenance =
                [
                    new(
                        "data",
                        $"{context.Images.Name}: {context.Loaders.FinalImages.Count} training, {HeldOut(context)}"
                            + $"{context.Images.Test.Count} test images"
                    ),
                    new("space", context.Space.Name),
                    new("target", table.TargetId),
                    new("seed", context.Options.Seed.ToString(CultureInfo.InvariantCulture)),
                    new("search", Invariant($"{found.Seconds / 60:F1} minutes")),
                    .. store.Plan.TrainSeconds > 0
                        ? [new("training", Invariant($"{store.Plan.TrainSeconds / 60:F1} minutes"))]
                        : Array.Empty<KeyValuePair<string, string>>(),
                ],
            }
        );
    }

    /// <summary>What was held out of the weights' images. With few images and pretrained weights nothing is.</summary>
    private static string HeldOut(RunContext context) =>
        context switch
        {
            { Input: not null, Options.Training.OnAll: true } => "",
            { Options.Training.OnAll: true } => $"{context.Images.Validation.Count} of them for the architecture, ",
            _ => $"{context.Images.Validation.Count} validation, ",
        };

    /// <summary>What was scored for a target, and what was chosen.</summary>
    /// <param name="target">The target's name.</param>
    /// <param name="derived">The networks of its limits, at least one.</param>
    /// <returns>Null if nothing was scored.</returns>
    public static FrontPlotData? FrontOf(string target, IReadOnlyList<DerivedNetwork> derived) =>
        derived[0].Result.Front is not { } front
            ? null
            : new FrontPlotData
            {
                Target = target,
                Scored = [.. front.Scored.Select(point => new FrontMark(point.LatencyMs, point.Top1))],
                Front = [.. front.Best.Select(point => new FrontMark(point.LatencyMs, point.Top1))],
                Chosen =
                [
                    .. derived
                        .Where(network => network.Result.ValidationTop1 is not null)
                        .Select(network => new FrontMark(
                            network.Result.LatencyMs,
                            network.Result.ValidationTop1!.Value,
                            network.Architecture.Name
                        )),
                ],
                LimitsMs = [.. derived.Select(network => network.Result.LatencyLimitMs)],
            };

    private static SearchCurvePoint Point(SearchEpoch epoch) =>
        new(
            epoch.Epoch,
            epoch.TrainLoss,
            epoch.ArchitectureLoss,
            epoch.ExpectedCosts.TryGetValue(SpaceCost.LatencyQuantity, out double latency) ? latency : null,
            ArchitectureParameters.EntropyOf(epoch.Probabilities),
            [.. epoch.Probabilities]
        );
}
