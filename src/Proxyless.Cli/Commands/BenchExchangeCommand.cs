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
    private readonly Option<long?> _steps = Values.Integer("--steps", "Steps of each sort to time (20)", 6, 1000);
    private readonly LinkOptions _link = new(
        "Simulate a link of this bandwidth between the processes",
        "what there is"
    );

    public BenchExchangeCommand()
        : base(
            "exchange",
            "What sharing a step among processes costs: steps alone, with the exchange at the end, and with the "
                + "exchange beside the backward pass, in turn, in all processes at once. Start it with mpirun; one "
                + "process alone shows what differs by chance.",
            "proxyless bench exchange --space imagenet-mobile --resolution 112"
        )
    {
        Require(_space.Space);
        Add([_space.Resolution, _batch, _steps, .. _link.Options]);
    }

    public override bool RunsInEveryProcess => true;

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        SearchSpace space = _space.Open(parse);
        Bench.Link? link = _link.Given(parse);
        if (link is not null && ProcessGroup.Current.Size == 1)
        {
            throw new InvalidInputException(
                "one process alone exchanges nothing over a link: start several with 'mpirun -n 2 proxyless bench "
                    + "exchange …', or leave --gbit out"
            );
        }

        IReadOnlyList<ExchangeBenchResult> results = ExchangeBench.Measure(
            ProcessGroup.Current,
            space,
            Classes,
            (int)(parse.GetValue(_batch) ?? 32),
            (int)(parse.GetValue(_steps) ?? 20),
            link,
            session.Observer
        );
        return new CommandOutcome(new { Rows = results }, console => Write(console, results));
    }

    private static void Write(IAnsiConsole console, IReadOnlyList<ExchangeBenchResult> results)
    {
        Table table = FittedTable.Of(["step"], ["alone", "at the end", "ratio", "beside", "ratio", "exchange", "of"]);
        foreach (ExchangeBenchResult result in results)
        {
            table.AddRow(
                result.Step,
                Invariant($"{result.AloneMs:0.0} ms"),
                Invariant($"{result.Shared.Ms:0.0} ms"),
                Ratio(result.Shared),
                Invariant($"{result.Overlapped.Ms:0.0} ms"),
                Ratio(result.Overlapped),
                Invariant($"{result.ExchangeMs:0.00} ms"),
                Invariant($"{result.ExchangeBytes / BytesPerMegabyte:0.###} MB")
            );
        }

        console.WriteFitted(table);
    }

    private static string Ratio(SharedStepTime time) =>
        Invariant($"{time.Ratio:0.00} ({time.RatioInterval[0]:0.00} to {time.RatioInterval[1]:0.00})");
}
