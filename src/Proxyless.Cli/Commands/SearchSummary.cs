using Proxyless.Architectures;
using Proxyless.Cli.Output;
using Proxyless.Runs;
using Spectre.Console;

namespace Proxyless.Cli.Commands;

/// <summary>The summary of an architecture that a search or a derivation chose.</summary>
internal static class SearchSummary
{
    /// <summary>The outcome of a search or a derivation, for one limit or several.</summary>
    public static CommandOutcome Outcome(LimitResults<SearchResult> results) =>
        LimitSummary.Outcome(
            results,
            WriteSearch,
            "top-1, shared weights",
            LineOf,
            result => $"proxyless train --arch {Facts.Quoted(result.Run)}"
        );

    /// <summary>A line among several.</summary>
    public static LimitLine LineOf(SearchResult result) =>
        new(result.Run, result.LatencyMs, result.LatencyLimitMs, result.ValidationTop1);

    /// <summary>Writes the result.</summary>
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
            ("latency, predicted", Facts.Milliseconds(result.PredictedLatencyMs)),
            ("latency, expected by the probabilities", Facts.Milliseconds(result.ExpectedLatencyMs)),
            ("entropy", $"{Facts.Percent(result.Entropy)} of that of even odds"),
            ("time", Durations.Text(result.Seconds)),
            ("architecture", result.Architecture),
            ("report", result.Report)
        );
    }
}
