using Proxyless.Cli.Output;
using Proxyless.Runs;
using Spectre.Console;

namespace Proxyless.Cli.Commands;

/// <summary>The summary of a quantization.</summary>
internal static class QuantizeSummary
{
    private const int LayersShown = 5;

    /// <summary>The outcome of a command that quantizes.</summary>
    public static CommandOutcome Outcome(QuantizeResult result) =>
        new(
            result,
            console =>
            {
                console.WriteQuantized(result);
                console.WriteNext(Facts.Prediction(result.Model));
            }
        );

    /// <summary>Writes both models side by side.</summary>
    public static void WriteQuantized(this IAnsiConsole console, QuantizeResult result)
    {
        Table table = FittedTable.Of([""], ["float", "int8", "difference"]);
        if (result is { Top1: { } top1, FloatTop1: { } before })
        {
            table.AddRow(
                "top-1",
                Facts.Percent(before),
                Facts.Percent(top1),
                $"{100 * (top1 - before):+0.00;-0.00;0.00}"
            );
        }

        if (result is { LatencyMs: { } integers, FloatLatencyMs: { } floats })
        {
            table.AddRow(
                "latency",
                $"{MillisecondText.Of(floats)} ms",
                $"{MillisecondText.Of(integers)} ms",
                $"{floats / integers:0.00} times as fast"
            );
        }

        table.AddRow(
            "size",
            $"{result.FloatBytes / 1e6:0.00} MB",
            $"{result.Bytes / 1e6:0.00} MB",
            $"{(double)result.Bytes / result.FloatBytes:P0}"
        );
        console.WriteFitted(table);
        console.WriteFacts(
            ("model", result.Model),
            ("same class", $"{Facts.Percent(result.Agreement)} of {result.ComparedImages:N0} images"),
            ("on the target's processor", result.OnTarget is { } there ? OnTarget(there) : null),
            ("error of the scores", $"{result.ScoreError:0.000} of their standard deviation"),
            ("quantization-aware training", result.QatSteps > 0 ? $"{result.QatSteps:N0} steps" : null),
            ("in float", result.InFloat.Count == 0 ? "nothing" : string.Join(", ", result.InFloat)),
            ("least exact layers", string.Join(", ", LeastExact(result)))
        );
    }

    private static string OnTarget(TargetAccuracy there) =>
        $"same class as here {Facts.Percent(there.Agreement)} of {there.Images:N0} images"
        + (
            there is { Top1: { } top1, Top1Here: { } here }
                ? $", top-1 {Facts.Percent(top1)} (here {Facts.Percent(here)})"
                : ""
        );

    private static IEnumerable<string> LeastExact(QuantizeResult result) =>
        result
            .Layers.OrderBy(layer => layer.SignalToNoiseDb)
            .Take(LayersShown)
            .Select(layer => $"{layer.Name} ({layer.SignalToNoiseDb:0.0} dB)");
}
