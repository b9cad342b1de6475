using Proxyless.Architectures;
using Proxyless.Cli.Output;
using Proxyless.Runs;
using Spectre.Console;

namespace Proxyless.Cli.Commands;

/// <summary>The summary of an architecture that a search or a derivation chose.</summary>
internal static class SearchSummary
{
    public static void WriteSearch(this IAnsiConsole console, SearchResult result)
    {
        console.WriteArchitecture(ArchitectureFile.Read(result.Architecture));
        console.WriteFacts(
            (
                "top-1 with shared weights, images held out",
                result.ValidationTop1 is { } top1 ? Facts.Percent(top1) : null
            ),
            (
                result.LatencyIsMeasured ? "latency, quiet machine, untrained" : "latency, by the table",
                Facts.Latency(result.LatencyMs, result.LatencyLimitMs)
            ),
            ("latency, predicted", $"{result.PredictedLatencyMs:0.000} ms"),
            ("latency, expected by the probabilities", $"{result.ExpectedLatencyMs:0.000} ms"),
            ("entropy", $"{Facts.Percent(result.Entropy)} of that of even odds"),
            ("time", Durations.Text(result.Seconds)),
            ("architecture", result.Architecture)
        );
        console.WriteNext($"proxyless train --arch {Facts.Quoted(result.Run)}");
    }
}
