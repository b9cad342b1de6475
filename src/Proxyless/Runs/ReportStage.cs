using System.Globalization;
using Proxyless.Architectures;
using Proxyless.Reports;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>Gathers what a run wrote into its report.</summary>
internal static class ReportStage
{
    /// <summary>Writes <c>report.html</c>.</summary>
    /// <param name="context">What every stage is given.</param>
    /// <param name="store">The run.</param>
    /// <param name="goal">The target and its table.</param>
    /// <param name="derived">What the search has found.</param>
    /// <param name="result">How the run has ended.</param>
    public static void Write(
        RunContext context,
        RunStore store,
        SearchGoal goal,
        DerivedNetwork derived,
        RunResult result
    )
    {
        RunReport.WriteHtml(
            store.Directory.Report,
            new RunReportData
            {
                Title = $"{context.Images.Name} on {goal.Target.Name}",
                Architecture = derived.Architecture,
                Top1 = result.Top1,
                Top5 = result.Top5,
                TestImages = context.Images.Test.Count,
                LatencyMs = result.LatencyMs,
                LatencyIsMeasured = result.LatencyIsMeasured,
                LatencyLimitMs = result.LatencyLimitMs,
                PredictedLatencyMs = result.PredictedLatencyMs,
                BlockLatenciesMs = [.. derived.Architecture.Blocks.Select(goal.Table.Predict)],
                Candidates =
                [
                    .. context
                        .Space.Blocks()
                        .Select(block =>
                            block.Candidates.Select(candidate => candidate.Operation.ToString()).ToArray()
                        ),
                ],
                Search = [.. derived.Log.Select(Point)],
                Training = store.ReadTrainingLog(),
                Warnings = context.Observer.Warnings,
                Provenance =
                [
                    new(
                        "data",
                        $"{context.Images.Name}: {context.Loaders.FinalImages.Count} training, "
                            + $"{context.Images.Validation.Count} "
                            + $"{(context.Options.TrainOnAll ? "of them for the architecture" : "validation")}, "
                            + $"{context.Images.Test.Count} test images"
                    ),
                    new("space", context.Space.Name),
                    new("target", goal.Target.Id),
                    new("seed", context.Options.Seed.ToString(CultureInfo.InvariantCulture)),
                    new("search", Invariant($"{result.SearchSeconds / 60:F1} minutes")),
                    new("training", Invariant($"{result.TrainSeconds / 60:F1} minutes")),
                ],
            }
        );
    }

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
