using System.Globalization;
using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Latency;
using Proxyless.Reports;
using Proxyless.Search;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>Gathers what a run wrote into its report.</summary>
internal static class ReportStage
{
    /// <summary>Writes <c>report.html</c>.</summary>
    public static void Write(
        RunData data, RunDirectory directory, Architecture architecture, LatencyTable table, RunResult result, IReadOnlyList<string> warnings)
    {
        RunReport.WriteHtml(directory.Report, new RunReportData
        {
            Title = $"{data.Images.Name} on {data.Target.Name}",
            Architecture = architecture,
            Top1 = result.Top1,
            Top5 = result.Top5,
            TestImages = data.Images.Test.Count,
            LatencyMs = result.LatencyMs,
            LatencyIsMeasured = result.LatencyIsMeasured,
            LatencyLimitMs = result.LatencyLimitMs,
            PredictedLatencyMs = result.PredictedLatencyMs,
            BlockLatenciesMs = [.. architecture.Blocks.Select(table.Predict)],
            Candidates = [.. data.Space.Blocks().Select(block => block.Candidates.Select(candidate => candidate.Operation.ToString()).ToArray())],
            Search = [.. JsonLines.Read<SearchEpoch>(directory.SearchLog).Select(Point)],
            Training = JsonLines.Read<TrainingCurvePoint>(directory.TrainingLog),
            Warnings = warnings,
            Provenance =
            [
                new("data", $"{data.Images.Name}: {data.FinalImages.Count} training, {data.Images.Validation.Count} {(data.Options.TrainOnAll ? "of them for the architecture" : "validation")}, {data.Images.Test.Count} test images"),
                new("space", data.Space.Name),
                new("target", data.Target.Id),
                new("seed", data.Options.Seed.ToString(CultureInfo.InvariantCulture)),
                new("search", Invariant($"{result.SearchSeconds / 60:F1} minutes")),
                new("training", Invariant($"{result.TrainSeconds / 60:F1} minutes")),
            ],
        });
    }

    private static SearchCurvePoint Point(SearchEpoch epoch) => new(
        epoch.Epoch,
        epoch.TrainLoss,
        epoch.ArchitectureLoss,
        epoch.ExpectedCosts.TryGetValue(SpaceCost.LatencyQuantity, out double latency) ? latency : null,
        ArchitectureParameters.EntropyOf(epoch.Probabilities),
        [.. epoch.Probabilities]);
}
