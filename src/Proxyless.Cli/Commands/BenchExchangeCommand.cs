using System.CommandLine;
using Proxyless.Architectures;
using Proxyless.Bench;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Distributed;
using Spectre.Console;
using static System.FormattableString;

namespace Proxyless.Cli.Commands;

/// <summary>What sharing a step among processes costs.</summary>
internal sealed class BenchExchangeCommand : ReportingCommand
{
    private const int Classes = 1000;
    private const double BytesPerMegabyte = 1e6;

    private readonly SpaceOptions _space = new();
    private readonly Option<long?> _batch = Values.Integer("--batch", "Images per step of each process (32)", 2, 4096);
    private readonly Option<long?> _steps = Values.Integer("--steps", "Pairs of steps to time (20)", 6, 1000);

    public BenchExchangeCommand()
        : base(
            "exchange",
            "What sharing a step among processes costs: steps alone and shared in turn, in all processes at once. "
                + "Start it with mpirun; one process alone shows what differs by chance.",
            "proxyless bench exchange --space imagenet-mobile --resolution 112"
        )
    {
        Require(_space.Space);
        Add([_space.Resolution, _batch, _steps]);
    }

    public override bool RunsInEveryProcess => true;

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        SearchSpace space = _space.Open(parse);
        IReadOnlyList<ExchangeBenchResult> results = ExchangeBench.Measure(
            ProcessGroup.Current,
            space,
            Classes,
            (int)(parse.GetValue(_batch) ?? 32),
            (int)(parse.GetValue(_steps) ?? 20),
            session.Observer
        );
        return new CommandOutcome(results, console => Write(console, results));
    }

    private static void Write(IAnsiConsole console, IReadOnlyList<ExchangeBenchResult> results)
    {
        Table table = FittedTable.Of(["step"], ["alone", "shared", "ratio", "95 %", "exchange", "of"]);
        foreach (ExchangeBenchResult result in results)
        {
            table.AddRow(
                result.Step,
                Invariant($"{result.AloneMs:0.0} ms"),
                Invariant($"{result.SharedMs:0.0} ms"),
                Invariant($"{result.Ratio:0.000}"),
                Invariant($"{result.RatioInterval[0]:0.000} to {result.RatioInterval[1]:0.000}"),
                Invariant($"{result.ExchangeMs:0.00} ms"),
                Invariant($"{result.ExchangeBytes / BytesPerMegabyte:0.###} MB")
            );
        }

        console.WriteFitted(table);
    }
}
