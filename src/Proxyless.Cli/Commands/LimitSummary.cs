using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Runs;
using Spectre.Console;

namespace Proxyless.Cli.Commands;

/// <summary>A limit's row in a table of several limits.</summary>
/// <param name="Run">The run folder.</param>
/// <param name="LatencyMs">The latency of its network, in milliseconds.</param>
/// <param name="LimitMs">The limit, in milliseconds.</param>
/// <param name="Top1">Its accuracy, 0..1, or null.</param>
internal sealed record LimitLine(string Run, double LatencyMs, double LimitMs, double? Top1);

/// <summary>The outcome of a job for one limit or for several.</summary>
internal static class LimitSummary
{
    /// <summary>
    /// For one limit its result; for several limits one line for each that has a network, an error for each that has
    /// none, and exit code 1 if there is an error.
    /// </summary>
    /// <param name="results">What was found.</param>
    /// <param name="write">Writes the summary of one result.</param>
    /// <param name="accuracy">The accuracy of a line.</param>
    /// <param name="lineOf">The line of one result among several.</param>
    /// <param name="next">The next command for one result.</param>
    public static CommandOutcome Outcome<T>(
        LimitResults<T> results,
        Action<IAnsiConsole, T> write,
        string accuracy,
        Func<T, LimitLine> lineOf,
        Func<T, string> next
    )
        where T : class =>
        results is { Networks: [var alone], Failures: [] } && lineOf(alone).Run == results.Run
            ? new CommandOutcome(
                alone,
                console =>
                {
                    write(console, alone);
                    console.WriteNext(next(alone));
                }
            )
            : new CommandOutcome(
                Translated(results),
                console =>
                {
                    Write(console, [.. results.Networks.Select(lineOf)], accuracy);
                    console.WriteFacts(("report", new RunDirectory(results.Run).Report));
                    console.WriteNext(next(results.Networks[0]));
                }
            )
            {
                Errors = [.. results.Failures.Select(failure => LibraryWords.Translate(failure.Message))],
                ExitCode = results.Failures.Count == 0 ? ExitCode.Done : ExitCode.Failed,
            };

    private static LimitResults<T> Translated<T>(LimitResults<T> results) =>
        results with
        {
            Failures =
            [
                .. results.Failures.Select(failure =>
                    failure with
                    {
                        Message = LibraryWords.Translate(failure.Message),
                    }
                ),
            ],
        };

    private static void Write(IAnsiConsole console, IReadOnlyList<LimitLine> lines, string accuracy)
    {
        Table table = FittedTable.Of(["network"], ["limit", "latency", accuracy]);
        foreach (LimitLine line in lines)
        {
            table.AddRow(
                Markup.Escape(line.Run),
                $"{MillisecondText.Short(line.LimitMs)} ms",
                $"{MillisecondText.Of(line.LatencyMs)} ms ({MillisecondText.ShareOf(line.LatencyMs, line.LimitMs)})",
                line.Top1 is { } top1 ? Facts.Percent(top1) : ""
            );
        }

        console.WriteFitted(table, "limit");
    }
}
