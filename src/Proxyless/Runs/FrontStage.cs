using System.Text.Json;
using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Reports;

namespace Proxyless.Runs;

/// <summary>The common results of a run for several limits, in its own folder.</summary>
internal static class FrontStage
{
    /// <summary>
    /// Writes <c>search.json</c> with the results of all limits, <c>report.html</c>, and <c>front.svg</c> if all limits
    /// are of one target.
    /// </summary>
    /// <param name="store">The run of all limits.</param>
    /// <param name="parts">The limits that were searched for.</param>
    /// <param name="failures">Why some limits have no network.</param>
    public static void Write(RunStore store, IReadOnlyList<SearchPart> parts, IReadOnlyList<LimitFailure> failures)
    {
        (SearchPart Part, DerivedNetwork Network)[] derived =
        [
            .. parts.Where(part => part.Store.IsDerived).Select(part => (part, part.Store.ReadDerived())),
        ];
        var results = new LimitResults<SearchResult>
        {
            Run = store.Directory.Root,
            Networks = [.. derived.Select(one => one.Network.Result)],
            Failures = failures,
        };
        AtomicFile.WriteAllText(store.Directory.SearchResult, JsonSerializer.Serialize(results, JsonLines.Indented));
        FrontPlotData[] fronts =
        [
            .. derived
                .GroupBy(one => one.Part.Goal.Target)
                .Select(target =>
                    ReportStage.FrontOf(target.First().Part.Goal.Table.Target, [.. target.Select(one => one.Network)])
                )
                .OfType<FrontPlotData>(),
        ];
        if (fronts is [var alone])
        {
            AtomicFile.WriteAllText(store.Directory.FrontPicture, FrontPlot.File(alone));
        }

        RunContext context = parts[0].Context;
        AtomicFile.WriteAllText(
            store.Directory.Report,
            FrontReport.Html(
                $"{context.Images.Name}: a network for each limit",
                [.. derived.Select(one => RowOf(one.Part, one.Network))],
                context.Input is null ? "top-1, shared weights" : "top-1 before training, validation",
                [.. failures.Select(failure => context.Observer.Wording(failure.Message))],
                fronts
            )
        );
    }

    private static FrontRow RowOf(SearchPart part, DerivedNetwork network)
    {
        RunResult? trained = part.Store.ReadResult();
        return new FrontRow(
            Path.GetFileName(part.Store.Directory.Root),
            part.Goal.Table.Target,
            part.Goal.LatencyMs,
            trained?.LatencyMs ?? network.Result.LatencyMs,
            ArchitectureCost.Of(network.Architecture).Parameters,
            network.Result.ValidationTop1,
            trained?.Top1
        );
    }
}
