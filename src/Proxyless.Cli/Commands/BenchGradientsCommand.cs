using System.CommandLine;
using Proxyless.Bench;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Search;
using Spectre.Console;

namespace Proxyless.Cli.Commands;

/// <summary>Gradients of architecture parameters against measured losses.</summary>
internal sealed class BenchGradientsCommand : ReportingCommand
{
    private static readonly IReadOnlyDictionary<string, ArchitectureUpdate> Updates =
        Values.Words<ArchitectureUpdate>();

    private readonly Option<string?> _run = Values.Text(
        "--run",
        "DIR",
        "A finished search with --prune-threshold 0; preferably with uniformly drawn paths (--warmup-share 0.98)"
    );
    private readonly Option<long?> _contexts = Values.Integer(
        "--contexts",
        "Architectures in which every candidate is put in its block (40)",
        2,
        100_000
    );
    private readonly Option<long?> _steps = Values.Integer("--steps", "Steps of each update (400)", 1, 1_000_000);

    public BenchGradientsCommand()
        : base(
            "gradients",
            "How well the gradients of the updates agree with measured differences of the loss, with the "
                + "shared weights of a search.",
            "proxyless bench gradients --run runs/even"
        )
    {
        Require(_run);
        Add([_contexts, _steps]);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        GradientBenchResult result = GradientBench.Measure(
            parse.GetValue(_run)!,
            (int?)parse.GetValue(_contexts) ?? 40,
            (int?)parse.GetValue(_steps) ?? 400,
            session.Observer,
            session.Cancellation
        );
        return new CommandOutcome(result, console => WriteTable(console, result));
    }

    private static void WriteTable(IAnsiConsole console, GradientBenchResult result)
    {
        Table table = FittedTable.Of(["gradient"], ["ms a step", "correlation", .. result.LossByOperation.Keys]);
        table.AddRow([
            "measured",
            "",
            $"{result.ReferenceCorrelation:F2}",
            .. result.LossByOperation.Values.Select(change => $"{change:F4}"),
        ]);
        foreach (GradientBenchRow row in result.Rows)
        {
            table.AddRow([
                Updates.First(word => word.Value == row.Update).Key,
                $"{row.MillisecondsPerStep:F0}",
                $"{row.Correlation:F2}",
                .. row.LossByOperation.Values.Select(change => $"{change:F4}"),
            ]);
        }

        console.WriteFitted(table);
        console.WriteLine(
            "correlation: with the measured differences, and of one half of them with the other; by operation: "
                + "change of the loss, mean of the blocks"
        );
    }
}
