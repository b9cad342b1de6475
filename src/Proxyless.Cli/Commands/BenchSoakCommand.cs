using System.CommandLine;
using Proxyless.Bench;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;

namespace Proxyless.Cli.Commands;

/// <summary>Whether memory stays constant over thousands of steps.</summary>
internal sealed class BenchSoakCommand : ReportingCommand
{
    private static readonly BenchOptions Defaults = new()
    {
        Space = "tiny",
        Batch = 16,
        Steps = 5000,
    };

    private readonly StepOptionSet _steps = new("Number of steps (5000)", Defaults);
    private readonly Option<long?> _cycle = Values.Integer(
        "--cycle",
        "Number of paths in the cycle that the steps repeat (20)",
        1,
        1000
    );

    public BenchSoakCommand()
        : base(
            "soak",
            "Resident memory over thousands of search steps that repeat a cycle of paths: it stays constant unless "
                + "something leaks.",
            "proxyless bench soak --steps 5000"
        )
    {
        Add([.. _steps.Options, _cycle]);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        SoakBenchResult result = SoakBench.Measure(
            _steps.Read(parse, Defaults),
            (int)(parse.GetValue(_cycle) ?? 20),
            session.Observer,
            session.Cancellation
        );
        return new CommandOutcome(
            result,
            console =>
                console.WriteFacts(
                    ("steps", $"{result.Steps:N0}, a cycle of {result.Cycle} paths"),
                    (
                        "resident memory",
                        $"{result.FirstMb:F1} MB from step {result.FirstStep:N0} on, {result.LastMb:F1} MB at the "
                            + $"end, {result.MostMb:F1} MB at most"
                    ),
                    ("growth", $"{100 * result.Growth:F2} %"),
                    ("managed objects", $"{result.FirstManagedMb:F2} MB, {result.LastManagedMb:F2} MB")
                )
        );
    }
}
